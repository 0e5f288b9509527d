/**
 * IPv6 and ICMPv6 Neighbor Discovery: views that read fields in place, representations of whole
 * messages, the checks that RFC 4861 prescribes, and Neighbor Unreachability Detection.
 *
 * @packageDocumentation
 */

export { InvalidArgumentError } from '@6bed4/codec';
export * from './icmpv6/constants.js';
export { buildEcho, type Echo, echoReplyTo, echoView, parseEcho } from './icmpv6/echo.js';
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
} from './icmpv6/icmpError.js';
export { icmpv6Checksum, icmpv6View, verifyIcmpv6Checksum } from './icmpv6/icmpv6.js';
export { hidesNd } from './messages/hiddenNd.js';
export type { MessageBase } from './messages/message.js';
export { buildNd, isNd, type NdMessage, type ParseNdOptions, parseNd } from './messages/nd.js';
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
export { AddressTable, NO_SLOT, type SignificantBits } from './neighbors/addressTable.js';
export { Deadlines } from './neighbors/deadlines.js';
export { type Column, grown } from './neighbors/grown.js';
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
export { SecretHash } from './neighbors/secretHash.js';
export { findOption, findOptionOffset } from './options/findOption.js';
export type {
  LinkLayerOption,
  MtuOption,
  NdOption,
  NonceOption,
  PrefixInformationOption,
  RdnssOption,
  RedirectedHeaderOption,
  RouteInformationOption,
  TimestampOption,
  UnknownOption,
} from './options/option.js';
export type { RouterPreference } from './options/routerPreference.js';
export {
  fold,
  sumBytes,
  sumView,
  updateChecksum,
  upperLayerChecksum,
  verifyUpperLayerChecksum,
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
export type { ParseError, ParseErrorCode, ParseResult } from './packet/result.js';
export * from './packet/transport.js';
export { buildUdp, parseUdp, type UdpDatagram, udpView } from './packet/udp.js';
export {
  findTcpHeader,
  findUdpHeader,
  findUpperLayer,
  type UpperLayer,
} from './packet/upperLayer.js';
