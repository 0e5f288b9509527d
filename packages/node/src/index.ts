/**
 * 6bed4 on Node.js: routers and peers over UDP sockets of the system, with a TUN interface or with
 * this program as their local side.
 *
 * @packageDocumentation
 */

export { InvalidArgumentError } from '@6bed4/codec';
export {
  Capture,
  type CaptureOptions,
  type CaptureOutput,
  HIGHEST_SNAP_LENGTH,
  LEAST_SNAP_LENGTH,
} from './capture/capture.js';
export { answerEcho } from './daemon/answerEcho.js';
export { Daemon, type DaemonEvents } from './daemon/daemon.js';
export type { RouterLookup } from './daemon/namedRouter.js';
export type { CommonOptions } from './daemon/options.js';
export { PeerDaemon, startPeer } from './daemon/peerDaemon.js';
export type { PeerDaemonEvents, PortMove } from './daemon/peerEvents.js';
export { checkPeerOptions, type PeerDaemonOptions, type UplinkName } from './daemon/peerOptions.js';
export {
  checkRouterOptions,
  RouterDaemon,
  type RouterDaemonEvents,
  type RouterDaemonOptions,
  startRouter,
} from './daemon/routerDaemon.js';
export {
  parseRouterReference,
  type ResolveIPv4,
  type RouterName,
  type RouterReference,
} from './daemon/routerNames.js';
export type { DaemonCounters } from './drivers/driver.js';
export type { DriverName } from './drivers/driverName.js';
export type {
  BatchReport,
  DriverReport,
  OffloadName,
  OffloadReport,
} from './drivers/driverReport.js';
export type { GatewayProxy } from './drivers/gateway/connectProxy.js';
export { hasAddress, type InterfaceReport, type MissingPart } from './drivers/interfaceReport.js';
export type { Offloads } from './drivers/linux/offloads.js';
export {
  type MachineDriver,
  type OpenDriverOptions,
  openDriver,
} from './drivers/portable/openDriver.js';
export { PortableUdp, type PortableUdpOptions } from './drivers/portable/portableUdp.js';
export type {
  DatagramHandler,
  DatagramPort,
  DatagramPortCounters,
} from './drivers/ports/datagramPort.js';
export {
  type MemoryDatagram,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  memoryNetwork,
} from './drivers/ports/memoryNetwork.js';
export {
  formatInboundPolicy,
  type InboundPolicy,
  type InboundService,
  parseInboundPolicy,
} from './drivers/tun/inboundPolicy.js';
export type {
  Environment,
  EnvironmentNetwork,
  UdpBinding,
} from './environment/environment.js';
export type { Timer, Timers } from './environment/timers.js';
export { StartError, type StartErrorCode } from './errors.js';
export type { ConnectionFailure, GatewayCounters } from './gateway/gatewayCounters.js';
export {
  checkGatewayOptions,
  GatewayDaemon,
  type GatewayEvents,
  type GatewayReport,
  startGateway,
} from './gateway/gatewayDaemon.js';
export type { GatewayOptions } from './gateway/gatewayOptions.js';
export { unlessAborted, untilConnected } from './selection/abortable.js';
export type { CandidateOptions, TunnelAddresses } from './selection/candidateSources.js';
export { type ConnectOptions, connect, type StreamTunnel } from './selection/connect.js';
export {
  type AddressPair,
  type SelectionOptions,
  type Sources,
  selectAddresses,
  sortAddresses,
} from './selection/destinationSelection.js';
export { type Attempt, type RaceOptions, race } from './selection/happyEyeballs.js';
export {
  type CreateLookupOptions,
  createLookup,
  type LookupCallback,
  type LookupFunction,
  lookup,
  type Resolve,
} from './selection/lookup.js';
export { defaultPolicy, type PolicyRule, rfc6724Policy } from './selection/policyTable.js';
export type { SourceAddress } from './selection/sourceSelection.js';
export { type SystemRoute, SystemRoutes } from './selection/systemRoutes.js';
export { systemSource } from './selection/systemSource.js';
export type { LayerStatistics } from './socket/layerCounters.js';
export { OpportunisticSend } from './socket/opportunisticSend.js';
export type { Sendable, SendCallback } from './socket/sendArguments.js';
export type { SocketStatistics } from './socket/socketCounters.js';
export {
  createSocket,
  openTunnel,
  Tunnel,
  type TunnelConnect,
  type TunnelCreateServer,
  type TunnelEvents,
  type TunnelOptions,
  type TunnelSocketOptions,
  type TunnelStatistics,
} from './socket/tunnel.js';
export { TunnelSocket, type TunnelSocketEvents } from './socket/tunnelSocket.js';
export type { SocketLookup, TunnelSocketSettings } from './socket/tunnelSocketOptions.js';
export type { WaitForDirectOptions } from './socket/waitForDirect.js';
export {
  createHttpAgent,
  createHttpsAgent,
  type TunnelAgentOptions,
  type TunnelHttpsAgentOptions,
} from './tcp/agent.js';
export {
  type ClientIdentityOptions,
  createIdentity,
  type Identity,
  type IdentityOptions,
  loadIdentity,
  normalizeFingerprint,
  remoteFingerprint,
  type ServerIdentityOptions,
} from './tcp/identity.js';
export type { TcpListenOptions } from './tcp/listenOptions.js';
export type { TcpAddress } from './tcp/socketEnds.js';
export type {
  OnReadOptions,
  TcpConnectOptions,
  TcpSocketOptions,
  TunnelConnectOptions,
} from './tcp/socketOptions.js';
export {
  type TcpDrop,
  TcpServer,
  type TcpServerEvents,
  type TcpServerOptions,
} from './tcp/tcpServer.js';
export { type TcpReadyState, TcpSocket } from './tcp/tcpSocket.js';
export {
  type Connector,
  type ConnectorOptions,
  type ConnectorTarget,
  createConnector,
} from './tcp/undiciConnector.js';
