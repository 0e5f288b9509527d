import { parseIPv6, readUint16, writeUint16, writeUint32 } from '@6bed4/codec';
import { buildIcmpError, upperLayerChecksum, verifyUpperLayerChecksum } from '@6bed4/nd';

export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;
export const SCTP = 132;
/** SCTP in UDP (RFC 6951); not a protocol number. */
export const SCTP_IN_UDP = 1132;

/** Of headers without payload; the checksum behind, at an offset from their start. */
const HEADERS: Readonly<Record<number, { readonly length: number; readonly field: number }>> = {
  [TCP]: { length: 20, field: 16 },
  [UDP]: { length: 8, field: 6 },
  [ICMPV6]: { length: 8, field: 2 },
};
const SCTP_PORT = 9899;
const SCTP_HEADER = 12;
const SCTP_CHECKSUM = 8;

export interface Flow {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly payload?: Uint8Array;
}

/** A packet with the right checksum. Of ICMPv6, an echo request. */
export function transport(flow: Flow): Uint8Array {
  const { protocol, payload = Uint8Array.of(1, 2, 3, 4, 5) } = flow;
  const upper =
    protocol === SCTP
      ? sctpOf(flow, payload)
      : protocol === SCTP_IN_UDP
        ? udpAround(sctpOf(flow, payload))
        : headerOf(flow, payload);
  const packet = ipv6(protocol === SCTP_IN_UDP ? UDP : protocol, flow, upper);
  if (protocol !== SCTP) writeChecksum(packet);
  return packet;
}

/** An IPv6 packet around a payload. */
export function ipv6(
  next: number,
  { source, destination }: Pick<Flow, 'source' | 'destination'>,
  payload: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length);
  bytes.set([0x60, 0, 0, 0, 0, 0, next, 64]);
  writeUint16(bytes, 4, payload.length);
  bytes.set(parseIPv6(source), 8);
  bytes.set(parseIPv6(destination), 24);
  bytes.set(payload, 40);
  return bytes;
}

function ports(into: Uint8Array, { sourcePort = 1000, destinationPort = 22 }: Flow): Uint8Array {
  writeUint16(into, 0, sourcePort);
  writeUint16(into, 2, destinationPort);
  return into;
}

function headerOf(flow: Flow, payload: Uint8Array): Uint8Array {
  const { length } = HEADERS[flow.protocol]!;
  const upper = new Uint8Array(length + payload.length);
  upper.set(payload, length);
  if (flow.protocol === ICMPV6) {
    upper.set([128, 0, 0, 0, 0, 7, 0, 1]);
    return upper;
  }
  ports(upper, flow);
  if (flow.protocol === TCP) upper.set([0x50, 0x10, 0xff, 0xff], 12);
  else writeUint16(upper, 4, upper.length);
  return upper;
}

function sctpOf(flow: Flow, payload: Uint8Array): Uint8Array {
  const upper = ports(new Uint8Array(SCTP_HEADER + payload.length), flow);
  writeUint32(upper, 4, 0xcafe_f00d);
  upper.set(payload, SCTP_HEADER);
  writeCrc(upper);
  return upper;
}

function udpAround(sctp: Uint8Array): Uint8Array {
  const upper = new Uint8Array(8 + sctp.length);
  writeUint16(upper, 0, SCTP_PORT);
  writeUint16(upper, 2, SCTP_PORT);
  writeUint16(upper, 4, upper.length);
  upper.set(sctp, 8);
  return upper;
}

function writeChecksum(packet: Uint8Array): void {
  const next = packet[6]!;
  const { field } = HEADERS[next]!;
  const checksum = upperLayerChecksum(packet, 0, packet.length, next, field);
  writeUint16(packet, 40 + field, checksum === 0 && next === UDP ? 0xffff : checksum);
}

function writeCrc(sctp: Uint8Array): void {
  new DataView(sctp.buffer, sctp.byteOffset).setUint32(SCTP_CHECKSUM, crcOf(sctp), true);
}

/** The CRC32c of an SCTP packet, its own field as zero, bit by bit (RFC 9260, appendix A). */
function crcOf(sctp: Uint8Array): number {
  const bytes = sctp.slice();
  bytes.fill(0, SCTP_CHECKSUM, SCTP_HEADER);
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
}

/** Whether all checksums of a packet without extension headers are right. */
export function isIntact(packet: Uint8Array): boolean {
  const next = packet[6]!;
  const upper = packet.subarray(40);
  if (next === SCTP) return hasCrc(upper);
  if (!verifyUpperLayerChecksum(packet, 0, packet.length, next)) return false;
  return next !== UDP || !isSctpInUdp(upper) || hasCrc(upper.subarray(8));
}

function isSctpInUdp(udp: Uint8Array): boolean {
  return readUint16(udp, 0) === SCTP_PORT && readUint16(udp, 2) === SCTP_PORT;
}

function hasCrc(sctp: Uint8Array): boolean {
  const view = new DataView(sctp.buffer, sctp.byteOffset);
  return view.getUint32(SCTP_CHECKSUM, true) === crcOf(sctp);
}

/** The same packet in the other direction: its receiver's. Its checksum over the addresses stays what it was. */
export function mirrored(packet: Uint8Array): Uint8Array {
  const other = packet.slice();
  other.set(packet.subarray(24, 40), 8);
  other.set(packet.subarray(8, 24), 24);
  const next = packet[6]!;
  if (next === ICMPV6) return other;
  const isInUdp = next === UDP && isSctpInUdp(packet.subarray(40));
  const at = isInUdp ? 48 : 40;
  other.set(packet.subarray(at, at + 2), at + 2);
  other.set(packet.subarray(at + 2, at + 4), at);
  if (next !== SCTP && !isInUdp) return other;
  writeCrc(other.subarray(at));
  if (isInUdp) writeChecksum(other);
  return other;
}

/** Fragments of a packet, cut at an offset of its payload that is a multiple of 8. */
export function fragments(packet: Uint8Array, cut: number, id = 0x1234_5678): Uint8Array[] {
  const payload = packet.subarray(40);
  return [
    [0, cut],
    [cut, payload.length],
  ].map(([start, end]) => {
    const bytes = new Uint8Array(48 + end! - start!);
    bytes.set(packet.subarray(0, 40));
    writeUint16(bytes, 4, bytes.length - 40);
    bytes[6] = 44;
    bytes[40] = packet[6]!;
    writeUint16(bytes, 42, start! | (end! < payload.length ? 1 : 0));
    writeUint32(bytes, 44, id);
    bytes.set(payload.subarray(start, end), 48);
    return bytes;
  });
}

/** The packet of which these are the fragments, in order. */
export function reassembled([first, second]: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(first!.length + second!.length - 56);
  bytes.set(first!.subarray(0, 40));
  bytes.set(first!.subarray(48), 40);
  bytes.set(second!.subarray(48), first!.length - 8);
  writeUint16(bytes, 4, bytes.length - 40);
  bytes[6] = first![40]!;
  return bytes;
}

/** Port Unreachable about a packet, of which so many bytes are quoted. */
export function unreachable(
  source: string,
  destination: string,
  packet: Uint8Array,
  quoted = packet.length,
): Uint8Array {
  return buildIcmpError({
    type: 'destination-unreachable',
    code: 4,
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    invoking: packet.slice(0, quoted),
  });
}
