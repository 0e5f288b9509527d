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
  writeUint16(message, 0, length);
  writeUint32(message, ADDRESS_OFFSET, other.address);
  writeUint16(message, PORT_OFFSET, other.port);
  message.set(bytes.subarray(offset, offset + length), MESSAGE_HEADER);
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

/** Datagrams that wait to leave in one message. */
export class MessageBatch {
  #messages: Uint8Array[] = [];
  #length = 0;

  /**
   * Adds the message of one datagram.
   *
   * @returns a message of those before, when one of all would be too long; else null
   */
  add(message: Uint8Array): Uint8Array | null {
    const full = this.#length + message.length > LONGEST_MESSAGE ? this.take() : null;
    this.#messages.push(message);
    this.#length += message.length;
    return full;
  }

  /** Takes everything as one message; null when nothing waits. */
  take(): Uint8Array | null {
    const messages = this.#messages;
    const [first] = messages;
    if (first === undefined) return null;
    const length = this.#length;
    this.#messages = [];
    this.#length = 0;
    if (messages.length === 1) return first;
    const all = new Uint8Array(length);
    let offset = 0;
    for (const message of messages) {
      all.set(message, offset);
      offset += message.length;
    }
    return all;
  }
}
