/**
 * 6bed4 on Node.js: routers and peers over UDP sockets of the system, with a TUN interface or with
 * this program as their local side.
 *
 * @packageDocumentation
 */
export type { DaemonCounters } from './dataPath.js';
export type { DriverName } from './driverChoice.js';
export type { BatchReport, DriverReport, OffloadName, OffloadReport } from './driverReport.js';
export { answerEcho } from './echo.js';
export { StartError, type StartErrorCode, UsageError } from './errors.js';
export type { Offloads } from './linux/fast/offloads.js';
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
export type { DatagramHandler, DatagramPort, DatagramPortCounters } from './udp/datagramPort.js';
export {
  type MemoryDatagram,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  memoryNetwork,
} from './udp/memory.js';
export { PortableUdp, type PortableUdpOptions } from './udp/portable.js';
