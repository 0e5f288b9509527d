import { type AddressLayout, readUint16, type UdpEndpoint, writeUint16 } from '@6bed4/codec';
import {
  DCCP_CHECKSUM_OFFSET,
  fold,
  ICMPV6_CHECKSUM_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_DCCP,
  NEXT_HEADER_DESTINATION_OPTIONS,
  NEXT_HEADER_FRAGMENT,
  NEXT_HEADER_HOP_BY_HOP,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_NONE,
  NEXT_HEADER_ROUTING,
  NEXT_HEADER_SCTP,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  NEXT_HEADER_UDP_LITE,
  nextHeader,
  SOURCE_OFFSET,
  TCP_CHECKSUM_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_LITE_CHECKSUM_OFFSET,
} from '@6bed4/nd';

const LOWER_HALF = SOURCE_OFFSET + 8;
const SOURCE_END = SOURCE_OFFSET + 16;
const HEADER_UNIT = 8;
/** Upper layers whose checksum covers the addresses, besides those that others here know too. */
const NEXT_HEADER_OSPF = 89;
const NEXT_HEADER_PIM = 103;
const NEXT_HEADER_MOBILITY = 135;
const NEXT_HEADER_HIP = 139;
const NO_CHECKSUM = -1;

/**
 * Offset of the checksum over the addresses, by upper layer; -1 for none. Others may have one that nobody
 * here knows, or protect the addresses in another way.
 */
const CHECKSUM_OFFSETS: Readonly<Record<number, number>> = {
  [NEXT_HEADER_TCP]: TCP_CHECKSUM_OFFSET,
  [NEXT_HEADER_UDP]: UDP_CHECKSUM_OFFSET,
  [NEXT_HEADER_DCCP]: DCCP_CHECKSUM_OFFSET,
  [NEXT_HEADER_ICMPV6]: ICMPV6_CHECKSUM_OFFSET,
  [NEXT_HEADER_NONE]: NO_CHECKSUM,
  // RFC 5340 §A.3.1
  [NEXT_HEADER_OSPF]: 12,
  // RFC 7761 §4.9
  [NEXT_HEADER_PIM]: 2,
  // RFC 9260 §6.8: a CRC over the packet alone.
  [NEXT_HEADER_SCTP]: NO_CHECKSUM,
  // RFC 6275 §6.1.1
  [NEXT_HEADER_MOBILITY]: 4,
  [NEXT_HEADER_UDP_LITE]: UDP_LITE_CHECKSUM_OFFSET,
  // RFC 7401 §5.1
  [NEXT_HEADER_HIP]: 4,
};
const NONE = 0;
/** The other form of a checksum of zero. */
const NEGATIVE_ZERO = 0xffff;

/**
 * Writes another endpoint into the source of a packet, keeping lanip and /64, and updates
 * the checksum of the upper layer (draft-04 §7.8). All fragments of a packet must keep the same source: what
 * decides is in each of them, the headers up to the fragment header and the next header in it. So nothing
 * is adapted where an extension header follows that, or the upper layer is unknown. (A first fragment that
 * ends before its checksum is not adapted either; nobody accepts that, RFC 7112 §5.)
 *
 * @returns false, with nothing changed, where the packet cannot be adapted
 */
export function adaptSource(
  layout: AddressLayout,
  bytes: Uint8Array,
  offset: number,
  length: number,
  endpoint: Readonly<UdpEndpoint>,
): boolean {
  const end = offset + length;
  let next = nextHeader(bytes, offset);
  let at = offset + IPV6_HEADER_LENGTH;
  while (
    next === NEXT_HEADER_HOP_BY_HOP ||
    next === NEXT_HEADER_ROUTING ||
    next === NEXT_HEADER_DESTINATION_OPTIONS
  ) {
    if (at + HEADER_UNIT > end) return false;
    next = bytes[at]!;
    at += (bytes[at + 1]! + 1) * HEADER_UNIT;
  }
  let isFirst = true;
  if (next === NEXT_HEADER_FRAGMENT) {
    if (at + HEADER_UNIT > end) return false;
    // The three low bits are not part of the offset (RFC 8200 §4.5).
    isFirst = readUint16(bytes, at + 2) < HEADER_UNIT;
    next = bytes[at]!;
    at += HEADER_UNIT;
  }
  const field = CHECKSUM_OFFSETS[next];
  if (field === undefined) return false;
  const checksumAt = isFirst && field !== NO_CHECKSUM ? at + field : NONE;
  if (checksumAt + 2 > end) return false;
  const change = writeSource(layout, bytes, offset, endpoint);
  if (checksumAt === NONE) return true;
  const checksum = readUint16(bytes, checksumAt);
  const isUdp = next === NEXT_HEADER_UDP;
  // In UDP, zero says that there is none (RFC 6935 §5).
  if (isUdp && checksum === 0) return true;
  // RFC 1624 §3, equation 3.
  const updated = ~fold((~checksum & 0xffff) + change) & 0xffff;
  const isNeverZero = isUdp || next === NEXT_HEADER_UDP_LITE;
  writeUint16(bytes, checksumAt, updated === 0 && isNeverZero ? NEGATIVE_ZERO : updated);
  return true;
}

/** Writes the endpoint, and returns what a ones-complement sum over the source grows by. */
function writeSource(
  layout: AddressLayout,
  bytes: Uint8Array,
  offset: number,
  { address, port }: Readonly<UdpEndpoint>,
): number {
  const source = offset + SOURCE_OFFSET;
  const end = offset + SOURCE_END;
  let change = 0;
  for (let at = offset + LOWER_HALF; at < end; at += 2) change += 0xffff - readUint16(bytes, at);
  layout.writeUnchecked(bytes, source, address, port, layout.readLanip(bytes, source));
  for (let at = offset + LOWER_HALF; at < end; at += 2) change += readUint16(bytes, at);
  return change;
}
