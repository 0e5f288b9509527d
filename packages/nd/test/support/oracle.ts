import { IPV6_HEADER_LENGTH } from '../../src/index.js';

/** RFC 1071 word by word, carrying at each step. */
export function slowSum(bytes: readonly number[]): number {
  const padded = bytes.length % 2 === 0 ? bytes : [...bytes, 0];
  let sum = 0;
  for (let at = 0; at < padded.length; at += 2) {
    sum += padded[at]! * 256 + padded[at + 1]!;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/**
 * The checksum of an upper-layer packet as RFC 8200 §8.1 draws it: a pseudo-header that is really
 * built, then the message with its field zeroed.
 */
export function slowChecksum(packet: Uint8Array, nextHeader: number, field: number): number {
  const message = Array.from(packet.subarray(IPV6_HEADER_LENGTH));
  message[field] = 0;
  message[field + 1] = 0;
  const length = message.length;
  const pseudoHeader = [
    ...packet.subarray(8, 40),
    (length >>> 24) & 0xff,
    (length >>> 16) & 0xff,
    (length >>> 8) & 0xff,
    length & 0xff,
    0,
    0,
    0,
    nextHeader,
  ];
  return 0xffff - slowSum([...pseudoHeader, ...message]);
}

/** Gives a changed ICMPv6 packet its right checksum again. */
export function fixChecksum(packet: Uint8Array): Uint8Array {
  const checksum = slowChecksum(packet, 58, 2);
  packet[42] = checksum >>> 8;
  packet[43] = checksum & 0xff;
  return packet;
}

/** Gives a packet of another length its payload length. */
export function fixLength(packet: Uint8Array): Uint8Array {
  packet[4] = (packet.length - IPV6_HEADER_LENGTH) >>> 8;
  packet[5] = (packet.length - IPV6_HEADER_LENGTH) & 0xff;
  return packet;
}
