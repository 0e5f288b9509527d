import type { RemoteInfo } from 'node:dgram';
import { formatIPv6, hashBytes, IPV6_ADDRESS_BYTES, sameIPv6Address } from '@6bed4/codec';

/** Number of entries, 2^8: some kilobytes in all. */
const ENTRIES = 256;
const HASH_MULTIPLIER = 0x9e37_79b1;

/** A cache of texts of sender addresses, so that they need not be formatted for each packet. */
export class AddressTextCache {
  readonly #bytes = new Uint8Array(ENTRIES * IPV6_ADDRESS_BYTES);
  readonly #texts: string[] = new Array<string>(ENTRIES).fill('::');
  readonly #onNew: (bytes: Uint8Array, offset: number) => void;

  /** @param onNew - called for an address that is not in the cache */
  constructor(onNew: (bytes: Uint8Array, offset: number) => void) {
    this.#onNew = onNew;
  }

  /** The text of the address at `offset`, as in RFC 5952. */
  textAt(bytes: Uint8Array, offset: number): string {
    const entry = entryOf(bytes, offset);
    const cached = entry * IPV6_ADDRESS_BYTES;
    if (!sameIPv6Address(this.#bytes, cached, bytes, offset)) {
      for (let index = 0; index < IPV6_ADDRESS_BYTES; index++) {
        this.#bytes[cached + index] = bytes[offset + index]!;
      }
      this.#texts[entry] = formatIPv6(bytes, offset);
      this.#onNew(bytes, offset);
    }
    return this.#texts[entry]!;
  }
}

/** The second argument of the event `message`. */
export function remoteInfo(address: string, port: number, size: number): RemoteInfo {
  return { address, family: 'IPv6', port, size };
}

function entryOf(bytes: Uint8Array, offset: number): number {
  const hash = hashBytes(bytes, offset, offset + IPV6_ADDRESS_BYTES);
  return Math.imul(hash, HASH_MULTIPLIER) >>> 24;
}
