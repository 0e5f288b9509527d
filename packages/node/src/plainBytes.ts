/**
 * The same bytes as a plain `Uint8Array`. Node's sockets and many programs hand over `Buffer`s, whose
 * `slice` does not copy; machines take all bytes to be what ECMAScript says.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
