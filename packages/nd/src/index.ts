/**
 * IPv6 and ICMPv6 Neighbor Discovery: views that read fields where they lie, representations with
 * meaning, the checks that RFC 4861 prescribes, and a neighbor cache.
 *
 * @packageDocumentation
 */
export {
  fold,
  icmpv6Checksum,
  sumBytes,
  updateChecksum,
  upperLayerChecksum,
  verifyIcmpv6Checksum,
} from './checksum.js';
export * from './constants.js';
export { buildEcho, type Echo, parseEcho } from './echo.js';
export {
  buildIcmpError,
  type DestinationUnreachable,
  type IcmpError,
  type MulticastException,
  mayCauseIcmpError,
  type PacketTooBig,
  type ParameterProblem,
  parseIcmpError,
  type TimeExceeded,
} from './icmpError.js';
export {
  destinationAddress,
  findUpperLayer,
  flowLabel,
  hopLimit,
  type IPv6Header,
  nextHeader,
  payloadLength,
  setHopLimit,
  setTrafficClass,
  sourceAddress,
  trafficClass,
  type UpperLayer,
  version,
  writeIPv6Header,
} from './ipv6.js';
export type { MessageBase } from './messages/message.js';
export type { NeighborAdvertisement } from './messages/neighborAdvertisement.js';
export type { NeighborSolicitation } from './messages/neighborSolicitation.js';
export type { Redirect } from './messages/redirect.js';
export type { RouterAdvertisement } from './messages/routerAdvertisement.js';
export type { RouterSolicitation } from './messages/routerSolicitation.js';
export { buildNd, isNd, type NdMessage, type ParseNdOptions, parseNd } from './nd.js';
export {
  findOption,
  type NdOption,
  OPTION_MTU,
  OPTION_NONCE,
  OPTION_PREFIX_INFORMATION,
  OPTION_RDNSS,
  OPTION_REDIRECTED_HEADER,
  OPTION_ROUTE_INFORMATION,
  OPTION_SOURCE_LINK_LAYER,
  OPTION_TARGET_LINK_LAYER,
  OPTION_TIMESTAMP,
  type RouterPreference,
} from './options.js';
export {
  NdBuildError,
  type ParseError,
  type ParseErrorCode,
  type ParseResult,
} from './result.js';
export { buildUdp, parseUdp, type UdpDatagram } from './udp.js';
