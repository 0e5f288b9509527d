import { isIPv6Routable } from '@6bed4/codec';
import {
  buildIcmpError,
  copyBytes,
  DESTINATION_OFFSET,
  EXCEEDED_HOP_LIMIT,
  type IcmpError,
  mayCauseIcmpError,
  SOURCE_OFFSET,
  UNREACHABLE_ADDRESS,
  UNREACHABLE_NO_ROUTE,
  UNREACHABLE_PORT,
  UNREACHABLE_SOURCE_POLICY,
} from '@6bed4/nd';
import { ICMP_ERROR_RATE } from '../defaults.js';
import { Drop, type DropCode } from '../report/drop.js';
import { TUNNEL_MTU } from '../specification.js';
import { RateLimiter } from './rateLimiter.js';

/** The ICMPv6 error about a dropped packet (RFC 4443 §3); null where there is none. */
function describe(
  drop: DropCode,
):
  | { readonly type: 'packet-too-big'; readonly mtu: number }
  | { readonly type: 'time-exceeded' | 'destination-unreachable'; readonly code: number }
  | null {
  switch (drop) {
    case Drop.tooBig:
      return { type: 'packet-too-big', mtu: TUNNEL_MTU };
    case Drop.hopLimitExceeded:
      return { type: 'time-exceeded', code: EXCEEDED_HOP_LIMIT };
    case Drop.noRoute:
      return { type: 'destination-unreachable', code: UNREACHABLE_NO_ROUTE };
    case Drop.destinationNotEndpoint:
    case Drop.noDirectPath:
      return { type: 'destination-unreachable', code: UNREACHABLE_ADDRESS };
    case Drop.noListener:
      return { type: 'destination-unreachable', code: UNREACHABLE_PORT };
    case Drop.sourceEndpointRefused:
      return { type: 'destination-unreachable', code: UNREACHABLE_SOURCE_POLICY };
    default:
      return null;
  }
}

/** Builds ICMPv6 errors where RFC 4443 §2.4 allows one, each receiver at a limited rate. */
export class IcmpErrors {
  readonly #limiter: RateLimiter;

  constructor(random: () => number, buckets?: number) {
    this.#limiter = new RateLimiter(ICMP_ERROR_RATE, random, buckets);
  }

  /**
   * The error about a packet, to its source.
   *
   * @param drop - why it was dropped
   * @param source - 16 bytes; the address that reports it
   * @param receiver - key of the rate limit: the IPv4 address (int32) that the error goes to, or another number
   *   for the local side
   * @param port - its UDP port there; 0 for the local side
   * @returns an IPv6 packet; `null` when there is none for this reason, or RFC 4443 §2.4 (e) forbids
   *   one; `'withheld'` when the receiver had enough of them (RFC 4443 §2.4 (f))
   */
  build(
    drop: DropCode,
    source: Uint8Array,
    bytes: Uint8Array,
    offset: number,
    length: number,
    receiver: number,
    now: number,
    port: number,
  ): Uint8Array | 'withheld' | null {
    const description = describe(drop);
    if (description === null || !isIPv6Routable(bytes, offset + SOURCE_OFFSET)) return null;
    if (!mayCauseIcmpError(bytes, offset, length)) return null;
    if (!this.#limiter.allows(receiver, now, port)) return 'withheld';
    const error: IcmpError = {
      ...description,
      source,
      destination: copyBytes(bytes, offset + SOURCE_OFFSET, offset + DESTINATION_OFFSET),
      invoking: copyBytes(bytes, offset, offset + length),
    } as IcmpError;
    return buildIcmpError(error);
  }
}
