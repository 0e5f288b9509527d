import type { UdpEndpoint } from '@6bed4/codec';
import { readInt32, readUint16, writeUint16, writeUint32 } from '@6bed4/codec';

/**
 * Bytes in front of the payload of a datagram: the length of the payload, and the IPv4 address and the UDP port of the
 * other side.
 */
export const MESSAGE_HEADER = 8;
/** The longest payload: more than any node of 6bed4 sends. */
export const LONGEST_PAYLOAD = 2048;
/** The longest binary message, of several datagrams: as long as a record of TLS. */
export const LONGEST_MESSAGE = 16_384;

const ADDRESS_OFFSET = 2;
const PORT_OFFSET = 6;

/**
 * Makes the message of a datagram: two bytes with the length of the payload, four of IPv4 address, two of UDP port, all in
 * network order, and the payload. From a client, address and port say where it goes to; to a client, where it came
 * from. A message may have several datagrams, one behind the other.
 */
export function datagramMessage(
  bytes: Uint8Array,
  offset: number,
  length: number,
  other: Readonly<UdpEndpoint>,
): Uint8Array {
  const message = new Uint8Array(MESSAGE_HEADER + length);
  writeDatagram(message, 0, bytes, offset, length, other);
  return message;
}

/** Whether a binary message consists of one datagram or several, each with a payload that is not too long. */
export function isDatagramMessage(message: Uint8Array): boolean {
  if (message.length > LONGEST_MESSAGE) return false;
  let offset = 0;
  while (offset + MESSAGE_HEADER <= message.length) {
    const length = readUint16(message, offset);
    if (length > LONGEST_PAYLOAD) return false;
    offset += MESSAGE_HEADER + length;
  }
  return offset > 0 && offset === message.length;
}

/**
 * Calls a function for each datagram of a message for which {@link isDatagramMessage} holds.
 *
 * @param into - gets the endpoint of the other side each time
 * @param take - gets the offset and the length of the payload in the message; false ends it
 */
export function readDatagrams(
  message: Uint8Array,
  into: UdpEndpoint,
  take: (offset: number, length: number) => boolean,
): void {
  for (let offset = 0; offset < message.length; ) {
    const length = readUint16(message, offset);
    into.address = readInt32(message, offset + ADDRESS_OFFSET);
    into.port = readUint16(message, offset + PORT_OFFSET);
    offset += MESSAGE_HEADER;
    if (!take(offset, length)) return;
    offset += length;
  }
}

/** Bytes of memory for a message at first: for the longest datagram. */
const FIRST_CAPACITY: number = MESSAGE_HEADER + LONGEST_PAYLOAD;

/** Datagrams that wait to leave in one message. */
export class MessageBatch {
  #bytes: Uint8Array | null = null;
  #length = 0;
  #capacity = FIRST_CAPACITY;

  /** Whether a datagram with so many bytes of payload still fits. */
  hasRoomFor(length: number): boolean {
    return this.#length + MESSAGE_HEADER + length <= LONGEST_MESSAGE;
  }

  /**
   * Adds a datagram for which there is room, with a payload of {@link LONGEST_PAYLOAD} bytes at most, as
   * {@link datagramMessage} has it.
   */
  add(bytes: Uint8Array, offset: number, length: number, other: Readonly<UdpEndpoint>): void {
    const end = this.#length + MESSAGE_HEADER + length;
    writeDatagram(this.#memoryOf(end), this.#length, bytes, offset, length, other);
    this.#length = end;
  }

  /** Takes everything as one message, to be kept; null when nothing waits. */
  take(): Uint8Array | null {
    const message = this.#message();
    this.#bytes = null;
    return message;
  }

  /** Sends everything as one message, by a function that does not use it later; nothing when nothing waits. */
  flush(send: (message: Uint8Array) => void): void {
    const message = this.#message();
    if (message !== null) send(message);
  }

  #message(): Uint8Array | null {
    if (this.#length === 0) return null;
    const message = this.#bytes!.subarray(0, this.#length);
    // The next message is about as long, most likely.
    this.#capacity = this.#length > FIRST_CAPACITY ? LONGEST_MESSAGE : FIRST_CAPACITY;
    this.#length = 0;
    return message;
  }

  #memoryOf(length: number): Uint8Array {
    const bytes = this.#bytes;
    if (bytes !== null && length <= bytes.length) return bytes;
    const longer = new Uint8Array(length <= this.#capacity ? this.#capacity : LONGEST_MESSAGE);
    if (bytes !== null) longer.set(bytes.subarray(0, this.#length));
    this.#bytes = longer;
    return longer;
  }
}

function writeDatagram(
  into: Uint8Array,
  at: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  other: Readonly<UdpEndpoint>,
): void {
  writeUint16(into, at, length);
  writeUint32(into, at + ADDRESS_OFFSET, other.address);
  writeUint16(into, at + PORT_OFFSET, other.port);
  into.set(bytes.subarray(offset, offset + length), at + MESSAGE_HEADER);
}
