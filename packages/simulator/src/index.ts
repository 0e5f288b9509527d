/**
 * A deterministic Internet in virtual time that runs the unchanged machines of @6bed4/tunnel: hosts,
 * NATs and firewalls of every RFC 4787 behavior, links with faults, and a trace of every datagram.
 *
 * @packageDocumentation
 */

export type { ReceivedPacket } from './application/applicationPacket.js';
export { type TcpConnectOptions, TcpHost, type TcpUser } from './application/tcpHost.js';
export { type OnTcpEvent, TcpSocket, type TcpSocketHost } from './application/tcpSocket.js';
export type { DropReason } from './datagram/dropReason.js';
export { HostEnvironment, type HostNetwork } from './environment/hostEnvironment.js';
export { type OnUdp, SimulatedUdp } from './environment/simulatedUdp.js';
export type { GatewayNodeCounters, GatewayRefusal } from './gateway/gatewayCounters.js';
export { GatewayNode } from './gateway/gatewayNode.js';
export type { GatewaySettings } from './gateway/gatewaySettings.js';
export { WebPath } from './gateway/webPath.js';
export type { WebPathOptions } from './gateway/webPathOptions.js';
export { WebUplink, type WebUplinkSettings } from './gateway/webUplink.js';
export type { PathReport } from './host/pathReport.js';
export { PeerNode } from './host/peerNode.js';
export type { PeerSettings, TimedEvent } from './host/peerSettings.js';
export { RouterNode, type RouterSettings } from './host/routerNode.js';
export { type OnDatagram, type ReceivedDatagram, UdpNode, UdpSocket } from './host/udpNode.js';
export type {
  FirewallDescription,
  GatewayDescription,
  InternetOptions,
  InternetStatistics,
  LinuxNatDescription,
  MiddleboxDescription,
  NatDescription,
  PeerDescription,
  Placement,
} from './internet/descriptions.js';
export { Internet } from './internet/internet.js';
export type { PlayOptions } from './internet/play.js';
export { showTraceOnFailure } from './internet/showTraceOnFailure.js';
export { type AccessKind, accessKinds } from './matrix/accessKinds.js';
export { type AccessPair, accessPairs } from './matrix/accessPairs.js';
export type {
  CompleteNatOptions,
  FilteringBehavior,
  FilteringOptions,
  HairpinningBehavior,
  MappingBehavior,
  NatOptions,
  PortAssignment,
  RefreshDirection,
} from './nat/behavior.js';
export { Firewall } from './nat/firewall.js';
export { LinuxNat, type LinuxNatOptions } from './nat/linuxNat.js';
export { type MappingSnapshot, Nat } from './nat/nat.js';
export { natTypes } from './nat/natTypes.js';
export type { LinkDatagram, LinkDescription, LinkOptions } from './network/link.js';
export {
  type AccessPath,
  hasEndpointIndependentFiltering,
  hasEndpointIndependentMapping,
} from './prediction/accessPath.js';
export { type PeeringScenario, type Prediction, predictPath } from './prediction/predictPath.js';
export { EventQueue, type SimulationEvent } from './time/eventQueue.js';
export { Random } from './time/random.js';
export { VirtualTimer } from './time/virtualTimer.js';
export { type Arrow, arrows } from './trace/arrow.js';
export { describeDatagram } from './trace/describeDatagram.js';
export type { TraceSelection } from './trace/selectArrows.js';
export { Trace, type TraceEntry, type TraceKind } from './trace/trace.js';
