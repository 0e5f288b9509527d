import {
  buildIcmpError,
  copyBytes,
  DESTINATION_OFFSET,
  type IcmpError,
  mayCauseIcmpError,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { ICMP_ERROR_RATE } from './defaults.js';
import { RateLimiter } from './rateLimiter.js';
import { isRoutable } from './scope.js';
import { TUNNEL_MTU } from './specification.js';

/** Destination Unreachable codes that a tunnel has use for (RFC 4443 §3.1). */
const NO_ROUTE = 0;
const ADDRESS_UNREACHABLE = 3;
const PORT_UNREACHABLE = 4;
/** Time Exceeded, hop limit exceeded in transit (RFC 4443 §3.3). */
const HOP_LIMIT_EXCEEDED = 0;

/** Why a packet is sent back. */
export type IcmpCause =
  | 'no-route'
  | 'address-unreachable'
  | 'port-unreachable'
  | 'packet-too-big'
  | 'hop-limit-exceeded';

function describe(
  cause: IcmpCause,
):
  | { type: 'packet-too-big'; mtu: number }
  | { type: 'time-exceeded' | 'destination-unreachable'; code: number } {
  switch (cause) {
    case 'packet-too-big':
      return { type: 'packet-too-big', mtu: TUNNEL_MTU };
    case 'hop-limit-exceeded':
      return { type: 'time-exceeded', code: HOP_LIMIT_EXCEEDED };
    case 'no-route':
      return { type: 'destination-unreachable', code: NO_ROUTE };
    case 'address-unreachable':
      return { type: 'destination-unreachable', code: ADDRESS_UNREACHABLE };
    case 'port-unreachable':
      return { type: 'destination-unreachable', code: PORT_UNREACHABLE };
  }
}

/** Builds ICMPv6 errors where RFC 4443 §2.4 allows one, each receiver at a limited rate. */
export class IcmpErrors {
  readonly #limiter: RateLimiter;

  constructor(random: () => number) {
    this.#limiter = new RateLimiter(ICMP_ERROR_RATE, random);
  }

  /**
   * The error about a packet, to its source.
   *
   * @param cause - what went wrong
   * @param source - 16 bytes; the address that reports it
   * @param receiver - key of the rate limit: the IPv4 address (uint32) that the error goes to, or 0
   *   for the local side
   * @returns an IPv6 packet; `null` when RFC 4443 §2.4 (e) forbids one; `'withheld'` when the receiver
   *   had enough of them (RFC 4443 §2.4 (f))
   */
  build(
    cause: IcmpCause,
    source: Uint8Array,
    bytes: Uint8Array,
    offset: number,
    length: number,
    receiver: number,
    now: number,
  ): Uint8Array | 'withheld' | null {
    if (!isRoutable(bytes, offset + SOURCE_OFFSET)) return null;
    if (!mayCauseIcmpError(bytes, offset, length)) return null;
    if (!this.#limiter.allows(receiver, now)) return 'withheld';
    const error: IcmpError = {
      ...describe(cause),
      source,
      destination: copyBytes(bytes, offset + SOURCE_OFFSET, offset + DESTINATION_OFFSET),
      invoking: copyBytes(bytes, offset, offset + length),
    } as IcmpError;
    return buildIcmpError(error);
  }
}
