/**
 * TCP over IPv6 (RFC 9293) as a machine without input, output, clock or chance.
 *
 * @packageDocumentation
 */

export { Bbr } from './congestion/bbr.js';
export type { CongestionName } from './congestion/choice.js';
export type {
  AckSample,
  CongestionControl,
  CongestionControlMaker,
  Loss,
  RoundTripTimes,
} from './congestion/congestionControl.js';
export { Cubic } from './congestion/cubic.js';
export { TcpConnection } from './connection/connection.js';
export type { TcpEvent } from './connection/connectionHost.js';
export type { ConnectionSettings, TcpEndpoint } from './connection/connectionOptions.js';
export { type TcpErrorCode, TcpUsageError, type TcpUsageErrorCode } from './connection/errors.js';
export type { KeepAliveOptions } from './connection/keepAlive.js';
export {
  type TcpInput,
  type TcpState,
  type TcpTransitions,
  tcpTransitions,
} from './connection/states.js';
export { TcpCounters } from './stack/counters.js';
export { TcpListener } from './stack/listener.js';
export { TcpStack } from './stack/stack.js';
export type { TcpSink, TcpStackOptions } from './stack/stackOptions.js';
