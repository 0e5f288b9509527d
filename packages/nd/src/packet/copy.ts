/**
 * Copies bytes `start` to `end` into a plain Uint8Array of their own. A Node.js Buffer is a Uint8Array
 * whose `slice` does not copy, so that method is not to be relied on for bytes from elsewhere.
 */
export function copyBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
