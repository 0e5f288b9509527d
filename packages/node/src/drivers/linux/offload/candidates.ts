import {
  IPV6_HEADER_LENGTH,
  TCP_ACK,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_PSH,
  TCP_URGENT_POINTER_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_HEADER_LENGTH,
  UDP_LENGTH_OFFSET,
} from '@6bed4/nd';

/** Whether a TCP segment may be coalesced with others by what is in it alone: it has data, and no flag but ACK and PSH. */
export function isTcpCandidate(view: DataView, at: number, length: number): boolean {
  const tcp = at + IPV6_HEADER_LENGTH;
  const dataOffset = view.getUint8(tcp + TCP_DATA_OFFSET_OFFSET);
  const header = (dataOffset >>> 4) * 4;
  return (
    length > IPV6_HEADER_LENGTH + header &&
    header >= TCP_HEADER_LENGTH &&
    (view.getUint8(tcp + TCP_FLAGS_OFFSET) & ~TCP_PSH) === TCP_ACK &&
    // The reserved bits and the ninth flag share a byte with the data offset.
    (dataOffset & 0x0f) === 0 &&
    view.getUint16(tcp + TCP_URGENT_POINTER_OFFSET) === 0
  );
}

/** Whether a UDP datagram may be coalesced with others by what is in it alone: it has data, and a checksum. */
export function isUdpCandidate(view: DataView, at: number, length: number): boolean {
  const udp = at + IPV6_HEADER_LENGTH;
  return (
    length > IPV6_HEADER_LENGTH + UDP_HEADER_LENGTH &&
    view.getUint16(udp + UDP_LENGTH_OFFSET) === length - IPV6_HEADER_LENGTH &&
    view.getUint16(udp + UDP_CHECKSUM_OFFSET) !== 0
  );
}
