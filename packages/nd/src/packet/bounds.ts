/** @internal Whether `length` bytes from `offset` on are there. */
export function isInside(bytes: Uint8Array, offset: number, length: number): boolean {
  return offset >= 0 && length >= 0 && offset + length <= bytes.length;
}
