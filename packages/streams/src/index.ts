/**
 * Streams between programs over the sockets of `@6bed4/node`: what `node:net` is to `node:dgram`,
 * carried by QUIC.
 *
 * @packageDocumentation
 */
export type { TunnelConnectOptions } from './connectStream.js';
export type { RemoteEndpoint } from './quicConnection.js';
export {
  createStreamEndpoint,
  type StreamConnectOptions,
  StreamEndpoint,
  type StreamEndpointEvents,
  type StreamEndpointOptions,
  type StreamSocket,
} from './streamEndpoint.js';
export { StreamError, type StreamErrorCode } from './streamError.js';
export type { StreamSocketSettings } from './streamHost.js';
export { openTunnel, type StreamingTunnel } from './streamingTunnel.js';
export {
  type TunnelListenOptions,
  TunnelServer,
  type TunnelServerEvents,
  type TunnelServerOptions,
} from './tunnelServer.js';
export {
  type StreamAddress,
  type StreamReadyState,
  TunnelStream,
  type TunnelStreamOptions,
} from './tunnelStream.js';
