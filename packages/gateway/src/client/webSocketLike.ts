/** What {@link GatewayClient} needs of a WebSocket: that of browsers has it, and that of the package `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
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
