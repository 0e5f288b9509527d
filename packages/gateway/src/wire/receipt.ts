import { readUint32, writeUint32 } from '@6bed4/codec';

/** Bytes of a receipt, by which it is told from a datagram. */
export const RECEIPT_LENGTH = 4;

/** Makes a receipt: how many datagrams came over this connection so far, modulo 2^32. */
export function receiptMessage(count: number): Uint8Array {
  const message = new Uint8Array(RECEIPT_LENGTH);
  writeUint32(message, 0, count >>> 0);
  return message;
}

/** Reads the count of a message of {@link RECEIPT_LENGTH} bytes. */
export function readReceipt(message: Uint8Array): number {
  return readUint32(message, 0);
}
