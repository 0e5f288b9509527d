import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import type { DialectName } from '../dialect/dialect.js';
import { type Profile, profileOf, readRouterAddress, reference2020 } from '../dialect/profile.js';
import { type Endpoint, parseEndpoint } from '../ipv4/endpoint.js';
import { formatIPv4, parseIPv4 } from '../ipv4/ipv4.js';
import { formatIPv6, parseIPv6 } from '../ipv6/ipv6.js';
import { IPV6_ADDRESS_BYTES } from '../ipv6/predicates.js';
import { formatPrefix, parsePrefix } from '../ipv6/prefix.js';
import { type AddressKind, classify } from './classify.js';
import { isInvitationAt } from './invitation.js';

/** An IPv6 address taken apart. */
export interface DecodedAddress {
  readonly dialect: DialectName;
  /** The upper half, as `address/64`. */
  readonly prefix: string;
  /** The router that the upper half names, or null where the prefix is not a 6bed4 one. */
  readonly router: Endpoint | null;
  /** The endpoint that the lower half encodes, or null where it encodes none. */
  readonly peer: Endpoint | null;
  /** The bits left to the holder of the endpoint; null where the layout or the address has none. */
  readonly lanip: number | null;
  /** Whether the peer can always be reached directly (draft-03 §3.1). */
  readonly invitation: boolean;
  /** Whether the lower half may not be read (draft-03 §3.2). */
  readonly opaque: boolean;
  readonly kind: AddressKind;
}

/** The layout and constants to read or write with; a profile goes before a dialect. */
export interface AddressOptions {
  readonly dialect?: DialectName;
  readonly profile?: Profile;
}

/** The parts that {@link encodeAddress} puts together. */
export interface AddressParts {
  /** `address/64`. */
  readonly prefix: string;
  /** The endpoint, or `A.B.C.D:port`. */
  readonly peer: Endpoint | string;
  /**
   * 0..16383 in draft03, 0..65535 in draft00, absent or 0 in draft01; default 1 where there is one.
   */
  readonly lanip?: number;
}

const HALF_BITS = 64;

function profileIn(options: AddressOptions): Profile {
  if (options.profile !== undefined) return options.profile;
  return options.dialect === undefined ? reference2020 : profileOf(options.dialect);
}

/**
 * Takes an address apart.
 *
 * @param address - text, or 16 bytes
 * @throws InvalidArgumentError when it is no IPv6 address
 * @example
 * ```ts
 * decodeAddress('fc64:bed:c633:6401:c433:6402:e49e:8001').peer; // 198.51.100.2, 58526
 * ```
 */
export function decodeAddress(
  address: string | Uint8Array,
  options: AddressOptions = {},
): DecodedAddress {
  const profile = profileIn(options);
  const bytes = typeof address === 'string' ? parseIPv6(address) : address;
  if (bytes.length !== IPV6_ADDRESS_BYTES) {
    throw new InvalidArgumentError('address', `${bytes.length} bytes`, '16 bytes');
  }
  const { layout } = profile;
  const kind = classify(bytes, 0, profile);
  const router =
    kind === '6bed4'
      ? { address: formatIPv4(readRouterAddress(bytes, 0)), port: profile.port }
      : null;
  const opaque = layout.isOpaque(bytes, 0);
  const port = layout.readPort(bytes, 0);
  const ipv4 = layout.readAddress(bytes, 0);
  const peer = opaque || port === 0 || ipv4 === 0 ? null : { address: formatIPv4(ipv4), port };
  return {
    dialect: profile.dialect.name,
    prefix: formatPrefix({ bytes: Uint8Array.from(bytes).fill(0, 8), length: HALF_BITS }),
    router,
    peer,
    lanip: opaque || !layout.hasLanip ? null : layout.readLanip(bytes, 0),
    invitation: isInvitationAt(profile, bytes, 0),
    opaque,
    kind,
  };
}

/** Whether the address invites direct traffic: its router and its peer are one (draft-03 §3.1). */
export function isInvitation(address: string | Uint8Array, options: AddressOptions = {}): boolean {
  return decodeAddress(address, options).invitation;
}

/**
 * Puts an address together.
 *
 * @returns the address in the form of RFC 5952
 * @throws InvalidArgumentError naming the part that cannot be expressed
 * @example
 * ```ts
 * encodeAddress({ prefix: 'fc64:bed:c633:6401::/64', peer: '198.51.100.2:58526', lanip: 1 });
 * ```
 */
export function encodeAddress(parts: AddressParts, options: AddressOptions = {}): string {
  const { layout } = profileIn(options);
  const prefix = parsePrefix(parts.prefix);
  if (prefix.length !== HALF_BITS) {
    throw new InvalidArgumentError('prefix', parts.prefix, 'a prefix of /64');
  }
  const peer = typeof parts.peer === 'string' ? parseEndpoint(parts.peer) : parts.peer;
  const bytes = Uint8Array.from(prefix.bytes);
  const lanip = parts.lanip ?? (layout.hasLanip ? 1 : 0);
  layout.writeEndpoint(bytes, 0, parseIPv4(peer.address, 'peer'), peer.port, lanip);
  return formatIPv6(bytes);
}
