import { endianness } from 'node:os';

/** Whether this computer stores the low byte first; argument of `DataView` methods. */
export const LITTLE_ENDIAN = endianness() === 'LE';

/** A `DataView` of a whole typed array. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An `int` in memory, as `setsockopt` and `ioctl` take it. */
export function int32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setInt32(0, value, LITTLE_ENDIAN);
  return bytes;
}
