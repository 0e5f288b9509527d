import { endianness } from 'node:os';

/** Whether this computer stores the low byte first; argument of `DataView` methods. */
export const LITTLE_ENDIAN = endianness() === 'LE';

/** A `DataView` of a whole typed array. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
