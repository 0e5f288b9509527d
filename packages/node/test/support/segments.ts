import type { PacketConsumer } from '../../src/drivers/linux/tunInput.js';

/*
 * TCP and UDP packets for tests of offloads, and their segmentation by a network card: written apart from
 * the code under test, byte by byte.
 */

/** Fields of a TCP segment. */
export interface TcpFields {
  readonly sourcePort?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly flags?: number;
  readonly window?: number;
  readonly urgent?: number;
  /** A multiple of four bytes. */
  readonly options?: readonly number[];
  readonly payload: Uint8Array;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  /** Bytes between the IPv6 header and TCP, whose first is the next header. */
  readonly extension?: readonly number[];
}

/** A consumer that takes the packets of a run one by one. */
export function consumerOf(
  packet: (at: number, length: number) => unknown,
  flush: () => unknown,
): PacketConsumer {
  return {
    packet,
    packets: (at, length, size) => {
      for (let done = 0; done < length; done += size) {
        packet(at + done, Math.min(size, length - done));
      }
    },
    flush,
  };
}

export const ACK = 0x10;
export const PSH = 0x08;
export const FIN = 0x01;
export const CWR = 0x80;
const TCP = 6;
const UDP = 17;

const SOURCE = [
  0xfc, 0x64, 0x0b, 0xed, 0xc6, 0x33, 0x64, 1, 0xc4, 0x33, 0x64, 2, 0xe5, 0xc0, 0x80, 1,
];
const DESTINATION = [
  0xfc, 0x64, 0x0b, 0xed, 0xc6, 0x33, 0x64, 1, 0xc4, 0x33, 0x64, 3, 1, 2, 0x80, 1,
];

