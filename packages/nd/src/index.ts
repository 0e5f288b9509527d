/**
 * IPv6 and ICMPv6 Neighbor Discovery: views that read fields where they lie, representations with
 * meaning, the checks that RFC 4861 prescribes, and Neighbor Unreachability Detection.
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
export { copyBytes } from './copy.js';
export { buildEcho, type Echo, echoView, parseEcho, writeEcho } from './echo.js';
export {
  buildIcmpError,
  type DestinationUnreachable,
  type IcmpError,
  type IcmpErrorBase,
  icmpErrorView,
  type MulticastException,
  mayCauseIcmpError,
  type PacketTooBig,
  type ParameterProblem,
  parseIcmpError,
  type TimeExceeded,
  writeIcmpError,
} from './icmpError.js';
export { icmpv6View } from './icmpv6.js';
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
export {
  type NeighborAdvertisement,
  neighborAdvertisementView,
} from './messages/neighborAdvertisement.js';
export {
  type NeighborSolicitation,
  neighborSolicitationView,
} from './messages/neighborSolicitation.js';
export { type Redirect, redirectView } from './messages/redirect.js';
export {
  type RouterAdvertisement,
  routerAdvertisementView,
} from './messages/routerAdvertisement.js';
export { type RouterSolicitation, routerSolicitationView } from './messages/routerSolicitation.js';
export { buildNd, isNd, type NdMessage, type ParseNdOptions, parseNd, writeNd } from './nd.js';
export { AddressTable, type SignificantBits } from './neighbors/addressTable.js';
export { Deadlines } from './neighbors/deadlines.js';
export {
  type NeighborEvent,
  type NeighborState,
  type NeighborTransition,
  neighborTransitions,
} from './neighbors/neighborStates.js';
export {
  type NeighborListener,
  NeighborUnreachability,
  type NeighborUnreachabilityOptions,
} from './neighbors/neighborUnreachability.js';
export {
  findOption,
  findOptionOffset,
  type LinkLayerOption,
  type MtuOption,
  type NdOption,
  type NonceOption,
  OPTION_MTU,
  OPTION_NONCE,
  OPTION_PREFIX_INFORMATION,
  OPTION_RDNSS,
  OPTION_REDIRECTED_HEADER,
  OPTION_ROUTE_INFORMATION,
  OPTION_SOURCE_LINK_LAYER,
  OPTION_TARGET_LINK_LAYER,
  OPTION_TIMESTAMP,
  type PrefixInformationOption,
  type RdnssOption,
  type RedirectedHeaderOption,
  type RouteInformationOption,
  type RouterPreference,
  type TimestampOption,
  type UnknownOption,
} from './options.js';
export {
  NdBuildError,
  type ParseError,
  type ParseErrorCode,
  type ParseResult,
} from './result.js';
export { buildUdp, parseUdp, type UdpDatagram, udpView, writeUdp } from './udp.js';
