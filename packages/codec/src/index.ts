/**
 * 6bed4 addresses: UDP/IPv4 endpoints inside IPv6 addresses, in every layout that was ever deployed.
 * {@link decodeAddress} and {@link encodeAddress} work on text and objects; an {@link AddressLayout}
 * works on bytes and numbers without allocating.
 *
 * @packageDocumentation
 */
export {
  type AddressOptions,
  type AddressParts,
  type DecodedAddress,
  decodeAddress,
  encodeAddress,
  isInvitation,
} from './address/address.js';
export { type AddressKind, classify } from './address/classify.js';
export { completePrefix } from './ipv6/completion.js';
export { type Dialect, dialects, layoutOf, parseDialect } from './dialect/dialect.js';
export { type Endpoint, formatEndpoint, parseEndpoint } from './ipv4/endpoint.js';
export { CodecError } from './arguments/invalidArgumentError.js';
export {
  formatIPv4,
  isLoopback,
  isMulticast,
  isPrivate,
  isPrivateBlock,
  isReserved,
  isUnspecifiedRange,
  parseIPv4,
} from './ipv4/ipv4.js';
export { formatIPv6, parseIPv6 } from './ipv6/ipv6.js';
export type { AddressLayout } from './layouts/layout.js';
export { draft00 } from './layouts/draft00.js';
export { draft01 } from './layouts/draft01.js';
export { draft03 } from './layouts/draft03.js';
export { formatPrefix, type Prefix, parsePrefix, prefixContains } from './ipv6/prefix.js';
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
} from './dialect/profile.js';
export { UdpEndpoint } from './ipv4/udpEndpoint.js';
