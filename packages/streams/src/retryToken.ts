import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Milliseconds within which a client has to come back with its token. */
const LIFETIME = 15_000;
const TIME_BYTES = 6;
const MAC_BYTES = 16;

/**
 * Tokens that validate the address of a client (RFC 9000 §8.1.2). They hold all that a listening
 * endpoint has to know, so that it keeps nothing for clients that did not answer yet.
 *
 * ```text
 * +-----------------+----------------------------------+----------------+
 * | time, 6 bytes   | original connection id           | MAC, 16 bytes  |
 * +-----------------+----------------------------------+----------------+
 * ```
 */
export class RetryTokens {
  readonly #key = randomBytes(32);
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * @param original - connection id that the client chose
   * @param chosen - connection id that it is asked to use instead
   * @param from - the client's address and port
   */
  issue(original: Uint8Array, chosen: Uint8Array, from: string): Buffer {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUIntBE(this.#now(), 0, TIME_BYTES);
    const claim = Buffer.concat([time, original]);
    return Buffer.concat([claim, this.#mac(claim, chosen, from)]);
  }

  /** The connection id that the client chose at first, or null when the token is not ours, too old or another's. */
  verify(token: Uint8Array, chosen: Uint8Array, from: string): Buffer | null {
    const bytes = Buffer.from(token.buffer, token.byteOffset, token.byteLength);
    if (bytes.length <= TIME_BYTES + MAC_BYTES) return null;
    const claim = bytes.subarray(0, bytes.length - MAC_BYTES);
    const mac = bytes.subarray(bytes.length - MAC_BYTES);
    if (!timingSafeEqual(mac, this.#mac(claim, chosen, from))) return null;
    if (this.#now() - claim.readUIntBE(0, TIME_BYTES) > LIFETIME) return null;
    return Buffer.from(claim.subarray(TIME_BYTES));
  }

  #mac(claim: Uint8Array, chosen: Uint8Array, from: string): Buffer {
    const mac = createHmac('sha256', this.#key);
    mac.update(Buffer.of(chosen.length)).update(chosen).update(claim).update(from);
    return mac.digest().subarray(0, MAC_BYTES);
  }
}
