import { readInt32, readUint16 } from '@6bed4/codec';
import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_TCP,
  PAYLOAD_LENGTH_OFFSET,
  TCP_ACK,
  TCP_ACKNOWLEDGMENT_OFFSET,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FIN,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_RST,
  TCP_SEQUENCE_OFFSET,
  TCP_SYN,
  TCP_WINDOW_OFFSET,
  trafficClass,
  verifyUpperLayerChecksum,
} from '@6bed4/nd';
import { type OptionSink, readOptions } from './options.js';
import { advance } from './sequence.js';

const ECN_MASK = 0x03;
/** Congestion experienced (RFC 3168 §5). */
const ECN_CE = 0x03;
/** Blocks that fit into one header, at most (RFC 2018 §3). */
const MOST_SACK_BLOCKS = 4;

/** Bytes of a packet from which on a view, which has to be made, sums them faster. */
const WORTH_A_VIEW = 256;

/**
 * One segment that arrived, read in place. There is one object for all of them, which the next one
 * overwrites: nothing is allocated for a segment.
 */
export class Segment implements OptionSink {
  /** The buffer that holds the packet. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Offset of the IPv6 header. */
  packet = 0;
  sourcePort = 0;
  destinationPort = 0;
  sequence = 0;
  acknowledgment = 0;
  /** Those of the 13th byte: `TCP_FIN` to `TCP_CWR`. */
  flags = 0;
  /** As in the header, not scaled. */
  window = 0;
  /** Offset of the first byte of data. */
  dataOffset = 0;
  dataLength = 0;
  /** Whether the network reports congestion (RFC 3168 §5). */
  isCongestionExperienced = false;

  /** 0 without the option. */
  maximumSegmentSize = 0;
  /** −1 without the option (RFC 7323 §2.2). */
  windowScale = -1;
  isSackPermitted = false;
  hasTimestamps = false;
  /** TSval, int32 (RFC 7323 §3.2). */
  timestamp = 0;
  /** TSecr, int32. */
  timestampEcho = 0;
  sackCount = 0;
  /** Left and right edges by turns; those of the first {@link sackCount} blocks count. */
  readonly sackEdges = new Int32Array(2 * MOST_SACK_BLOCKS);

  #viewed: Uint8Array = this.bytes;
  #view = new DataView(this.bytes.buffer);

  get isSyn(): boolean {
    return (this.flags & TCP_SYN) !== 0;
  }

  get isFin(): boolean {
    return (this.flags & TCP_FIN) !== 0;
  }

  get isReset(): boolean {
    return (this.flags & TCP_RST) !== 0;
  }

  get isAck(): boolean {
    return (this.flags & TCP_ACK) !== 0;
  }

  /** SEG.LEN: bytes in the sequence space, with SYN and FIN (RFC 9293 §3.4). */
  get length(): number {
    return this.dataLength + (this.flags & TCP_FIN) + ((this.flags & TCP_SYN) >>> 1);
  }

  /** The sequence number behind the segment. */
  get end(): number {
    return advance(this.sequence, this.length);
  }

  /** Leaves out the SYN, so that the data comes first. */
  dropSyn(): void {
    this.sequence = advance(this.sequence, 1);
    this.flags &= ~TCP_SYN;
  }

  /** @internal */
  sack(left: number, right: number): void {
    if (this.sackCount >= MOST_SACK_BLOCKS) return;
    this.sackEdges[2 * this.sackCount] = left;
    this.sackEdges[2 * this.sackCount + 1] = right;
    this.sackCount++;
  }

  /**
   * Reads the segment in a whole IPv6 packet without extension headers.
   *
   * @param offset - of the IPv6 header
   * @param length - of the packet
   * @returns false for what is no segment, or has a wrong checksum or a malformed header (RFC 9293
   * §3.1)
   */
  read(bytes: Uint8Array, offset: number, length: number): boolean {
    const tcp = offset + IPV6_HEADER_LENGTH;
    const end = offset + length;
    if (length < IPV6_HEADER_LENGTH + TCP_HEADER_LENGTH) return false;
    if (readUint16(bytes, offset + PAYLOAD_LENGTH_OFFSET) !== length - IPV6_HEADER_LENGTH)
      return false;
    const header = (bytes[tcp + TCP_DATA_OFFSET_OFFSET]! >>> 4) * 4;
    if (header < TCP_HEADER_LENGTH || tcp + header > end) return false;
    const view = length < WORTH_A_VIEW ? null : this.#viewOf(bytes);
    if (!verifyUpperLayerChecksum(bytes, offset, length, NEXT_HEADER_TCP, view)) return false;
    this.bytes = bytes;
    this.packet = offset;
    this.sourcePort = readUint16(bytes, tcp);
    this.destinationPort = readUint16(bytes, tcp + 2);
    this.sequence = readInt32(bytes, tcp + TCP_SEQUENCE_OFFSET);
    this.acknowledgment = readInt32(bytes, tcp + TCP_ACKNOWLEDGMENT_OFFSET);
    this.flags = bytes[tcp + TCP_FLAGS_OFFSET]!;
    this.window = readUint16(bytes, tcp + TCP_WINDOW_OFFSET);
    this.dataOffset = tcp + header;
    this.dataLength = end - tcp - header;
    this.isCongestionExperienced = (trafficClass(bytes, offset) & ECN_MASK) === ECN_CE;
    this.#clearOptions();
    readOptions(bytes, tcp + TCP_HEADER_LENGTH, tcp + header, this);
    return true;
  }

  /** A view of the whole array; those of one driver usually have the same one. */
  #viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.#view;
  }

  #clearOptions(): void {
    this.maximumSegmentSize = 0;
    this.windowScale = -1;
    this.isSackPermitted = false;
    this.hasTimestamps = false;
    this.timestamp = 0;
    this.timestampEcho = 0;
    this.sackCount = 0;
  }
}
