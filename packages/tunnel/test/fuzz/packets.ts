import { dialectNames, profileOf, UdpEndpoint } from '@6bed4/codec';
import {
  findUpperLayer,
  IPV6_HEADER_LENGTH,
  mayCauseIcmpError,
  parseIcmpError,
  upperLayerChecksum,
} from '@6bed4/nd';
import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { seededRandom } from '@6bed4/testing/random';
import { adaptSource } from '../../src/packet/adaptiveSource.js';
import { IcmpErrors } from '../../src/packet/icmpErrors.js';
import { buildStaticNack } from '../../src/packet/rohc.js';
import { Drop } from '../../src/report/drop.js';
import { ping, udp } from '../support/packets.js';

const MARGIN = 32;
const GUARD = 0xa5;
const UDP = 17;
const LONGEST_ERROR = 1280;
const SOURCE = new Uint8Array(16).fill(0xfc);
const layouts = dialectNames.map((name) => profileOf(name).layout);
const drops = Object.values(Drop);

/** Whether the UDP checksum of a packet is right. */
function isRight(packet: Uint8Array): boolean {
  const upper = findUpperLayer(packet, 0, packet.length);
  if (upper?.nextHeader !== UDP || upper.offset !== IPV6_HEADER_LENGTH) return false;
  if (packet.length < IPV6_HEADER_LENGTH + 8) return false;
  const found = (packet[46]! << 8) | packet[47]!;
  const expected = upperLayerChecksum(packet, 0, packet.length, UDP, 6) || 0xffff;
  return found !== 0 && found === expected;
}

/** What changes packets or answers them without looking at who sent them. */
export const target: FuzzTarget = {
  longest: 400,
  seeds: [
    Uint8Array.of(0, 203, 0, 113, 5, 0x9c, 0x40, ...udp('fc64::1', 'fc64::2', SOURCE)),
    Uint8Array.of(0, 203, 0, 113, 5, 0x9c, 0x40, ...ping('fc64::1', '2001:db8::2')),
    Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0xe1, 0xfd, 1, 2, 3),
    Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0xe0, 0xfc, 0x81, 2, 3),
  ],
  words: [0, 43, 44, 51, 60, 6, 17, 33, 58, 59, 89, 103, 132, 135, 136, 139].map((header) =>
    Uint8Array.of(header, 0, 0, 0, 0, 0, 0, 0),
  ),
  run(input) {
    const reader = new InputReader(input);
    const layout = reader.pick(layouts);
    const endpoint = new UdpEndpoint(reader.word() * 0x1_0000 + reader.word(), reader.word());
    const packet = reader.rest();
    checkRohc(packet);
    if (packet.length < IPV6_HEADER_LENGTH) return;
    packet[0] = 0x60;
    packet.set([(packet.length - IPV6_HEADER_LENGTH) >> 8, packet.length - IPV6_HEADER_LENGTH], 4);
    checkErrors(packet);
    checkAdaptation(packet, (bytes, offset) =>
      adaptSource(layout, bytes, offset, packet.length, endpoint),
    );
  },
};

function checkRohc(packet: Uint8Array): void {
  const around = new Uint8Array(packet.length + 2 * MARGIN).fill(0xe0);
  around.set(packet, MARGIN);
  const answer = buildStaticNack(around, MARGIN, packet.length);
  if (answer === null) return;
  demand(answer.length === 5 || answer.length === 6, `an answer of ${answer.length} bytes`);
  demand(packet.length >= 3, 'an answer to less than an IR packet');
  demand(answer.length - 1 === (answer[0]! & 7), 'the length is in the answer');
}

function checkErrors(packet: Uint8Array): void {
  const errors = new IcmpErrors(seededRandom(1), 2);
  for (const drop of drops) {
    const error = errors.build(drop, SOURCE, packet, 0, packet.length, 0, 0, 0);
    if (error === null || error === 'withheld') continue;
    demand(error.length <= LONGEST_ERROR, `an error of ${error.length} bytes`);
    demand(parseIcmpError(error, 0, error.length).ok, 'an error can be read');
    demand(!mayCauseIcmpError(error, 0, error.length), 'an error causes no other');
  }
}

/** Nothing but the source and a checksum changes, and the checksum stays right or wrong. */
function checkAdaptation(
  packet: Uint8Array,
  adapt: (bytes: Uint8Array, offset: number) => boolean,
): void {
  const around = new Uint8Array(packet.length + 2 * MARGIN).fill(GUARD);
  around.set(packet, MARGIN);
  const adapted = adapt(around, MARGIN);
  const after = around.slice(MARGIN, MARGIN + packet.length);
  const changed = [...after.keys()].filter((at) => after[at] !== packet[at]);
  demand(adapted || changed.length === 0, 'refused, nothing changes');
  const outside = changed.filter((at) => at < 16 || at >= 24);
  demand(outside.length <= 2, 'only the lower half of the source and a checksum change');
  demand(
    outside.every((at) => at >= IPV6_HEADER_LENGTH),
    'the rest of the header stays',
  );
  if (adapted && isRight(packet)) demand(isRight(after), 'a right checksum stays right');
  const edges = [...around.subarray(0, MARGIN), ...around.subarray(MARGIN + packet.length)];
  demand(
    edges.every((byte) => byte === GUARD),
    'nothing is written around the packet',
  );
}
