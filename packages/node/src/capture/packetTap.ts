import type { UdpEndpoint } from '@6bed4/codec';
import { sumBytes } from '@6bed4/nd';
import { CaptureRingWriter, CaptureSide, type CaptureSideCode } from './captureRing.js';
import { ENHANCED_PACKET, EPB_FLAGS, padded } from './pcapng.js';

/*
 * The Enhanced Packet Block (draft-ietf-opsawg-pcapng §4.3), with the direction as its only option:
 *
 *   | 6 | total length | interface | time, higher word | lower word | captured length | original length |
 *   | packet, padded | 2, 4 | direction | 0, 0 | total length |
 */
const PACKET_HEADER = 28;
const PACKET_TRAILER = 16;
const INBOUND = 1;
const OUTBOUND = 2;

const IPV4_HEADER = 20;
const UDP_HEADER = 8;
const OUTER_HEADERS = IPV4_HEADER + UDP_HEADER;
const VERSION_AND_LENGTH = 0x45;
const PROTOCOL_UDP = 17;
const TTL_OFFSET = 8;
const CHECKSUM_OFFSET = 10;
const SOURCE_OFFSET = 12;
const DESTINATION_OFFSET = 16;

const MICROSECONDS_PER_MS = 1000;
const TWO_TO_32 = 2 ** 32;

/** What a tap needs to know; can go to another thread. */
export interface TapSetup {
  /** Numbers of the interfaces in the capture; null for a side that is not captured. */
  readonly outer: number | null;
  readonly inner: number | null;
  /** Most bytes of a packet that are kept. */
  readonly snapLength: number;
  /** The local end of the UDP socket, IPv4 as int32. */
  readonly localAddress: number;
  readonly localPort: number;
  /** IPv4 TTL of datagrams that have none of their own. */
  readonly ttl: number;
  /** Milliseconds since 1970 when the machine's clock was 0. */
  readonly epoch: number;
}

/**
 * Copies packets on their way between a machine and its two sides into a ring, as blocks of a capture file.
 *
 * The IPv4 and UDP headers of datagrams are made up of what a socket tells: those received have a TTL of
 * {@link TapSetup.ttl} there, and all have no UDP checksum (RFC 768: zero is none).
 */
export class PacketTap {
  readonly #setup: TapSetup;
  readonly #ring: CaptureRingWriter;
  /** The local port; it changes when the socket does. */
  localPort: number;
  #identification = 0;

  constructor(setup: TapSetup, memory: SharedArrayBuffer) {
    this.#setup = setup;
    this.#ring = new CaptureRingWriter(memory);
    this.localPort = setup.localPort;
  }

  /** A datagram was received. */
  received(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
    now: number,
  ): void {
    const { outer, localAddress, ttl } = this.#setup;
    if (outer === null) return;
    const at = this.#begin(CaptureSide.outer, outer, OUTER_HEADERS + length, INBOUND, now);
    if (at < 0) return;
    this.#addresses(at, address, port, localAddress, this.localPort);
    this.#datagram(at, bytes, offset, length, 0, ttl);
  }

  /** A datagram is sent; `ttl` 0 is the system's default. */
  sent(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
    now: number,
  ): void {
    const { outer, localAddress } = this.#setup;
    if (outer === null) return;
    const at = this.#begin(CaptureSide.outer, outer, OUTER_HEADERS + length, OUTBOUND, now);
    if (at < 0) return;
    this.#addresses(at, localAddress, this.localPort, to.addressBits, to.port);
    this.#datagram(at, bytes, offset, length, tos, ttl === 0 ? this.#setup.ttl : ttl);
  }

  /** The local side sends a packet. */
  taken(bytes: Uint8Array, offset: number, length: number, now: number): void {
    this.#packet(bytes, offset, length, OUTBOUND, now);
  }

  /** A packet is delivered to the local side. */
  delivered(bytes: Uint8Array, offset: number, length: number, now: number): void {
    this.#packet(bytes, offset, length, INBOUND, now);
  }

