/** @internal Writes `fe80::` over the 16 bytes at `offset`. */
export function writeLinkLocalPrefix(bytes: Uint8Array, offset: number): void {
  bytes[offset] = 0xfe;
  bytes[offset + 1] = 0x80;
  bytes.fill(0, offset + 2, offset + 16);
}
