import type { UdpEndpoint } from '@6bed4/codec';
import type { Hello } from '../wire/hello.js';
import type { WebSocketLike } from './webSocketLike.js';

/** What a `GatewayClient` needs of its platform. */
export interface GatewayClientHost {
  /** Opens a WebSocket. May throw; a failure is also reported by its event `close`. */
  connect(url: string, protocols: string[]): WebSocketLike;
  /** Milliseconds that never go back. */
  now(): number;
  /** Numbers in [0, 1). */
  random(): number;
  /** Calls a function after some milliseconds. @returns what cancels that */
  setTimer(milliseconds: number, action: () => void): () => void;
  /**
   * Calls a function when what is under way is done, and before anything waits. Datagrams that are sent until then leave in
   * one message; without it, each at once in its own.
   */
  defer?(action: () => void): void;
  /** A datagram came from an endpoint; both may be used during the call only. */
  datagram(bytes: Uint8Array, offset: number, length: number, from: Readonly<UdpEndpoint>): void;
  /** The client has an endpoint: a new one, or still the same over another connection. */
  opened(hello: Hello, url: string): void;
  /** There is no connection any more, or it could not be had; `retryIn` is null when none is tried again. */
  closed(failure: GatewayFailure): void;
}

/** Why there is no connection. */
export interface GatewayFailure {
  readonly url: string;
  /** The code with which the WebSocket ended (RFC 6455 §7.4); 1006 where no connection came about. */
  readonly code: number;
  /** What the gateway said, or else the platform; may be empty. */
  readonly reason: string;
  /** Whether there was a connection. */
  readonly wasOpen: boolean;
  /** Milliseconds until the next attempt; null for none. */
  readonly retryIn: number | null;
}

/** Options of a `GatewayClient`. */
export interface GatewayClientOptions {
  /** Gateways, `wss://…`, tried one after the other. */
  readonly urls: readonly string[];
  /** Lets the client use them. */
  readonly token?: string | undefined;
}

/** Counters of a `GatewayClient`. */
export interface GatewayClientCounters {
  readonly datagramsSent: number;
  readonly datagramsReceived: number;
  /** Datagrams that were not sent: there was no connection, or others waited for too long. */
  readonly dropped: number;
  /** Datagrams that came while the client was away, and that the gateway dropped. */
  readonly lost: number;
  readonly connections: number;
}
