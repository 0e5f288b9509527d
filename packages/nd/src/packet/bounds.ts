/** @internal Whether `length` bytes, not fewer than none, are there from `offset` on. */
export function isInside(bytes: Uint8Array, offset: number, length: number): boolean {
  return offset >= 0 && offset + length <= bytes.length;
}
