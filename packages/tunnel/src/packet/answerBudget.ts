import type { UdpEndpoint } from '@6bed4/codec';
import { SecretHash } from '@6bed4/nd';
import { ANSWER_BUDGET_LIMIT, RATE_LIMITER_BUCKETS } from '../defaults.js';
import { OUTER_HEADERS } from '../specification.js';

/**
 * Bounds the bytes of answers to senders that have not shown that they are where their datagrams say: no
 * endpoint is sent more than came from there, so nobody gains by forging an IPv4 source address (RFC 8085
 * §6). A frame that may cause an answer earns its bytes; an answer that costs more than was earned has to
 * wait for the next one. All bytes count with their IPv4 and UDP headers.
 *
 * Endpoints that fall into the same bucket share it, and none can be chosen to do so. That starves nobody,
 * since each one brings what it takes.
 */
export class AnswerBudget {
  readonly #bytes: Float64Array;
  readonly #hash: SecretHash;

  /**
   * @param random - numbers in [0, 1) that attackers cannot predict
   * @param buckets - a power of two, 2..65536; 8 bytes each
   */
  constructor(random: () => number, buckets: number = RATE_LIMITER_BUCKETS) {
    this.#bytes = new Float64Array(buckets);
    this.#hash = new SecretHash(Math.log2(buckets), random);
  }

  /** A frame of `length` bytes, which may cause an answer, came from an endpoint. */
  earn(from: Readonly<UdpEndpoint>, length: number): void {
    const bucket = this.#hash.bucketOf(from.addressBits, from.port);
    const earned = this.#bytes[bucket]! + length + OUTER_HEADERS;
    this.#bytes[bucket] = Math.min(earned, ANSWER_BUDGET_LIMIT);
  }

  /** Takes the price of an answer of `length` bytes to an endpoint, if that was earned. */
  spend(to: Readonly<UdpEndpoint>, length: number): boolean {
    const bucket = this.#hash.bucketOf(to.addressBits, to.port);
    const left = this.#bytes[bucket]! - length - OUTER_HEADERS;
    if (left < 0) return false;
    this.#bytes[bucket] = left;
    return true;
  }
}
