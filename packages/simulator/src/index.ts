/**
 * A deterministic Internet in virtual time that runs the unchanged machines of @6bed4/tunnel: hosts,
 * NATs and firewalls of every RFC 4787 behaviour, links with faults, and a trace of every datagram.
 *
 * @packageDocumentation
 */

export type { ReceivedPacket } from './application/applicationPacket.js';
export type { DropReason } from './datagram/dropReason.js';
export type { PathReport } from './host/pathReport.js';
export { PeerNode, type PeerSettings, type TimedEvent } from './host/peerNode.js';
export { RouterNode, type RouterSettings } from './host/routerNode.js';
export { type OnDatagram, type ReceivedDatagram, UdpHost, UdpSocket } from './host/udpNode.js';
export {
  type FirewallDescription,
  Internet,
  type InternetOptions,
  type NatDescription,
  type PeerDescription,
  type Place,
} from './internet/internet.js';
export { withTrace } from './internet/showTraceOnFailure.js';
export {
  type CompleteNatBehaviour,
  type Dependence,
  type FilteringBehaviour,
  type Hairpinning,
  type NatBehaviour,
  natKinds,
  type PortAllocation,
  type Refresh,
} from './nat/behavior.js';
export { Firewall } from './nat/firewall.js';
export { type MappingSnapshot, Nat } from './nat/nat.js';
export type { LinkDescription, LinkOptions } from './network/link.js';
export { isOpen, isStable, type Side } from './prediction/accessPath.js';
export { type Conduct, type Prediction, predictPath } from './prediction/predictPath.js';
export { EventQueue, type SimulationEvent } from './time/eventQueue.js';
export { Random } from './time/random.js';
export { type Arrow, arrows } from './trace/arrow.js';
export { describe } from './trace/describeDatagram.js';
export type { LadderOptions } from './trace/selectArrows.js';
export { Trace, type TraceEntry, type TraceKind } from './trace/trace.js';
