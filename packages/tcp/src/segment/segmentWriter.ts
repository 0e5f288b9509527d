import { IPV6_ADDRESS_BYTES, writeUint16, writeUint32 } from '@6bed4/codec';
import {
  DEFAULT_HOP_LIMIT,
  DESTINATION_OFFSET,
  HOP_LIMIT_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  setTrafficClass,
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
import type { TcpEndpoint } from '../connection/connectionOptions.js';
import type { Receiver } from '../receive/receiver.js';
import {
  PADDED_TIMESTAMPS_LENGTH,
  writeMaximumSegmentSize,
  writeSack,
  writeSackPermitted,
  writeTimestamps,
  writeWindowScale,
} from './options.js';
import type { Segment } from './segment.js';

const VERSION = 0x60;
const TCP = IPV6_HEADER_LENGTH;
const LONGEST_HEADER = IPV6_HEADER_LENGTH + 60;
/** ECN-capable transport (RFC 3168 §5). */
const ECT_0 = 2;
const MOST_BLOCKS = 4;

/** Writes one segment after another into the same buffer, in the order of its methods. */
export class SegmentWriter {
  /** The packet is from 0 on. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #edges = new Int32Array(2 * MOST_BLOCKS);
  #at = 0;
  #end = 0;

  /** @param segmentSize - data of a segment at most, in bytes */
  constructor(segmentSize: number) {
    this.bytes = new Uint8Array(LONGEST_HEADER + segmentSize);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Begins a segment with these flags. */
  begin(local: TcpEndpoint, remote: TcpEndpoint, flags: number): void {
    this.#beginHeader(local.port, remote.port, flags);
    this.bytes.set(local.address, SOURCE_OFFSET);
    this.bytes.set(remote.address, DESTINATION_OFFSET);
  }

  /** Begins the answer to a segment of no connection: with its addresses and ports the other way round. */
  beginAnswer({ bytes, packet, sourcePort, destinationPort }: Segment, flags: number): void {
    this.#beginHeader(destinationPort, sourcePort, flags);
    for (let index = 0; index < IPV6_ADDRESS_BYTES; index++) {
      this.bytes[SOURCE_OFFSET + index] = bytes[packet + DESTINATION_OFFSET + index]!;
      this.bytes[DESTINATION_OFFSET + index] = bytes[packet + SOURCE_OFFSET + index]!;
    }
  }

  numbers(sequence: number, acknowledgment: number, window: number): void {
    writeUint32(this.bytes, TCP + TCP_SEQUENCE_OFFSET, sequence);
    writeUint32(this.bytes, TCP + TCP_ACKNOWLEDGMENT_OFFSET, acknowledgment);
    writeUint16(this.bytes, TCP + TCP_WINDOW_OFFSET, window);
  }

  maximumSegmentSize(size: number): void {
    this.#at = writeMaximumSegmentSize(this.bytes, this.#at, size);
  }

  windowScale(shift: number): void {
    this.#at = writeWindowScale(this.bytes, this.#at, shift);
  }

  sackPermitted(): void {
    this.#at = writeSackPermitted(this.bytes, this.#at);
  }

  timestamps(value: number, echo: number): void {
    this.#at = writeTimestamps(this.bytes, this.#at, value, echo);
  }

  /** What arrived twice, and what arrived behind gaps, if anything did (RFC 2018 §4, RFC 2883 §4). */
  sack(receiver: Receiver): void {
    const room = this.#at - TCP - TCP_HEADER_LENGTH >= PADDED_TIMESTAMPS_LENGTH ? 3 : MOST_BLOCKS;
    const edges = this.#edges;
    let count = 0;
    if (receiver.duplicateLeft !== receiver.duplicateRight) {
      edges[0] = receiver.duplicateLeft;
      edges[1] = receiver.duplicateRight;
      count = 1;
    }
    if (receiver.queue.hasGaps) {
      count = receiver.queue.sackBlocks(edges, count, room);
    }
    if (count > 0) this.#at = writeSack(this.bytes, this.#at, edges, count);
  }

  /** Makes place for data behind the header; returns its offset. */
  reserve(length: number): number {
    this.#end = this.#at + length;
    return this.#at;
  }

  /**
   * Ends the segment.
   *
   * @param isEcnCapable - whether the network may mark it
   * @returns the length of the packet
   */
  finish(isEcnCapable: boolean): number {
    const { bytes } = this;
    const end = this.#end < 0 ? this.#at : this.#end;
    if (isEcnCapable) setTrafficClass(bytes, 0, ECT_0);
    bytes[TCP + TCP_DATA_OFFSET_OFFSET] = ((this.#at - TCP) >> 2) << 4;
    writeUint16(bytes, PAYLOAD_LENGTH_OFFSET, end - TCP);
    const checksum = upperLayerChecksum(
      bytes,
      0,
      end,
      NEXT_HEADER_TCP,
      TCP_CHECKSUM_OFFSET,
      this.#view,
    );
    writeUint16(bytes, TCP + TCP_CHECKSUM_OFFSET, checksum);
    return end;
  }

  #beginHeader(sourcePort: number, destinationPort: number, flags: number): void {
    const { bytes } = this;
    bytes[0] = VERSION;
    bytes[1] = 0;
    bytes[2] = 0;
    bytes[3] = 0;
    bytes[NEXT_HEADER_OFFSET] = NEXT_HEADER_TCP;
    bytes[HOP_LIMIT_OFFSET] = DEFAULT_HOP_LIMIT;
    writeUint16(bytes, TCP, sourcePort);
    writeUint16(bytes, TCP + 2, destinationPort);
    bytes[TCP + TCP_FLAGS_OFFSET] = flags;
    writeUint16(bytes, TCP + TCP_URGENT_POINTER_OFFSET, 0);
    this.#at = TCP + TCP_HEADER_LENGTH;
    this.#end = -1;
  }
}
