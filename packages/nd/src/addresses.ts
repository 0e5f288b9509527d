/** @internal Whether the 16 bytes at `offset` are `::`. */
export function isUnspecified(bytes: Uint8Array, offset: number): boolean {
  for (let index = 0; index < 16; index++) {
    if (bytes[offset + index] !== 0) return false;
  }
  return true;
}

/** @internal Whether the address at `offset` is multicast, ff00::/8. */
export function isMulticast(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === 0xff;
}

/** @internal Whether the address at `offset` is link-local, fe80::/10. */
export function isLinkLocal(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === 0xfe && (bytes[offset + 1]! & 0xc0) === 0x80;
}

const SOLICITED_NODE = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff);

/** @internal Whether the address at `offset` is ff02::1:ff00:0/104 (RFC 4291 §2.7.1). */
export function isSolicitedNodeMulticast(bytes: Uint8Array, offset: number): boolean {
  for (let index = 0; index < SOLICITED_NODE.length; index++) {
    if (bytes[offset + index] !== SOLICITED_NODE[index]) return false;
  }
  return true;
}

/** @internal Whether two addresses are the same 16 bytes. */
export function sameAddress(a: Uint8Array, at: number, b: Uint8Array, bt: number): boolean {
  for (let index = 0; index < 16; index++) {
    if (a[at + index] !== b[bt + index]) return false;
  }
  return true;
}
