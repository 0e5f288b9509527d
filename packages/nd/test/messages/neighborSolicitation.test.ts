import { address, hex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import {
  buildNd,
  type NeighborSolicitation,
  neighborSolicitationView,
  type ParseResult,
  parseNd,
} from '../../src/index.js';
import { writeNd } from '../../src/messages/nd.js';
import { neighborSolicitation } from '../support/arbitraries.js';
import { describeMessage } from '../support/messageTests.js';
import { fixChecksum } from '../support/oracle.js';

const golden = hex(`
  60000000 0028 3a ff
  fc640bedc6336401c4336402d25a8001
  fc640bedc6336401c4336403d66a8001
  87 00 932f 00000000
  fc640bedc6336401c4336403d66a8001
  01 01 5ad2c6336402
  0e 01 6e6f6e636521
`);

const message: NeighborSolicitation = {
  type: 'neighbor-solicitation',
  source: address('fc64:bed:c633:6401:c433:6402:d25a:8001'),
  destination: address('fc64:bed:c633:6401:c433:6403:d66a:8001'),
  target: address('fc64:bed:c633:6401:c433:6403:d66a:8001'),
  options: [
    { type: 'source-link-layer', address: hex('5ad2c6336402') },
    { type: 'nonce', nonce: hex('6e6f6e636521') },
  ],
};

describeMessage('a Neighbor Solicitation', {
  golden,
  message,
  parse: (bytes, offset, length) =>
    parseNd(bytes, offset, length) as ParseResult<NeighborSolicitation>,
  build: buildNd,
  write: writeNd,
  arbitrary: neighborSolicitation,
});

describe('the view of a Neighbor Solicitation', () => {
  test('finds its parts', () => {
    const target = neighborSolicitationView.targetOffset(0);
    expect(golden.subarray(target, target + 16)).toEqual(message.target);
    expect(golden[neighborSolicitationView.optionsOffset(0)]).toBe(1);
  });
});

describe('RFC 4861 §7.1.1: a Neighbor Solicitation is refused', () => {
  const section = 'RFC 4861 §7.1.1';
  const changed = (change: (packet: Uint8Array) => void): Uint8Array => {
    const packet = golden.slice();
    change(packet);
    return fixChecksum(packet);
  };
  const fromNobody = (destination: string) => (packet: Uint8Array) => {
    packet.fill(0, 8, 24);
    packet.set(address(destination), 24);
  };

  test.each([
    [
      'whose hop limit is not 255',
      changed((packet) => packet.fill(254, 7, 8)),
      { code: 'bad-hop-limit', offset: 7, section },
    ],
    [
      'whose code is not 0',
      changed((packet) => packet.fill(1, 41, 42)),
      { code: 'bad-code', offset: 41, section },
    ],
    [
      'whose target is multicast',
      changed((packet) => packet.set(address('ff02::1'), 48)),
      { code: 'bad-target', offset: 48, section },
    ],
    [
      'with an option of length zero',
      changed((packet) => packet.fill(0, 65, 66)),
      { code: 'bad-option-length', offset: 64, section: 'RFC 4861 §4.6' },
    ],
    [
      'from :: to something else than a solicited-node address',
      changed(fromNobody('ff02::1')),
      { code: 'bad-destination', offset: 24, section },
    ],
    [
      'from :: with a source link-layer option',
      changed(fromNobody('ff02::1:ff6a:8001')),
      { code: 'forbidden-option', offset: 64, section },
    ],
    [
      'from :: with that option behind another',
      changed((packet) => {
        fromNobody('ff02::1:ff6a:8001')(packet);
        packet[64] = 14;
        packet[72] = 1;
      }),
      { code: 'forbidden-option', offset: 72, section },
    ],
  ])('%s', (_, packet, error) => {
    expect(parseNd(packet, 0, packet.length)).toEqual({ ok: false, error });
  });

  test('whose checksum is wrong', () => {
    const packet = golden.slice();
    packet[63]! ^= 1;
    expect(parseNd(packet, 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'bad-checksum', offset: 42, section },
    });
  });

  test('shorter than 24 bytes', () => {
    const packet = golden.slice(0, 63);
    packet[5] = 23;
    expect(parseNd(fixChecksum(packet), 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'too-short', offset: 63, section },
    });
  });

  test('not from :: to a solicited-node address without that option', () => {
    const packet = changed((packet) => {
      fromNobody('ff02::1:ff6a:8001')(packet);
      packet[64] = 14;
    });
    expect(parseNd(packet, 0, packet.length).ok).toBe(true);
  });

  test('from :: with that option even when solicitations of routers are forgiven theirs', () => {
    const packet = changed(fromNobody('ff02::1:ff6a:8001'));
    expect(parseNd(packet, 0, packet.length, { lenientSolicitation: true }).ok).toBe(false);
  });
});