/** Bytes as text, which is faster to compare. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The sum of 16-bit words as RFC 1071 describes it. */
export function slowSum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let sum = initial;
  for (let at = start; at < end; at += 2) {
    sum += bytes[at]! * 256 + (at + 1 < end ? bytes[at + 1]! : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

function pseudoSum(packet: Uint8Array, upper: number, protocol: number): number {
  return slowSum(packet, 8, 40, (packet.length - upper + protocol) % 0xffff);
}

/** The offset of the TCP or UDP header, and the protocol. */
export function upperOf(packet: Uint8Array): { readonly at: number; readonly protocol: number } {
  const next = packet[6]!;
  if (next === TCP || next === UDP) return { at: 40, protocol: next };
  return { at: 48, protocol: packet[40]! };
}

/** Whether the checksum of TCP or UDP is right. */
export function isChecksumRight(packet: Uint8Array): boolean {
  const { at, protocol } = upperOf(packet);
  return slowSum(packet, at, packet.length, pseudoSum(packet, at, protocol)) % 0xffff === 0;
}

function setUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

function setUint32(bytes: Uint8Array, at: number, value: number): void {
  setUint16(bytes, at, value >>> 16);
  setUint16(bytes, at + 2, value & 0xffff);
}

function complete(packet: Uint8Array, at: number, field: number, protocol: number): Uint8Array {
  setUint16(packet, at + field, 0);
  const sum = slowSum(packet, at, packet.length, pseudoSum(packet, at, protocol)) % 0xffff;
  setUint16(packet, at + field, sum === 0 ? 0xffff : 0xffff - sum);
  return packet;
}

function ipv6(fields: Omit<TcpFields, 'payload'>, protocol: number, upper: Uint8Array): Uint8Array {
  const { trafficClass = 0, flowLabel = 0x12345, hopLimit = 63, extension = [] } = fields;
  const packet = new Uint8Array(40 + extension.length + upper.length);
  setUint32(packet, 0, 0x6000_0000 + trafficClass * 2 ** 20 + flowLabel);
  setUint16(packet, 4, packet.length - 40);
  // A destination options header of eight bytes, all padding.
  packet[6] = extension.length > 0 ? 60 : protocol;
  packet[7] = hopLimit;
  packet.set(SOURCE, 8);
  packet.set(DESTINATION, 24);
  packet.set(extension, 40);
  packet.set(upper, 40 + extension.length);
  return packet;
}

/** A TCP segment with its checksum. */
export function tcpPacket(fields: TcpFields): Uint8Array {
  const { options = [], payload, extension = [] } = fields;
  const tcp = new Uint8Array(20 + options.length + payload.length);
  setUint16(tcp, 0, fields.sourcePort ?? 1000);
  setUint16(tcp, 2, 80);
  setUint32(tcp, 4, (fields.sequence ?? 1) >>> 0);
  setUint32(tcp, 8, fields.acknowledgement ?? 7);
  tcp[12] = ((20 + options.length) / 4) << 4;
  tcp[13] = fields.flags ?? ACK;
  setUint16(tcp, 14, fields.window ?? 500);
  setUint16(tcp, 18, fields.urgent ?? 0);
  tcp.set(options, 20);
  tcp.set(payload, 20 + options.length);
  const packet = ipv6(fields, TCP, tcp);
  return complete(packet, 40 + extension.length, 16, TCP);
}

/** A UDP datagram with its checksum. */
export function udpOverIpv6(fields: Omit<TcpFields, 'options'>): Uint8Array {
  const { payload, extension = [] } = fields;
  const udp = new Uint8Array(8 + payload.length);
  setUint16(udp, 0, fields.sourcePort ?? 1000);
  setUint16(udp, 2, 53);
  setUint16(udp, 4, udp.length);
  udp.set(payload, 8);
  return complete(ipv6(fields, UDP, udp), 40 + extension.length, 6, UDP);
}

/** `struct virtio_net_hdr`, little-endian. */
export interface Virtio {
  readonly flags: number;
  readonly gsoType: number;
  readonly headerLength: number;
  readonly gsoSize: number;
  readonly checksumStart: number;
  readonly checksumOffset: number;
}

export const VIRTIO_LENGTH = 10;
export const NO_VIRTIO: Virtio = {
  flags: 0,
  gsoType: 0,
  headerLength: 0,
  gsoSize: 0,
  checksumStart: 0,
  checksumOffset: 0,
};

export function writeVirtio(virtio: Virtio): Uint8Array {
  const bytes = new Uint8Array(VIRTIO_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, virtio.flags);
  view.setUint8(1, virtio.gsoType);
  view.setUint16(2, virtio.headerLength, true);
  view.setUint16(4, virtio.gsoSize, true);
  view.setUint16(6, virtio.checksumStart, true);
  view.setUint16(8, virtio.checksumOffset, true);
  return bytes;
}

export function readVirtio(bytes: Uint8Array): Virtio {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    flags: view.getUint8(0),
    gsoType: view.getUint8(1),
    headerLength: view.getUint16(2, true),
    gsoSize: view.getUint16(4, true),
    checksumStart: view.getUint16(6, true),
    checksumOffset: view.getUint16(8, true),
  };
}

/** The packet as the kernel writes it: the checksum field holds the sum of the pseudo-header. */
export function withPartialChecksum(packet: Uint8Array): Uint8Array {
  const { at, protocol } = upperOf(packet);
  const copy = packet.slice();
  setUint16(copy, at + (protocol === TCP ? 16 : 6), pseudoSum(copy, at, protocol));
  return copy;
}

/** The virtio header of a packet before segmentation. */
export function virtioOf(packet: Uint8Array, gsoSize: number): Virtio {
  const { at, protocol } = upperOf(packet);
  const upperHeader = protocol === TCP ? (packet[at + 12]! >>> 4) * 4 : 8;
  return {
    flags: 1,
    gsoType: protocol === TCP ? 4 : 5,
    headerLength: at + upperHeader,
    gsoSize,
    checksumStart: at,
    checksumOffset: protocol === TCP ? 16 : 6,
  };
}

/** Segments a packet by its virtio header, as a network card does. */
export function segmentPacket(virtio: Virtio, packet: Uint8Array): Uint8Array[] {
  if (virtio.gsoType === 0) return [packet];
  const { at, protocol } = upperOf(packet);
  const headers = at + (protocol === TCP ? (packet[at + 12]! >>> 4) * 4 : 8);
  const pieces: Uint8Array[] = [];
  for (let done = headers; done < packet.length; done += virtio.gsoSize) {
    const payload = packet.subarray(done, Math.min(done + virtio.gsoSize, packet.length));
    const isFirst = done === headers;
    const isLast = done + payload.length === packet.length;
    const piece = new Uint8Array(headers + payload.length);
    piece.set(packet.subarray(0, headers));
    piece.set(payload, headers);
    setUint16(piece, 4, piece.length - 40);
    if (protocol === TCP) {
      const view = new DataView(piece.buffer);
      view.setUint32(at + 4, (view.getUint32(at + 4) + done - headers) >>> 0);
      if (!isLast) piece[at + 13]! &= ~(FIN | PSH);
      if (!isFirst) piece[at + 13]! &= ~CWR;
    } else {
      setUint16(piece, at + 4, piece.length - at);
    }
    pieces.push(complete(piece, at, protocol === TCP ? 16 : 6, protocol));
  }
  return pieces;
}
