import type { RouterPreference } from './routerPreference.js';

/**
 * The link-layer address of the sender or of the target (RFC 4861 §4.6.1). 6bed4 puts an endpoint
 * there.
 */
export interface LinkLayerOption {
  /** The option's type, which says whether it is the address of the source or of the target. */
  readonly type: 'source-link-layer' | 'target-link-layer';
  /** With its padding: 6, 14, 22, … bytes. */
  readonly address: Uint8Array;
}

/** A prefix to make addresses from, or that is on this link (RFC 4861 §4.6.2). */
export interface PrefixInformationOption {
  /** Option type 3. */
  readonly type: 'prefix-information';
  /** Bits, 0..128. */
  readonly prefixLength: number;
  /** L: addresses in the prefix are on this link. */
  readonly onLink: boolean;
  /** A: hosts may make addresses from the prefix. */
  readonly autonomous: boolean;
  /** Seconds, 0..0xffffffff; 0xffffffff for ever. */
  readonly validLifetime: number;
  /** Seconds, 0..0xffffffff; 0xffffffff for ever. */
  readonly preferredLifetime: number;
  /** 16 bytes; bits beyond the length are neither sent nor read, and count as zero. */
  readonly prefix: Uint8Array;
}

/** The redirected packet (RFC 4861 §4.6.3). */
export interface RedirectedHeaderOption {
  /** Option type 4. */
  readonly type: 'redirected-header';
  /** The packet from its IPv6 header on; when built, cut to a multiple of 8 bytes that fits. */
  readonly packet: Uint8Array;
}

/** The MTU of the link (RFC 4861 §4.6.4). */
export interface MtuOption {
  /** Option type 5. */
  readonly type: 'mtu';
  /** Bytes, 0..0xffffffff. */
  readonly mtu: number;
}

/** The time at which the message was sent (RFC 3971 §5.3.1). */
export interface TimestampOption {
  /** Option type 13. */
  readonly type: 'timestamp';
  /** 48 bits of seconds since 1970, then 16 bits of their fraction. */
  readonly timestamp: bigint;
}

/** A number that ties an advertisement to its solicitation (RFC 3971 §5.3.2). */
export interface NonceOption {
  /** Option type 14. */
  readonly type: 'nonce';
  /** 6, 14, 22, … bytes. */
  readonly nonce: Uint8Array;
}

/** A more specific route (RFC 4191 §2.3). */
export interface RouteInformationOption {
  /** Option type 24. */
  readonly type: 'route-information';
  /** Bits, 0..128. */
  readonly prefixLength: number;
  /** Against other routers that offer this route. */
  readonly preference: RouterPreference;
  /** Seconds, 0..0xffffffff; 0xffffffff for ever. */
  readonly lifetime: number;
  /** 16 bytes; bits beyond the length are neither sent nor read, and count as zero. */
  readonly prefix: Uint8Array;
}

/** Recursive DNS servers (RFC 8106 §5.1). */
export interface RdnssOption {
  /** Option type 25. */
  readonly type: 'rdnss';
  /** Seconds, 0..0xffffffff; 0xffffffff for ever. */
  readonly lifetime: number;
  /** 1..127 addresses of 16 bytes. */
  readonly servers: readonly Uint8Array[];
}

/** Any other option, and any of the above with a length that is not its own; kept as it is. */
export interface UnknownOption {
  /** Not an option type that this package reads. */
  readonly type: 'unknown';
  /** Option type, 0..255. */
  readonly code: number;
  /** Without the type and length bytes: 6, 14, 22, … bytes. */
  readonly body: Uint8Array;
}

/** An option of a Neighbor Discovery message (RFC 4861 §4.6). */
export type NdOption =
  | (LinkLayerOption & { readonly type: 'source-link-layer' })
  | (LinkLayerOption & { readonly type: 'target-link-layer' })
  | PrefixInformationOption
  | RedirectedHeaderOption
  | MtuOption
  | TimestampOption
  | NonceOption
  | RouteInformationOption
  | RdnssOption
  | UnknownOption;
