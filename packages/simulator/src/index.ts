/**
 * A deterministic Internet in virtual time that runs the unchanged machines of @6bed4/tunnel: hosts,
 * NATs and firewalls of every RFC 4787 behaviour, links with faults, and a trace of every datagram.
 *
 * @packageDocumentation
 */

export type { DropReason } from './datagram/dropReason.js';
export type { ReceivedPacket } from './host/application.js';
export type { PathReport } from './host/paths.js';
export { PeerNode, type PeerSettings, type TimedEvent } from './host/peerNode.js';
export { RouterNode, type RouterSettings } from './host/routerNode.js';
export { type OnDatagram, type ReceivedDatagram, UdpHost, UdpSocket } from './host/udpHost.js';
export {
  type FirewallDescription,
  Internet,
  type InternetOptions,
  type NatDescription,
  type PeerDescription,
  type Place,
} from './internet.js';
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
export { type Conduct, type Prediction, predictPath } from './theory/predictPath.js';
export { isOpen, isStable, type Side } from './theory/side.js';
export { EventQueue, type SimulationEvent } from './time/eventQueue.js';
export { Random } from './time/random.js';
export { type Arrow, arrows } from './trace/arrow.js';
export { describe } from './trace/describe.js';
export type { LadderOptions } from './trace/selection.js';
export { Trace, type TraceEntry, type TraceKind } from './trace/trace.js';
export type { LinkDescription, LinkOptions } from './wire/link.js';
export { withTrace } from './withTrace.js';
