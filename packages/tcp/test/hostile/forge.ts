import { writeUint16, writeUint32 } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  TCP_ACKNOWLEDGMENT_OFFSET,
  TCP_CHECKSUM_OFFSET,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_SEQUENCE_OFFSET,
  TCP_URGENT_POINTER_OFFSET,
  TCP_WINDOW_OFFSET,
  upperLayerChecksum,
} from '@6bed4/nd';
import type { Random } from '@6bed4/testing/random';
import type { TcpEndpoint } from '../../src/index.js';

/** A segment as somebody makes it who keeps to no rule. */
export interface Forged {
  readonly from: TcpEndpoint;
  readonly to: TcpEndpoint;
  readonly flags: number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly window?: number;
  /** A multiple of 4 bytes, at most 40. */
  readonly options?: Uint8Array;
  readonly data?: Uint8Array;
}

const NOTHING = new Uint8Array(0);
const HOPS = 64;

/** The packet of a segment, with the right checksum. */
export function forge(segment: Forged): Uint8Array {
  const { from, to, flags, options = NOTHING, data = NOTHING } = segment;
  const tcp = IPV6_HEADER_LENGTH;
  const header = TCP_HEADER_LENGTH + options.length;
  const packet = new Uint8Array(tcp + header + data.length);
  packet[0] = 0x60;
  packet[NEXT_HEADER_OFFSET] = NEXT_HEADER_TCP;
  packet[HOP_LIMIT_OFFSET] = HOPS;
  writeUint16(packet, PAYLOAD_LENGTH_OFFSET, header + data.length);
  packet.set(from.address, SOURCE_OFFSET);
  packet.set(to.address, DESTINATION_OFFSET);
  writeUint16(packet, tcp, from.port);
  writeUint16(packet, tcp + 2, to.port);
  writeUint32(packet, tcp + TCP_SEQUENCE_OFFSET, segment.sequence ?? 0);
  writeUint32(packet, tcp + TCP_ACKNOWLEDGMENT_OFFSET, segment.acknowledgment ?? 0);
  packet[tcp + TCP_DATA_OFFSET_OFFSET] = (header >> 2) << 4;
  packet[tcp + TCP_FLAGS_OFFSET] = flags;
  writeUint16(packet, tcp + TCP_WINDOW_OFFSET, segment.window ?? 0xffff);
  writeUint16(packet, tcp + TCP_URGENT_POINTER_OFFSET, 0);
  packet.set(options, tcp + TCP_HEADER_LENGTH);
  packet.set(data, tcp + header);
  return sealed(packet);
}

/** Corrects the checksum of a packet in place. */
export function sealed(packet: Uint8Array): Uint8Array {
  const at = TCP_CHECKSUM_OFFSET;
  const sum = upperLayerChecksum(packet, 0, packet.length, NEXT_HEADER_TCP, at);
  writeUint16(packet, IPV6_HEADER_LENGTH + at, sum);
  return packet;
}

/** So many random bytes. */
export function noise(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.next());
}

/** The timestamps option, padded. */
export function timestampOption(value: number, echo: number): Uint8Array {
  const bytes = Uint8Array.of(1, 1, 8, 10, ...new Uint8Array(8));
  writeUint32(bytes, 4, value);
  writeUint32(bytes, 8, echo);
  return bytes;
}

/** The SACK option with blocks of these edges, left and right by turns, padded. */
export function sackOption(edges: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * edges.length);
  bytes.set([1, 1, 5, 2 + 4 * edges.length]);
  edges.forEach((edge, index) => {
    writeUint32(bytes, 4 + 4 * index, edge);
  });
  return bytes;
}

/** Options that may be anything: known ones with any values, of any length, cut anywhere. */
export function anyOptions(random: Random): Uint8Array {
  const bytes: number[] = [];
  const room = 4 * random.below(11);
  while (bytes.length < room) {
    const kind = [0, 1, 2, 3, 4, 5, 8, 8, 19, 28, 30, 254, random.below(256)][random.below(13)]!;
    const usual = [1, 1, 4, 3, 2, 10 + 8 * random.below(4), 0, 0, 10][kind] ?? random.below(40);
    bytes.push(kind, random.below(8) === 0 ? random.below(256) : usual);
    for (let index = 2; index < usual; index++) bytes.push(random.below(256));
  }
  return Uint8Array.from(bytes.slice(0, room));
}
