/**
 * The 6bed4 router and peer as state machines without input, output or clock of their own. A driver
 * feeds them datagrams, packets and the time, and carries out what they say; see {@link Machine} for
 * the contract of use.
 *
 * @packageDocumentation
 */

export { InvalidArgumentError, type PeeringName } from '@6bed4/codec';
export { EndpointPolicy, type EndpointPolicyOptions } from './address/endpointPolicy.js';
export { OPENING_TTL } from './defaults.js';
export type { Machine, RunMachine, TunnelSink } from './machine/machine.js';
export { type MachineHost, MachineRunner } from './machine/machineRunner.js';
export {
  formatMasqueradeRule,
  type MasqueradeRule,
  parseMasqueradeRule,
} from './masquerade/masqueradeRule.js';
export { RateLimiter } from './packet/rateLimiter.js';
export { Peer } from './peer/peer.js';
export type { PeerOptions } from './peer/peerOptions.js';
export type { UplinkSnapshot, UplinkTimer } from './peer/uplink.js';
export {
  type UplinkInput,
  type UplinkState,
  uplinkTransitions,
} from './peer/uplinkStates.js';
export type { PeeringOptions } from './peering/options.js';
export type { OpportunisticSends } from './peering/sendIntent.js';
export type { PolicyName } from './peering/trafficClassPolicy.js';
export type { CountersSnapshot } from './report/counters.js';
export { Counters } from './report/counters.js';
export { type DropReason, dropReasons } from './report/drop.js';
export type {
  AddressAcquired,
  AddressChanged,
  AddressLease,
  AddressLost,
  PathChanged,
  PathSearch,
  PathSearchState,
  PortRefused,
  RemoteDirection,
  RemoteSnapshot,
  RouterReachable,
  RouterUnreachable,
  TunnelEvent,
} from './report/events.js';
export type { PathConfirmation, PathKind } from './report/path.js';
export { Router } from './router/router.js';
export type { RouterOptions } from './router/routerOptions.js';
export { TUNNEL_MTU } from './specification.js';
