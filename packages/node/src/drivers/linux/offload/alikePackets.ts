import {
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  TCP_ACKNOWLEDGMENT_OFFSET,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_PSH,
  TCP_RST,
  TCP_SEQUENCE_OFFSET,
  TCP_SYN,
  TCP_URGENT_POINTER_OFFSET,
  TCP_WINDOW_OFFSET,
  UDP_HEADER_LENGTH,
} from '@6bed4/nd';

const UPPER = IPV6_HEADER_LENGTH;
const IPV6_VERSION = 6;

/** Whether a packet may be in a run: its payload length fits, and behind the IPv6 header is UDP or usual TCP. */
export function isSuitable(view: DataView, at: number, length: number): boolean {
  if (length < UPPER + UDP_HEADER_LENGTH) return false;
  if (view.getUint8(at) >>> 4 !== IPV6_VERSION) return false;
  if (view.getUint16(at + PAYLOAD_LENGTH_OFFSET) !== length - IPV6_HEADER_LENGTH) return false;
  const protocol = view.getUint8(at + NEXT_HEADER_OFFSET);
  if (protocol === NEXT_HEADER_UDP) return true;
  return (
    protocol === NEXT_HEADER_TCP &&
    length >= UPPER + TCP_HEADER_LENGTH &&
    (view.getUint8(at + UPPER + TCP_FLAGS_OFFSET) & (TCP_SYN | TCP_RST)) === 0
  );
}

/** Whether two packets have the same IPv6 header but for the payload length, and the same ports. */
export function haveOneHeader(view: DataView, first: number, at: number): boolean {
  if (view.getInt32(at) !== view.getInt32(first)) return false;
  if (view.getUint8(at + NEXT_HEADER_OFFSET) !== view.getUint8(first + NEXT_HEADER_OFFSET)) {
    return false;
  }
  if (view.getUint8(at + HOP_LIMIT_OFFSET) !== view.getUint8(first + HOP_LIMIT_OFFSET)) {
    return false;
  }
  for (let offset = SOURCE_OFFSET; offset <= UPPER; offset += 4) {
    if (view.getInt32(at + offset) !== view.getInt32(first + offset)) return false;
  }
  return true;
}

/** Whether a TCP segment continues an earlier one in every respect. */
export function followsTcp(
  view: DataView,
  last: number,
  at: number,
  size: number,
  length: number,
): boolean {
  const tcp = at + UPPER;
  const other = last + UPPER;
  const headers = (view.getUint8(other + TCP_DATA_OFFSET_OFFSET) >>> 4) * 4;
  if (length <= UPPER + headers) return false;
  const distance = ((at - last) / size) * (size - UPPER - headers);
  const expected = (view.getInt32(other + TCP_SEQUENCE_OFFSET) + distance) | 0;
  const flags = view.getUint8(tcp + TCP_FLAGS_OFFSET) ^ view.getUint8(other + TCP_FLAGS_OFFSET);
  return (
    view.getInt32(tcp + TCP_SEQUENCE_OFFSET) === expected &&
    (flags & ~TCP_PSH) === 0 &&
    view.getInt32(tcp + TCP_ACKNOWLEDGMENT_OFFSET) ===
      view.getInt32(other + TCP_ACKNOWLEDGMENT_OFFSET) &&
    view.getUint8(tcp + TCP_DATA_OFFSET_OFFSET) === view.getUint8(other + TCP_DATA_OFFSET_OFFSET) &&
    view.getUint16(tcp + TCP_WINDOW_OFFSET) === view.getUint16(other + TCP_WINDOW_OFFSET) &&
    view.getUint16(tcp + TCP_URGENT_POINTER_OFFSET) ===
      view.getUint16(other + TCP_URGENT_POINTER_OFFSET) &&
    haveSameOptions(view, tcp, other, headers)
  );
}

function haveSameOptions(view: DataView, tcp: number, other: number, headers: number): boolean {
  for (let offset = TCP_HEADER_LENGTH; offset < headers; offset += 4) {
    if (view.getInt32(tcp + offset) !== view.getInt32(other + offset)) return false;
  }
  return true;
}
