/**
 * @internal Writes the first 10 of the 16 bytes at `offset`, as they are in `fe80::`: the prefix, and what is zero
 * in the link-scoped form of draft-03 §3.
 */
export function writeLinkLocalPrefix(bytes: Uint8Array, offset: number): void {
  bytes[offset] = 0xfe;
  bytes[offset + 1] = 0x80;
  bytes.fill(0, offset + 2, offset + 10);
}
