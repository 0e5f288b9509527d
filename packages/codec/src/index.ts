/**
 * 6bed4 addresses: UDP/IPv4 endpoints inside IPv6 addresses, in every layout that was ever deployed.
 * {@link decodeAddress} and {@link encodeAddress} work on text and objects; an {@link AddressLayout}
 * works on bytes and numbers without allocating.
 *
 * @packageDocumentation
 */

export { isInvitationAt } from './address/invitation.js';
export {
  type AddressOptions,
  type AddressParts,
  type DecodedAddress,
  decodeAddress,
  encodeAddress,
  isInvitation,
} from './address.js';
export { hashBytes } from './bytes/hashBytes.js';
export { type AddressKind, classify } from './classify.js';
export { completePrefix } from './completion.js';
export { type Dialect, dialects, layoutOf, parseDialect } from './dialect.js';
export { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.js';
export { CodecError } from './errors.js';
export {
  formatIPv4,
  isLoopback,
  isMulticast,
  isPrivate,
  isPrivateBlock,
  isReserved,
  isUnspecifiedRange,
  parseIPv4,
} from './ipv4.js';
export { formatIPv6, parseIPv6 } from './ipv6.js';
export type { AddressLayout } from './layout.js';
export { draft00 } from './layouts/draft00.js';
export { draft01 } from './layouts/draft01.js';
export { draft03 } from './layouts/draft03.js';
export { formatPrefix, type Prefix, parsePrefix, prefixContains } from './prefix.js';
export {
  defineProfile,
  draft00Profile,
  draft01Profile,
  draft02Profile,
  draft04Profile,
  findProfile,
  is6bed4Prefixed,
  type Profile,
  type ProfileDefinition,
  profileOf,
  readRouterAddress,
  reference2020,
} from './profile.js';
export { UdpEndpoint } from './udpEndpoint.js';
