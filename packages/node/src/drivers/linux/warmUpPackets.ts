import { type Endpoint, parseIPv4, parseIPv6, writeUint16, writeUint32 } from '@6bed4/codec';
import {
  buildEcho,
  buildUdp,
  DEFAULT_HOP_LIMIT,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_TCP,
  TCP_ACK,
  TCP_CHECKSUM_OFFSET,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_SEQUENCE_OFFSET,
  UDP_CHECKSUM_OFFSET,
  upperLayerChecksum,
  writeIPv6Header,
} from '@6bed4/nd';
import { VIRTIO_NET_HDR_GSO_NONE, VIRTIO_NET_HDR_GSO_TCPV6 } from '../kernel/constants.js';
import { VIRTIO_HEADER_LENGTH, VirtioHeader } from '../kernel/virtioHeader.js';
import { IDLE, type ReplayStep } from './replayLibc.js';

const PAYLOAD = new Uint8Array(64);
const HEADERS = IPV6_HEADER_LENGTH + TCP_HEADER_LENGTH;
const DATA_OFFSET = (TCP_HEADER_LENGTH / 4) << 4;
/** Bytes of each segment but the last, and of a whole packet before segmentation. */
const SEGMENT = 100;
const WHOLE = 350;

/** A UDP datagram. */
export function udpPacket(source: string, destination: string): Uint8Array {
  return buildUdp({
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    sourcePort: 9,
    destinationPort: 9,
    payload: PAYLOAD,
  });
}

/** An ICMPv6 message, as that of a ping. */
export function echoPacket(
  type: 'echo-request' | 'echo-reply',
  source: string,
  destination: string,
): Uint8Array {
  return buildEcho({
    type,
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    hopLimit: DEFAULT_HOP_LIMIT,
    identifier: 9,
    sequence: 9,
    data: PAYLOAD,
  });
}

/** A TCP segment; without payload, an acknowledgment. */
export function tcpPacket(
  source: string,
  destination: string,
  payload: number,
  sequence = 0,
): Uint8Array {
  const packet = new Uint8Array(HEADERS + payload);
  writeIPv6Header(packet, 0, {
    payloadLength: TCP_HEADER_LENGTH + payload,
    nextHeader: NEXT_HEADER_TCP,
    hopLimit: DEFAULT_HOP_LIMIT,
    source: parseIPv6(source),
    destination: parseIPv6(destination),
  });
  const tcp = IPV6_HEADER_LENGTH;
  writeUint32(packet, tcp + TCP_SEQUENCE_OFFSET, sequence);
  packet[tcp + TCP_DATA_OFFSET_OFFSET] = DATA_OFFSET;
  packet[tcp + TCP_FLAGS_OFFSET] = TCP_ACK;
  const checksum = upperLayerChecksum(
    packet,
    0,
    packet.length,
    NEXT_HEADER_TCP,
    TCP_CHECKSUM_OFFSET,
  );
  writeUint16(packet, tcp + TCP_CHECKSUM_OFFSET, checksum);
  return packet;
}

/** The arrival of a datagram. */
export function datagramFrom({ address, port }: Endpoint, bytes: Uint8Array): ReplayStep {
  return { ...IDLE, datagram: { bytes, address: parseIPv4(address), port, size: 0 } };
}

/** The arrival of datagrams with segments of a TCP stream, coalesced by UDP_GRO. */
export function streamFrom(
  { address, port }: Endpoint,
  source: string,
  destination: string,
): ReplayStep {
  const segments: Uint8Array[] = [];
  for (let sequence = 0; sequence < WHOLE; sequence += SEGMENT) {
    const payload = Math.min(SEGMENT, WHOLE - sequence);
    segments.push(tcpPacket(source, destination, payload, sequence));
  }
  const bytes = Uint8Array.from(segments.flatMap((segment) => [...segment]));
  const size = HEADERS + SEGMENT;
  return { ...IDLE, datagram: { bytes, address: parseIPv4(address), port, size } };
}

/** A packet of the interface that has its checksum. */
export function tunPacket(bytes: Uint8Array, hasHeader: boolean): ReplayStep {
  return { ...IDLE, packets: [framed(bytes, hasHeader)] };
}

/** UDP packets of the interface that are there at the same time, to which checksums are added where that is possible. */
export function udpFromTun(
  source: string,
  destination: string,
  count: number,
  hasHeader: boolean,
): ReplayStep {
  const packet = framed(udpPacket(source, destination), hasHeader);
  if (hasHeader) {
    const virtio = new VirtioHeader(new DataView(packet.buffer));
    virtio.writeGso(VIRTIO_NET_HDR_GSO_NONE, 0, 0, IPV6_HEADER_LENGTH, UDP_CHECKSUM_OFFSET);
  }
  return { ...IDLE, packets: new Array<Uint8Array>(count).fill(packet) };
}

/** A packet of the interface, which has a virtio header, before segmentation (TSO). */
export function wholeFromTun(source: string, destination: string): ReplayStep {
  const packet = framed(tcpPacket(source, destination, WHOLE), true);
  const virtio = new VirtioHeader(new DataView(packet.buffer));
  virtio.writeGso(
    VIRTIO_NET_HDR_GSO_TCPV6,
    HEADERS,
    SEGMENT,
    IPV6_HEADER_LENGTH,
    TCP_CHECKSUM_OFFSET,
  );
  return { ...IDLE, packets: [packet] };
}

/** Puts a virtio header of zeroes before a packet. */
function framed(bytes: Uint8Array, hasHeader: boolean): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(bytes.length + (hasHeader ? VIRTIO_HEADER_LENGTH : 0));
  packet.set(bytes, packet.length - bytes.length);
  return packet;
}
