import type { Endpoint, UdpEndpoint } from '@6bed4/codec';
import type { Refusal } from './clientGate.js';

/** The connection of a client, as a `GatewaySession` needs it: the server's end of a WebSocket. */
export interface SessionConnection {
  /** Whether it still takes messages. */
  readonly isOpen: boolean;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends text, or a binary message whose bytes are its own from now on. */
  send(message: string | Uint8Array): void;
  /** Asks the other end for a sign of life (RFC 6455 §5.5.2). */
  ping(): void;
  /** Says why it ends, by a code of RFC 6455 §7.4, and waits for the other end. */
  close(code: number, reason: string): void;
  /** Ends without waiting for the other end. */
  terminate(): void;
  /** Lets messages wait for each other until {@link uncork}, if that saves anything. */
  cork(): void;
  /** Sends what waits. */
  uncork(): void;
}

/** Sends datagrams from the endpoint of a client. */
export interface DatagramSender {
  /** Sends a datagram. @returns false when it was not, which the sender counts */
  send(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): boolean;
  /** Gives the endpoint up. */
  close(): void;
}

/** Confirms to a client what came from it. */
export interface ReceiptSender {
  /** Sends one receipt for all that came so far; nothing to a client that does not read. */
  sendReceipt(): void;
}

/** Takes datagrams for a client. */
export interface DatagramReceiver {
  /**
   * A datagram came to the endpoint of the client. Bytes and source may be used during the call only.
   *
   * @param length - bytes of payload
   */
  arrived(bytes: Uint8Array, offset: number, length: number, from: Readonly<UdpEndpoint>): void;
}

/** Why a `GatewaySession` ends a connection. */
export type SessionFailure = 'protocol-error' | 'policy-violation' | 'silent';

/** What sessions count, all together. */
export interface SessionCounts {
  /** Datagrams of clients that were sent, and that came for clients; bytes of their payloads. */
  datagramsSent: number;
  datagramBytesSent: number;
  datagramsReceived: number;
  datagramBytesReceived: number;
  /** Datagrams of clients that were not sent, by reason. */
  readonly dropsOutbound: Record<Refusal, number>;
  /** Datagrams for clients that were not handed over, by reason. */
  readonly dropsInbound: Record<Refusal, number>;
  /** Datagrams for clients for whom others wait for too long. */
  queueDrops: number;
  /** Datagrams for clients without a connection. */
  awayDrops: number;
}

/** What a gateway promises its clients, and allows them. */
export interface SessionSettings {
  /** Routers that clients may use, the best one first. */
  readonly routers: readonly Endpoint[];
  /** Bytes a second that a client may send. */
  readonly rate: number;
  /** Seconds for which an endpoint is kept for a client that is away. */
  readonly resumeFor: number;
  /** Seconds between signs of life. */
  readonly keepalive: number;
}

/** What a `GatewaySession` needs of its gateway. */
export interface SessionHost<C extends SessionConnection> {
  readonly counts: SessionCounts;
  readonly settings: SessionSettings;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Calls a function when what is under way is done, and before anything waits. */
  defer(action: () => void): void;
  /** Calls {@link ReceiptSender.sendReceipt} of a session within some 10 ms. */
  receiptIsDue(session: ReceiptSender): void;
  /** Ends a connection and counts why, unless it ends already. */
  end(connection: C, failure: SessionFailure, code: number, reason: string): void;
  /** The client of the same gateway at an endpoint; null for none. */
  sessionAt(endpoint: Readonly<UdpEndpoint>): DatagramReceiver | null;
  /** A session has no connection any more. */
  detached(): void;
}
