/**
 * Whether the IPv6 address at `offset` may travel from node to node: not multicast, not link-local,
 * and not one of ::/80 (unspecified, loopback, IPv4-compatible and IPv4-mapped; RFC 4291 §2.5, §2.7).
 */
export function isRoutable(bytes: Uint8Array, offset: number): boolean {
  const first = bytes[offset]!;
  if (first === 0xff) return false;
  if (first === 0xfe) return (bytes[offset + 1]! & 0xc0) !== 0x80;
  if (first !== 0) return true;
  for (let index = 1; index < 10; index++) {
    if (bytes[offset + index] !== 0) return true;
  }
  return false;
}

/** Whether the IPv6 address at `offset` is link-local unicast, fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocal(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === 0xfe && (bytes[offset + 1]! & 0xc0) === 0x80;
}

/** Whether the IPv6 address at `offset` is the unspecified one, `::`. */
export function isUnspecified(bytes: Uint8Array, offset: number): boolean {
  for (let index = 0; index < 16; index++) {
    if (bytes[offset + index] !== 0) return false;
  }
  return true;
}

/** Whether the IPv6 address at `offset` is multicast of link-local scope, ff02::/16. */
export function isLinkLocalMulticast(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === 0xff && (bytes[offset + 1]! & 0x0f) === 0x02;
}

/** Whether two 16-byte addresses are the same. */
export function sameAddress(
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
): boolean {
  for (let index = 0; index < 16; index++) {
    if (left[leftOffset + index] !== right[rightOffset + index]) return false;
  }
  return true;
}