  #packet(bytes: Uint8Array, offset: number, length: number, direction: number, now: number): void {
    const { inner } = this.#setup;
    if (inner === null) return;
    const at = this.#begin(CaptureSide.inner, inner, length, direction, now);
    if (at < 0) return;
    this.#copy(bytes, offset, at, Math.min(length, this.#setup.snapLength));
    this.#ring.commit();
  }

  #addresses(
    at: number,
    source: number,
    sourcePort: number,
    destination: number,
    destinationPort: number,
  ): void {
    const { view } = this.#ring;
    view.setInt32(at + SOURCE_OFFSET, source);
    view.setInt32(at + DESTINATION_OFFSET, destination);
    view.setUint16(at + IPV4_HEADER, sourcePort);
    view.setUint16(at + IPV4_HEADER + 2, destinationPort);
  }

  #datagram(
    at: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    tos: number,
    ttl: number,
  ): void {
    const ring = this.#ring;
    const { view } = ring;
    this.#identification = (this.#identification + 1) & 0xffff;
    view.setUint8(at, VERSION_AND_LENGTH);
    view.setUint8(at + 1, tos);
    view.setUint16(at + 2, OUTER_HEADERS + length);
    view.setUint16(at + 4, this.#identification);
    view.setUint16(at + 6, 0);
    view.setUint8(at + TTL_OFFSET, ttl);
    view.setUint8(at + TTL_OFFSET + 1, PROTOCOL_UDP);
    view.setUint16(at + CHECKSUM_OFFSET, 0);
    view.setUint16(at + CHECKSUM_OFFSET, ~sumBytes(ring.bytes, at, IPV4_HEADER) & 0xffff);
    view.setUint16(at + IPV4_HEADER + 4, UDP_HEADER + length);
    view.setUint16(at + IPV4_HEADER + 6, 0);
    const most = this.#setup.snapLength - OUTER_HEADERS;
    this.#copy(bytes, offset, at + OUTER_HEADERS, Math.min(length, most));
    ring.commit();
  }

  /** Writes everything of a block but the packet; where that belongs, or -1 when there is no room. */
  #begin(
    side: CaptureSideCode,
    interfaceId: number,
    length: number,
    direction: number,
    now: number,
  ): number {
    const captured = Math.min(length, this.#setup.snapLength);
    const body = padded(captured);
    const total = PACKET_HEADER + body + PACKET_TRAILER;
    const ring = this.#ring;
    const start = ring.reserve(side, total);
    if (start < 0) return start;
    const { view } = ring;
    const microseconds = Math.floor((this.#setup.epoch + now) * MICROSECONDS_PER_MS);
    view.setUint32(start, ENHANCED_PACKET, true);
    view.setUint32(start + 4, total, true);
    view.setUint32(start + 8, interfaceId, true);
    view.setUint32(start + 12, Math.floor(microseconds / TWO_TO_32), true);
    view.setUint32(start + 16, microseconds % TWO_TO_32, true);
    view.setUint32(start + 20, captured, true);
    view.setUint32(start + 24, length, true);
    // Padding has to be zero; the packet overwrites the rest.
    if (body > captured) view.setUint32(start + PACKET_HEADER + body - 4, 0, true);
    const trailer = start + PACKET_HEADER + body;
    view.setUint16(trailer, EPB_FLAGS, true);
    view.setUint16(trailer + 2, 4, true);
    view.setUint32(trailer + 4, direction, true);
    view.setUint32(trailer + 8, 0, true);
    view.setUint32(trailer + 12, total, true);
    return start + PACKET_HEADER;
  }

  /** Copies bytes into the ring. The view is garbage, but faster than a loop over the bytes. */
  #copy(bytes: Uint8Array, offset: number, at: number, length: number): void {
    this.#ring.bytes.set(bytes.subarray(offset, offset + length), at);
  }
}
