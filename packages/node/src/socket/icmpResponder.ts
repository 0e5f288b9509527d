import { hashBytes, IPV6_ADDRESS_BYTES } from '@6bed4/codec';
import {
  buildEcho,
  buildIcmpError,
  copyBytes,
  DEFAULT_HOP_LIMIT,
  DESTINATION_OFFSET,
  type DestinationUnreachable,
  echoReplyTo,
  type IcmpErrorBase,
  mayCauseIcmpError,
  type ParameterProblem,
  parseEcho,
  parseIcmpError,
  SOURCE_OFFSET,
  type TimeExceeded,
  UNREACHABLE_PORT,
  UNREACHABLE_PROHIBITED,
  UNREACHABLE_ROUTE_REJECTS,
  UNREACHABLE_SOURCE_POLICY,
} from '@6bed4/nd';
import { RateLimiter } from '@6bed4/tunnel';
import type { SystemErrorCode } from './dgramErrors.js';
import type { LayerCounters } from './layerCounters.js';

/** Rate limit of errors to one sender (RFC 4443 §2.4 (f)). */
const ERROR_RATE = { perSecond: 10, burst: 10 } as const;
const LIMITER_BUCKETS = 256;
const HIGHEST_UINT16 = 0xffff;
/**
 * Errors of a connected socket by the code of Destination Unreachable (RFC 4443 §3.1). The other codes
 * may be transient, so they are not reported (RFC 1122 §4.1.3.3).
 */
const UNREACHABLE_ERRORS: ReadonlyMap<number, SystemErrorCode> = new Map([
  [UNREACHABLE_PROHIBITED, 'EACCES'],
  [UNREACHABLE_PORT, 'ECONNREFUSED'],
  [UNREACHABLE_SOURCE_POLICY, 'EACCES'],
  [UNREACHABLE_ROUTE_REJECTS, 'EACCES'],
]);

/** An ICMPv6 error without its addresses and the packet that it is about. */
export type ErrorKind =
  | Omit<DestinationUnreachable, keyof IcmpErrorBase>
  | Omit<TimeExceeded, keyof IcmpErrorBase>
  | Omit<ParameterProblem, keyof IcmpErrorBase>;

/** The part of ICMPv6 that a node with UDP sockets needs (RFC 4443). */
export class IcmpResponder {
  readonly #clock: () => number;
  readonly #counters: LayerCounters;
  readonly #limiter: RateLimiter;
  /** Identifier of own echo requests. */
  readonly #identifier: number;
  #sequence = 0;

  constructor(random: () => number, clock: () => number, counters: LayerCounters) {
    this.#clock = clock;
    this.#counters = counters;
    this.#limiter = new RateLimiter(ERROR_RATE, random, LIMITER_BUCKETS);
    this.#identifier = Math.floor(random() * (HIGHEST_UINT16 + 1));
  }

  /**
   * Builds the error about a packet; null where none may be sent.
   *
   * @param kind - the fields of the error that are not the same in all
   */
  buildError(
    kind: ErrorKind,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): Uint8Array | null {
    if (!mayCauseIcmpError(bytes, offset, length)) return null;
    const sender = offset + SOURCE_OFFSET;
    if (
      !this.#limiter.allows(hashBytes(bytes, sender, sender + IPV6_ADDRESS_BYTES), this.#clock())
    ) {
      this.#counters.errorsWithheld++;
      return null;
    }
    this.#counters.errorsSent++;
    return buildIcmpError({
      ...kind,
      source: copyBytes(
        bytes,
        offset + DESTINATION_OFFSET,
        offset + DESTINATION_OFFSET + IPV6_ADDRESS_BYTES,
      ),
      destination: copyBytes(
        bytes,
        offset + SOURCE_OFFSET,
        offset + SOURCE_OFFSET + IPV6_ADDRESS_BYTES,
      ),
      invoking: copyBytes(bytes, offset, offset + length),
    });
  }

  /** Reads the packet that an error quotes, and the error to report to its sender; null for none. */
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
   * Builds the reply to an echo request (RFC 4443 §4.2).
   *
   * @returns `own-reply` for the reply to an own request; null for any other packet
   */
  handleEcho(bytes: Uint8Array, offset: number, length: number): Uint8Array | 'own-reply' | null {
    const parsed = parseEcho(bytes, offset, length);
    if (!parsed.ok) return null;
    const echo = parsed.value;
    if (echo.type === 'echo-reply') {
      return echo.identifier === this.#identifier ? 'own-reply' : null;
    }
    this.#counters.echoesAnswered++;
    return buildEcho(echoReplyTo(echo));
  }

  /** Builds an own echo request without data; each address has 16 bytes. */
  buildEchoRequest(source: Uint8Array, destination: Uint8Array): Uint8Array {
    this.#sequence = (this.#sequence + 1) & HIGHEST_UINT16;
    return buildEcho({
      type: 'echo-request',
      source,
      destination,
      hopLimit: DEFAULT_HOP_LIMIT,
      identifier: this.#identifier,
      sequence: this.#sequence,
      data: new Uint8Array(0),
    });
  }
}
