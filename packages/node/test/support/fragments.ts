import { parseIPv6, readUint16, writeUint16 } from '@6bed4/codec';
import { NEXT_HEADER_FRAGMENT, NEXT_HEADER_OFFSET, PAYLOAD_LENGTH_OFFSET } from '@6bed4/nd';
import { writeFragmentHeader } from '../../src/socket/fragments/fragmentHeader.js';

const IPV6 = 40;
const HEADERS = IPV6 + 8;

/** One fragment of a packet without extension headers. */
export interface Piece {
  /** In bytes from the end of the IPv6 header. */
  readonly start: number;
  readonly end: number;
  /** Default: whether it is not the end of the packet. */
  readonly hasMore?: boolean;
}

/** Builds one fragment of a packet, with whatever offsets. */
export function fragmentOf(
  packet: Uint8Array,
  { start, end, hasMore = end < packet.length - IPV6 }: Piece,
  identification = 1,
): Uint8Array {
  const out = new Uint8Array(HEADERS + end - start);
  out.set(packet.subarray(0, IPV6));
  out.set(packet.subarray(IPV6 + start, IPV6 + end), HEADERS);
  writeUint16(out, PAYLOAD_LENGTH_OFFSET, out.length - IPV6);
  out[NEXT_HEADER_OFFSET] = NEXT_HEADER_FRAGMENT;
  writeFragmentHeader(out, IPV6, packet[NEXT_HEADER_OFFSET]!, start, hasMore, identification);
  return out;
}

/** Splits a packet at these offsets from the end of its IPv6 header. */
export function fragmentsOf(
  packet: Uint8Array,
  cuts: readonly number[],
  identification = 1,
): Uint8Array[] {
  const inside = [...new Set(cuts)].filter((cut) => cut > 0 && cut < packet.length - IPV6);
  const edges = [0, ...inside.sort((a, b) => a - b), packet.length - IPV6];
  return edges
    .slice(1)
    .map((end, index) => fragmentOf(packet, { start: edges[index]!, end }, identification));
}

/** Inserts destination options of 8 bytes in front of what follows the IPv6 header. */
export function withOptions(packet: Uint8Array): Uint8Array {
  const out = new Uint8Array(packet.length + 8);
  out.set(packet.subarray(0, IPV6));
  out.set([packet[NEXT_HEADER_OFFSET]!, 0, 1, 4, 0, 0, 0, 0], IPV6);
  out.set(packet.subarray(IPV6), HEADERS);
  out[NEXT_HEADER_OFFSET] = 60;
  writeUint16(out, PAYLOAD_LENGTH_OFFSET, readUint16(packet, PAYLOAD_LENGTH_OFFSET) + 8);
  return out;
}

/** An address that differs by number. */
export function numbered(number: number): Uint8Array {
  return parseIPv6(`2001:db8::${number.toString(16)}`);
}
