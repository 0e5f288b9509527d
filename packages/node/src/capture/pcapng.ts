/*
 * Blocks of pcapng (draft-ietf-opsawg-pcapng §4), all little-endian, as the byte-order magic says.
 *
 *   | block type | total length | body, padded to 32 bits | total length |
 *
 * Options are | code (16) | length (16) | value, padded to 32 bits |, and the last one is code 0.
 */
const SECTION_HEADER = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION = 1;
const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
const MAJOR = 1;
const MINOR = 0;
const UNKNOWN_LENGTH = 0xffff_ffff;
/** Packets begin with their IPv4 or IPv6 header (draft-ietf-opsawg-pcaplinktype). */
const LINKTYPE_RAW = 101;

// Option codes, by block.
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const ISB_STARTTIME = 2;
const ISB_ENDTIME = 3;
const ISB_IFRECV = 4;
const ISB_IFDROP = 5;
/** Direction of a packet, in the two lowest bits. */
export const EPB_FLAGS = 2;

const WORD = 4;
const TWO_TO_32 = 2 ** 32;
const MICROSECONDS_PER_MS = 1000;

/** An interface of a capture, as Wireshark names it. */
export interface CapturedInterface {
  readonly name: string;
  readonly description: string;
  /** Most bytes of a packet that are kept. */
  readonly snapLength: number;
}

/** What became of the packets of one interface. */
export interface InterfaceStatistics {
  /** Number of the interface, in the order of their descriptions. */
  readonly id: number;
  /** Begin of the capture, in milliseconds since 1970. */
  readonly start: number;
  /** Time of these figures, in milliseconds since 1970. */
  readonly end: number;
  /** Packets seen, captured or not. */
  readonly received: number;
  /** Packets for which there was no room. */
  readonly dropped: number;
}

/** The Section Header Block (§4.1), which a file begins with. */
export function sectionHeader(application: string): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  body.writeUInt16LE(MAJOR, 4);
  body.writeUInt16LE(MINOR, 6);
  body.writeUInt32LE(UNKNOWN_LENGTH, 8);
  body.writeUInt32LE(UNKNOWN_LENGTH, 12);
  return block(SECTION_HEADER, body, [option(SHB_USERAPPL, Buffer.from(application))]);
}

/** An Interface Description Block (§4.2); times are microseconds, which is the default. */
export function interfaceDescription(one: CapturedInterface): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(LINKTYPE_RAW, 0);
  body.writeUInt32LE(one.snapLength, 4);
  return block(INTERFACE_DESCRIPTION, body, [
    option(IF_NAME, Buffer.from(one.name)),
    option(IF_DESCRIPTION, Buffer.from(one.description)),
  ]);
}

/** An Interface Statistics Block (§4.6); of several for one interface, the last one counts. */
export function interfaceStatistics(statistics: InterfaceStatistics): Buffer {
  const body = Buffer.alloc(12);
  body.writeUInt32LE(statistics.id, 0);
  timestamp(statistics.end).copy(body, 4);
  return block(INTERFACE_STATISTICS, body, [
    option(ISB_STARTTIME, timestamp(statistics.start)),
    option(ISB_ENDTIME, timestamp(statistics.end)),
    option(ISB_IFRECV, integer64(statistics.received)),
    option(ISB_IFDROP, integer64(statistics.dropped)),
  ]);
}

/** Bytes that a value takes, padded to 32 bits. */
export function padded(length: number): number {
  return (length + WORD - 1) & -WORD;
}

function block(type: number, body: Buffer, options: readonly Buffer[]): Buffer {
  const end = Buffer.alloc(WORD);
  const content = Buffer.concat([body, ...options, end]);
  const total = content.length + 3 * WORD;
  const head = Buffer.alloc(2 * WORD);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(total, WORD);
  return Buffer.concat([head, content, head.subarray(WORD)]);
}

function option(code: number, value: Buffer): Buffer {
  const whole = Buffer.alloc(WORD + padded(value.length));
  whole.writeUInt16LE(code, 0);
  whole.writeUInt16LE(value.length, 2);
  value.copy(whole, WORD);
  return whole;
}

/** Microseconds since 1970 as two words, the higher first. */
function timestamp(milliseconds: number): Buffer {
  const microseconds = Math.floor(milliseconds * MICROSECONDS_PER_MS);
  const words = Buffer.alloc(2 * WORD);
  words.writeUInt32LE(Math.floor(microseconds / TWO_TO_32), 0);
  words.writeUInt32LE(microseconds % TWO_TO_32, WORD);
  return words;
}

function integer64(value: number): Buffer {
  const words = Buffer.alloc(2 * WORD);
  words.writeBigUInt64LE(BigInt(value));
  return words;
}
