/**
 * 6bed4 on Node.js: routers and peers over UDP sockets of the system, with a TUN interface or with
 * this program as their local side.
 *
 * @packageDocumentation
 */
export type { DaemonCounters } from './carrier.js';
export { answerEcho } from './echo.js';
export { StartError, type StartErrorCode, UsageError } from './errors.js';
export { type MachineDriver, type OpenDriverOptions, openDriver } from './openDriver.js';
export type { CommonOptions } from './options.js';
export {
  PeerDaemon,
  type PeerDaemonEvents,
  type PeerDaemonOptions,
  type PortMove,
  startPeer,
} from './peer.js';
export {
  RouterDaemon,
  type RouterDaemonEvents,
  type RouterDaemonOptions,
  startRouter,
} from './router.js';
export type { CandidateOptions, TunnelAddresses } from './selection/candidates.js';
export { type ConnectOptions, connect, type StreamTunnel } from './selection/connect.js';
export {
  type CreateLookupOptions,
  createLookup,
  type LookupCallback,
  type LookupFunction,
  lookup,
  type Resolve,
} from './selection/lookup.js';
export { defaultPolicy, type PolicyRule, rfc6724Policy } from './selection/policyTable.js';
export { type Attempt, type RaceOptions, race } from './selection/race.js';
export {
  type AddressPair,
  type SelectionOptions,
  type Sources,
  selectAddresses,
  sortAddresses,
} from './selection/sortAddresses.js';
export type { SourceAddress } from './selection/source.js';
export { systemSource } from './selection/systemSource.js';
export type { DatagramHandler, DatagramPort, DatagramPortCounters } from './udp/datagramPort.js';
export {
  type MemoryDatagram,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  memoryNetwork,
} from './udp/memory.js';
export { PortableUdp, type PortableUdpOptions } from './udp/portable.js';
