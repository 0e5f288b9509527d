import { hashBytes } from '@6bed4/codec';
import { IPV6_HEADER_LENGTH, SecretHash, SOURCE_OFFSET } from '@6bed4/nd';
import { RATE_LIMITER_BUCKETS } from '../defaults.js';
import { DISTANT_PAST } from '../time.js';

const MILLISECONDS_PER_SECOND = 1000;

/** Token bucket for a rate that all share: so many a second, and a burst after an idle time. */
export class TokenBucket {
  readonly #perMillisecond: number;
  readonly #burst: number;
  #tokens: number;
  #updatedAt = DISTANT_PAST;

  constructor(rate: { readonly perSecond: number; readonly burst: number }) {
    this.#perMillisecond = rate.perSecond / MILLISECONDS_PER_SECOND;
    this.#burst = rate.burst;
    this.#tokens = rate.burst;
  }

  /** Takes a token at `now` milliseconds, if there is one. */
  allows(now: number): boolean {
    const saved = Math.max(0, now - this.#updatedAt) * this.#perMillisecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + saved);
    this.#updatedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/**
 * Token buckets for answers to unknown senders, one per sender, in a table of fixed size: a
 * sender that comes too often runs dry without starving the others. Senders that fall into the same
 * bucket share it; which ones do depends on a `SecretHash`, so nobody can choose a victim to share
 * with.
 */
export class RateLimiter {
  readonly #tokens: Float64Array;
  readonly #updatedAt: Float64Array;
  readonly #perMillisecond: number;
  readonly #burst: number;
  readonly #hash: SecretHash;

  /**
   * @param rate - tokens a second and the most that an idle sender can save up
   * @param random - numbers in [0, 1) that attackers cannot predict
   * @param buckets - a power of two, 2..65536; 16 bytes each
   */
  constructor(
    rate: { readonly perSecond: number; readonly burst: number },
    random: () => number,
    buckets: number = RATE_LIMITER_BUCKETS,
  ) {
    this.#tokens = new Float64Array(buckets).fill(rate.burst);
    this.#updatedAt = new Float64Array(buckets).fill(DISTANT_PAST);
    this.#perMillisecond = rate.perSecond / MILLISECONDS_PER_SECOND;
    this.#burst = rate.burst;
    this.#hash = new SecretHash(Math.log2(buckets), random);
  }

  /**
   * Takes a token of a sender at `now` in milliseconds, if there is one.
   *
   * @param key - the sender's IPv4 address as int32, or another number for it
   * @param port - its UDP port, where each endpoint has a rate of its own
   */
  allows(key: number, now: number, port = 0): boolean {
    const bucket = this.#hash.bucketOf(key, port);
    const saved = (now - this.#updatedAt[bucket]!) * this.#perMillisecond;
    const tokens = Math.min(this.#burst, this.#tokens[bucket]! + Math.max(0, saved));
    this.#updatedAt[bucket] = now;
    if (tokens < 1) {
      this.#tokens[bucket] = tokens;
      return false;
    }
    this.#tokens[bucket] = tokens - 1;
    return true;
  }
}

/**
 * A key for the local side of a tunnel: both IPv6 addresses of a packet hashed to int32, so that one
 * conversation that runs dry leaves the others their errors.
 */
export function flowKey(bytes: Uint8Array, offset: number): number {
  return hashBytes(bytes, offset + SOURCE_OFFSET, offset + IPV6_HEADER_LENGTH);
}
