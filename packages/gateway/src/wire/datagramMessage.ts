import type { UdpEndpoint } from '@6bed4/codec';
import { readInt32, readUint16, writeUint16, writeUint32 } from '@6bed4/codec';

/** Bytes in front of the payload of a datagram: the IPv4 address and the UDP port of the other side. */
export const MESSAGE_HEADER = 6;
/** The longest payload: more than any node of 6bed4 sends. */
export const LONGEST_PAYLOAD = 2048;
/** The longest binary message. */
export const LONGEST_MESSAGE: number = MESSAGE_HEADER + LONGEST_PAYLOAD;

const PORT_OFFSET = 4;

/**
 * Makes the message of a datagram: four bytes of IPv4 address, two of UDP port, both in network order, and the payload.
 * From a client, these say where it goes to; to a client, where it came from.
 */
export function datagramMessage(
  bytes: Uint8Array,
  offset: number,
  length: number,
  other: Readonly<UdpEndpoint>,
): Uint8Array {
  const message = new Uint8Array(MESSAGE_HEADER + length);
  writeUint32(message, 0, other.address);
  writeUint16(message, PORT_OFFSET, other.port);
  message.set(bytes.subarray(offset, offset + length), MESSAGE_HEADER);
  return message;
}

/** Reads the endpoint of a message of {@link MESSAGE_HEADER} bytes or more. */
export function readMessageEndpoint(message: Uint8Array, into: UdpEndpoint): void {
  into.address = readInt32(message, 0);
  into.port = readUint16(message, PORT_OFFSET);
}
