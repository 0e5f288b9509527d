/**
 * Bytes that are in no memory shared between threads, which WebSockets do not take. Compilers before 5.7 do not tell them
 * apart, and have no name for them.
 */
export type OwnBytes = ReturnType<Uint8Array['slice']>;

/** What {@link GatewayClient} needs of a WebSocket: that of browsers has it, and that of the package `ws`. */
export interface WebSocketLike {
  /** Set to `arraybuffer`, so that binary messages come as `ArrayBuffer`. */
  binaryType: string;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /** The subprotocol that the server selected; empty before the connection is open. */
  readonly protocol: string;
  /** Called when a message came, with a {@link MessageEventLike}. */
  onmessage: ((event: never) => void) | null;
  /** Called once, when there is no connection any more or none came about, with a {@link CloseEventLike}. */
  onclose: ((event: never) => void) | null;
  /** Called before {@link onclose} when that is for an error. */
  onerror: ((event: never) => void) | null;
  /** Sends a binary message, whose bytes may be used during the call only. May throw while the connection is not open. */
  send(data: OwnBytes): void;
  /** Closes the connection: with code 1000, or one of applications (3000 to 4999), as browsers demand. */
  close(code?: number, reason?: string): void;
}

/** The events of a WebSocket, as far as they are read. */
export interface MessageEventLike {
  readonly data: unknown;
}

/** The end of a WebSocket. */
export interface CloseEventLike {
  readonly code: number;
  readonly reason: string;
}
