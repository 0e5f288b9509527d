/**
 * 6bed4 addresses: UDP/IPv4 endpoints inside IPv6 addresses, in every layout ever deployed.
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
export { isInvitationAt } from './address/invitation.js';
export { InvalidArgumentError } from './arguments/invalidArgumentError.js';
export {
  checkInteger,
  checkPort,
  HIGHEST_NETID,
  HIGHEST_PORT,
  HIGHEST_TTL,
} from './arguments/ranges.js';
export {
  readInt32,
  readUint16,
  readUint32,
  writeUint16,
  writeUint32,
} from './bytes/bigEndian.js';
export { hashBytes } from './bytes/hashBytes.js';
export { sameBytes } from './bytes/sameBytes.js';
export type { Dialect, DialectName, PeeringName } from './dialect/dialect.js';
export { dialectNames, dialects, parseDialectName } from './dialect/dialects.js';
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
export { type Endpoint, formatEndpoint, parseEndpoint } from './ipv4/endpoint.js';
export {
  formatIPv4,
  isIPv4Loopback,
  isIPv4Multicast,
  isIPv4Private,
  isIPv4PrivateBlock,
  isIPv4Reserved,
  isIPv4ThisNetwork,
  parseIPv4,
} from './ipv4/ipv4.js';
export { UdpEndpoint } from './ipv4/udpEndpoint.js';
export { formatIPv6, parseIPv6 } from './ipv6/ipv6.js';
export {
  IPV6_ADDRESS_BYTES,
  isIPv4Mapped,
  isIPv6LinkLocal,
  isIPv6LinkLocalMulticast,
  isIPv6Loopback,
  isIPv6Multicast,
  isIPv6Routable,
  isIPv6Unspecified,
  sameIPv6Address,
  sameSubnetPrefix,
} from './ipv6/predicates.js';
export {
  clearBeyondPrefix,
  formatPrefix,
  type Prefix,
  parsePrefix,
  prefixContains,
} from './ipv6/prefix.js';
export { completePrefix } from './ipv6/prefixCompletion.js';
export { draft00 } from './layouts/draft00.js';
export { draft01 } from './layouts/draft01.js';
export { draft03 } from './layouts/draft03.js';
export type { AddressLayout } from './layouts/layout.js';
