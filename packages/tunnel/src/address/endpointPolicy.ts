import { isIPv4Loopback, isIPv4Private, isIPv4PrivateBlock, type UdpEndpoint } from '@6bed4/codec';

/** Ranges of IPv4 that are accepted besides the public ones. */
export interface EndpointPolicyOptions {
  /** 127.0.0.0/8: tests and demonstrations on one machine. */
  readonly allowLoopback: boolean;
  /** RFC 1918, RFC 6598 and link-local space: a router inside such a network. */
  readonly allowPrivate: boolean;
}

/**
 * The UDP/IPv4 endpoints that are ever sent to or accepted. An address under our prefix encodes an
 * endpoint of its holder's choice, so without this rule anyone could aim the router at loopback,
 * multicast or broadcast addresses (RFC 6169 §2, draft-04 §5.1).
 */
export class EndpointPolicy {
  readonly #allowLoopback: boolean;
  readonly #allowPrivate: boolean;

  constructor(options: EndpointPolicyOptions) {
    this.#allowLoopback = options.allowLoopback;
    this.#allowPrivate = options.allowPrivate;
  }

  /**
   * The policy that suits a node whose own IPv4 address is known: loopback talks to loopback and
   * private to private; a public node stays public.
   */
  static deduceFrom(
    ownAddress: number,
    choice: {
      readonly allowLoopback?: boolean | undefined;
      readonly allowPrivate?: boolean | undefined;
    },
  ): EndpointPolicy {
    const onLoopback = isIPv4Loopback(ownAddress);
    return new EndpointPolicy({
      allowLoopback: choice.allowLoopback ?? onLoopback,
      allowPrivate: choice.allowPrivate ?? (onLoopback || isIPv4Private(ownAddress)),
    });
  }

  /** Whether a node can be at this endpoint. */
  accepts(endpoint: Readonly<UdpEndpoint>): boolean {
    const { addressBits, port } = endpoint;
    const first = addressBits >>> 24;
    if (port === 0 || first === 0 || first >= 224) return false;
    if (first === 127) return this.#allowLoopback;
    return this.#allowPrivate || !isIPv4PrivateBlock(first, (addressBits >>> 16) & 255);
  }
}
