import { hashBytes } from '@6bed4/codec';
import {
  buildEcho,
  buildIcmpError,
  copyBytes,
  DESTINATION_OFFSET,
  type DestinationUnreachable,
  mayCauseIcmpError,
  parseEcho,
  parseIcmpError,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { RateLimiter } from '@6bed4/tunnel';
import type { SystemErrorCode } from './dgramErrors.js';
import type { LayerCounters } from './layerCounters.js';

const HOP_LIMIT = 64;
const ADDRESS_BYTES = 16;
/** Errors to one sender (RFC 4443 §2.4 (f)). */
const ERROR_RATE = { perSecond: 10, burst: 10 } as const;
const LIMITER_BUCKETS = 256;
const HIGHEST_UINT16 = 0xffff;
/**
 * What codes of Destination Unreachable mean to a connected socket (RFC 4443 §3.1). That there is no
 * way at the moment is no reason to give up (RFC 1122 §4.1.3.3), so the others are kept from it.
 */
const UNREACHABLE_ERRORS: ReadonlyMap<number, SystemErrorCode> = new Map([
  [1, 'EACCES'],
  [4, 'ECONNREFUSED'],
  [5, 'EACCES'],
  [6, 'EACCES'],
]);

/** The part of ICMPv6 that a node with UDP sockets needs (RFC 4443). */
export class IcmpResponder {
  readonly #clock: () => number;
  readonly #counters: LayerCounters;
  readonly #limiter: RateLimiter;
  /** Of our own echo requests. */
  readonly #identifier: number;
  #sequence = 0;

  constructor(random: () => number, clock: () => number, counters: LayerCounters) {
    this.#clock = clock;
    this.#counters = counters;
    this.#limiter = new RateLimiter(ERROR_RATE, random, LIMITER_BUCKETS);
    this.#identifier = Math.floor(random() * (HIGHEST_UINT16 + 1));
  }

  /**
   * The error about a packet that nobody here takes; null where there must be none.
   *
   * @param code - of Destination Unreachable
   */
  buildUnreachable(
    code: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): Uint8Array | null {
    if (!mayCauseIcmpError(bytes, offset, length)) return null;
    const sender = offset + SOURCE_OFFSET;
    if (!this.#limiter.allows(hashBytes(bytes, sender, sender + ADDRESS_BYTES), this.#clock())) {
      this.#counters.errorsWithheld++;
      return null;
    }
    this.#counters.errorsSent++;
    const error: DestinationUnreachable = {
      type: 'destination-unreachable',
      code,
      source: copyBytes(
        bytes,
        offset + DESTINATION_OFFSET,
        offset + DESTINATION_OFFSET + ADDRESS_BYTES,
      ),
      destination: copyBytes(bytes, offset + SOURCE_OFFSET, offset + SOURCE_OFFSET + ADDRESS_BYTES),
      invoking: copyBytes(bytes, offset, offset + length),
    };
    return buildIcmpError(error);
  }

  /** The packet that an error quotes, and what that means to who sent it; null if nothing. */
  readError(
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): { readonly invoking: Uint8Array; readonly code: SystemErrorCode } | null {
    const parsed = parseIcmpError(bytes, offset, length);
    if (!parsed.ok) return null;
    const { value } = parsed;
    if (value.type !== 'destination-unreachable') return null;
    const code = UNREACHABLE_ERRORS.get(value.code);
    return code === undefined ? null : { invoking: value.invoking, code };
  }

  /**
   * The answer to an echo request (RFC 4443 §4.2).
   *
   * @returns `taken` for the answer to a request of ours, null for what is neither
   */
  answerEcho(bytes: Uint8Array, offset: number, length: number): Uint8Array | 'taken' | null {
    const parsed = parseEcho(bytes, offset, length);
    if (!parsed.ok) return null;
    const echo = parsed.value;
    if (echo.type === 'echo-reply') return echo.identifier === this.#identifier ? 'taken' : null;
    this.#counters.echoesAnswered++;
    return buildEcho({
      ...echo,
      type: 'echo-reply',
      source: echo.destination,
      destination: echo.source,
      hopLimit: HOP_LIMIT,
    });
  }

  /** An echo request of ours, without data; each address 16 bytes. */
  buildEchoRequest(source: Uint8Array, destination: Uint8Array): Uint8Array {
    this.#sequence = (this.#sequence + 1) & HIGHEST_UINT16;
    return buildEcho({
      type: 'echo-request',
      source,
      destination,
      hopLimit: HOP_LIMIT,
      identifier: this.#identifier,
      sequence: this.#sequence,
      data: new Uint8Array(0),
    });
  }
}
