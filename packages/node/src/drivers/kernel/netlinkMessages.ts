import { LITTLE_ENDIAN, viewOf } from './native.js';

/*
 * struct nlmsghdr (netlink(7))            struct nlattr, after the body of a fixed size
 *
 *   0   length (32 bits)                    0   length (16 bits), without the padding
 *   4   type (16 bits)                      2   type (16 bits)
 *   6   flags (16 bits)                     4   value, padded to 4 bytes
 *   8   sequence number (32 bits)
 *   12  port (32 bits)
 *   16  body, and then attributes
 *
 * All numbers are in the byte order of the machine, and of the same size on all of them.
 */
const HEADER_SIZE = 16;
const TYPE = 4;
const FLAGS = 6;
const SEQUENCE = 8;
const ATTRIBUTE_HEADER_SIZE = 4;
const ATTRIBUTE_TYPE = 2;

const aligned = (size: number): number => (size + 3) & ~3;

/** An attribute to send: its type, and an address or a number of 32 bits. */
export type Attribute = readonly [type: number, value: Uint8Array | number];

/** A message of the kernel; offsets are those in `view`. */
export interface NetlinkMessage {
  readonly view: DataView;
  readonly type: number;
  readonly sequence: number;
  /** Offset of the body. */
  readonly body: number;
  /** Offset of the end. */
  readonly end: number;
}

/** Makes a message. Its sequence number is 0, until {@link setSequence}. */
export function netlinkMessage(
  type: number,
  flags: number,
  body: Uint8Array,
  attributes: readonly Attribute[],
): Uint8Array {
  const values = attributes.map(([kind, value]) => ({
    kind,
    bytes: typeof value === 'number' ? uint32Bytes(value) : value,
  }));
  const start = HEADER_SIZE + aligned(body.length);
  const size = values.reduce(
    (sum, { bytes }) => sum + ATTRIBUTE_HEADER_SIZE + aligned(bytes.length),
    start,
  );
  const message = new Uint8Array(size);
  const view = viewOf(message);
  view.setUint32(0, size, LITTLE_ENDIAN);
  view.setUint16(TYPE, type, LITTLE_ENDIAN);
  view.setUint16(FLAGS, flags, LITTLE_ENDIAN);
  message.set(body, HEADER_SIZE);
  let at = start;
  for (const { kind, bytes } of values) {
    view.setUint16(at, ATTRIBUTE_HEADER_SIZE + bytes.length, LITTLE_ENDIAN);
    view.setUint16(at + ATTRIBUTE_TYPE, kind, LITTLE_ENDIAN);
    message.set(bytes, at + ATTRIBUTE_HEADER_SIZE);
    at += ATTRIBUTE_HEADER_SIZE + aligned(bytes.length);
  }
  return message;
}

/** Writes the number by which the answers to a message are known. */
export function setSequence(message: Uint8Array, sequence: number): void {
  viewOf(message).setUint32(SEQUENCE, sequence, LITTLE_ENDIAN);
}

/**
 * Splits what was read from a netlink socket; stops at the first message that is not whole.
 *
 * @param length - bytes that were read
 */
export function readMessages(view: DataView, length: number): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + HEADER_SIZE <= length; ) {
    const size = view.getUint32(at, LITTLE_ENDIAN);
    if (size < HEADER_SIZE || at + size > length) break;
    messages.push({
      view,
      type: view.getUint16(at + TYPE, LITTLE_ENDIAN),
      sequence: view.getUint32(at + SEQUENCE, LITTLE_ENDIAN),
      body: at + HEADER_SIZE,
      end: at + size,
    });
    at += aligned(size);
  }
  return messages;
}

/**
 * The values of the attributes of a message by their types; stops at the first that is not whole.
 *
 * @param bodySize - bytes of the body, a multiple of 4
 */
export function readAttributes(message: NetlinkMessage, bodySize: number): Map<number, DataView> {
  const { view, body, end } = message;
  const attributes = new Map<number, DataView>();
  for (let at = body + bodySize; at + ATTRIBUTE_HEADER_SIZE <= end; ) {
    const size = view.getUint16(at, LITTLE_ENDIAN);
    if (size < ATTRIBUTE_HEADER_SIZE || at + size > end) break;
    const type = view.getUint16(at + ATTRIBUTE_TYPE, LITTLE_ENDIAN);
    const start = view.byteOffset + at + ATTRIBUTE_HEADER_SIZE;
    attributes.set(type, new DataView(view.buffer, start, size - ATTRIBUTE_HEADER_SIZE));
    at += aligned(size);
  }
  return attributes;
}

/** A number of 32 bits in an attribute, or null. */
export function readNumber(value: DataView | undefined): number | null {
  return value === undefined || value.byteLength < 4 ? null : value.getUint32(0, LITTLE_ENDIAN);
}

function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, LITTLE_ENDIAN);
  return bytes;
}
