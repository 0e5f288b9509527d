import { formatIPv6, hashBytes } from '@6bed4/codec';
import { sameBytes } from './bytes.js';

const ADDRESS_BYTES = 16;
/** A power of two; some kilobytes in all. */
const PLACES = 256;
const HASH_MULTIPLIER = 0x9e37_79b1;

/** Texts of IPv6 addresses of senders, without building them again for each packet. */
export class AddressTexts {
  readonly #bytes = new Uint8Array(PLACES * ADDRESS_BYTES);
  readonly #texts: string[] = new Array<string>(PLACES).fill('::');

  /** The text of the address at `offset`, as in RFC 5952. */
  textAt(bytes: Uint8Array, offset: number): string {
    const place = placeOf(bytes, offset);
    const kept = place * ADDRESS_BYTES;
    if (!sameBytes(this.#bytes, kept, bytes, offset, ADDRESS_BYTES)) {
      for (let index = 0; index < ADDRESS_BYTES; index++) {
        this.#bytes[kept + index] = bytes[offset + index]!;
      }
      this.#texts[place] = formatIPv6(bytes, offset);
    }
    return this.#texts[place]!;
  }
}

function placeOf(bytes: Uint8Array, offset: number): number {
  const hash = hashBytes(bytes, offset, offset + ADDRESS_BYTES);
  return Math.imul(hash, HASH_MULTIPLIER) >>> 24;
}
