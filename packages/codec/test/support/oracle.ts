/** Slow and obvious: addresses as 128-bit integers, fields by shifting. */

/** A field of an address, from bit `from` (0 is the highest) over `width` bits. */
export function field(address: bigint, from: number, width: number): bigint {
  return (address >> BigInt(128 - from - width)) & ((1n << BigInt(width)) - 1n);
}

/** The 16 bytes at `offset` as an integer. */
export function toBigInt(bytes: Uint8Array, offset = 0): bigint {
  let address = 0n;
  for (const byte of bytes.subarray(offset, offset + 16)) address = (address << 8n) | BigInt(byte);
  return address;
}

/** An integer as 16 bytes. */
export function toBytes(address: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) =>
    Number((address >> BigInt(120 - 8 * index)) & 255n),
  );
}

/** The lower half of an endpoint, as the drafts draw it. */
export const lowerHalf = {
  draft00: (ipv4: bigint, port: bigint, iid: bigint): bigint => (ipv4 << 32n) | (port << 16n) | iid,
  draft01: (ipv4: bigint, port: bigint): bigint => {
    const portLow = (port & 255n) ^ 2n;
    const portHigh = port >> 8n;
    return (
      (portLow << 56n) |
      (portHigh << 48n) |
      ((ipv4 >> 24n) << 40n) |
      (0xfffen << 24n) |
      (ipv4 & 0xff_ffffn)
    );
  },
  draft03: (ipv4: bigint, port: bigint, lanip: bigint): bigint =>
    ((ipv4 >> 26n) << 58n) |
    ((ipv4 & 0xff_ffffn) << 32n) |
    (port << 16n) |
    (((ipv4 >> 24n) & 3n) << 14n) |
    lanip,
} as const;
