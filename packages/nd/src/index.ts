/**
 * IPv6 and ICMPv6 Neighbor Discovery: views that read fields where they lie, representations with
 * meaning, the checks that RFC 4861 prescribes, and Neighbor Unreachability Detection.
 *
 * @packageDocumentation
 */
export { InvalidArgumentError } from '@6bed4/codec';
export * from './icmpv6/constants.js';
export {
  buildEcho,
  type Echo,
  echoReplyTo,
  echoView,
  parseEcho,
  writeEcho,
} from './icmpv6/echo.js';
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
} from './icmpv6/icmpError.js';
export { icmpv6Checksum, icmpv6View, verifyIcmpv6Checksum } from './icmpv6/icmpv6.js';
export type { MessageBase } from './messages/message.js';
export {
  buildNd,
  isNd,
  type NdMessage,
  type ParseNdOptions,
  parseNd,
  writeNd,
} from './messages/nd.js';
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
  ROUTER_ADVERTISEMENT_DEFAULTS,
  type RouterAdvertisement,
  routerAdvertisementView,
} from './messages/routerAdvertisement.js';
export { type RouterSolicitation, routerSolicitationView } from './messages/routerSolicitation.js';
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
} from './options/options.js';
export {
  fold,
  sumBytes,
  sumView,
  updateChecksum,
  upperLayerChecksum,
} from './packet/checksum.js';
export * from './packet/constants.js';
export { copyBytes } from './packet/copy.js';
export {
  destinationAddress,
  flowLabel,
  hopLimit,
  type IPv6Header,
  nextHeader,
  payloadLength,
  setHopLimit,
  setTrafficClass,
  sourceAddress,
  trafficClass,
  version,
  writeIPv6Header,
} from './packet/ipv6.js';
export type {
  ParseError,
  ParseErrorCode,
  ParseResult,
} from './packet/result.js';
export * from './packet/transport.js';
export { buildUdp, parseUdp, type UdpDatagram, udpView, writeUdp } from './packet/udp.js';
export { findUdpHeader, findUpperLayer, type UpperLayer } from './packet/upperLayer.js';
