import { buildUdp } from '@6bed4/nd';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { fragmentAt } from '../../../src/socket/fragments/fragmentHeader.js';
import { Reassembler } from '../../../src/socket/fragments/reassembler.js';
import { splitPacket } from '../../../src/socket/fragments/splitPacket.js';
import { PacketBuffer } from '../../../src/socket/udpPacket.js';
import { numbered } from '../../support/fragments.js';

function packetOf(payload: number): Uint8Array {
  return buildUdp({
    source: numbered(1),
    destination: numbered(2),
    sourcePort: 1,
    destinationPort: 2,
    payload: new Uint8Array(payload).map((_, index) => index * 7),
  });
}

function split(packet: Uint8Array, random = () => 0.5): Uint8Array[] {
  const sent: Uint8Array[] = [];
  const out = new PacketBuffer();
  splitPacket(packet, random, out, () => {
    sent.push(out.bytes.slice(0, out.length));
    // As a peer does that counts the hop limit down in place.
    out.bytes[7]!--;
    return null;
  });
  return sent;
}

property.prop([fc.integer({ min: 1233, max: 65_527 })], { numRuns: 30 })(
  'a packet is split into fragments of 1280 bytes and a rest, of which it can be reassembled',
  (payload) => {
    const packet = packetOf(payload);
    const fragments = split(packet);
    expect(fragments.slice(0, -1).every(({ length }) => length === 1280)).toBe(true);
    expect(fragments.at(-1)!.length).toBeLessThanOrEqual(1280);
    expect(fragments.length).toBe(Math.ceil((payload + 8) / 1232));
    const counters = { reassembled: 0, reassemblyFailures: 0 };
    const reassembler = new Reassembler(counters, () => false);
    const taken = fragments.map((one) => reassembler.take(one, 0, one.length, 0));
    expect(Buffer.compare(taken.at(-1) as Uint8Array, packet)).toBe(0);
  },
);

test('all fragments have one identification, which is the random number in 32 bits', () => {
  const identifications = (random: number): number[] =>
    split(packetOf(4000), () => random).map((one) => fragmentAt.identification(one, 40));
  expect(identifications(0)).toEqual([0, 0, 0, 0]);
  expect(identifications(1 - 2 ** -32)).toEqual(new Array(4).fill(0xffff_ffff));
});

test('a failure ends the splitting and is returned', () => {
  let sent = 0;
  const failure = splitPacket(packetOf(4000), Math.random, new PacketBuffer(), () =>
    ++sent === 2 ? 'no' : null,
  );
  expect([failure, sent]).toEqual(['no', 2]);
});
