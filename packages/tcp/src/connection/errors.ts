import type { TcpEndpoint } from './connectionOptions.js';

/** Why a connection ended without both sides having ended it. Codes are those of `node:net`. */
export type TcpErrorCode =
  /** The other side answers the first segment with a reset, or its port is unreachable. */
  | 'ECONNREFUSED'
  /** The other side has reset the connection. */
  | 'ECONNRESET'
  /** Nothing was answered for too long. */
  | 'ETIMEDOUT'
  /** An ICMPv6 error says that the other side cannot be reached (RFC 5461). */
  | 'EHOSTUNREACH'
  /** An ICMPv6 error says that there is no route to the other side. */
  | 'ENETUNREACH'
  /** An ICMPv6 error says that the network does not let the segments pass. */
  | 'EACCES'
  /** The application has given it up. */
  | 'ECONNABORTED';

/** Why a connection or a listener cannot be made. Codes are those of `node:net`. */
export type TcpUsageErrorCode =
  /** The port is in use. */
  | 'EADDRINUSE'
  /** The address is none of this side, or no port is free. */
  | 'EADDRNOTAVAIL'
  /** No connection can have the address. */
  | 'ENETUNREACH'
  /** There are as many connections as the stack may have. */
  | 'ENOBUFS';

/** A connection or a listener cannot be made. */
export class TcpUsageError extends Error {
  override readonly name = 'TcpUsageError';
  readonly code: TcpUsageErrorCode;

  constructor(code: TcpUsageErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** An ICMPv6 error about a segment of ours (RFC 4443 §3). */
export interface SegmentError {
  readonly local: TcpEndpoint;
  readonly remote: TcpEndpoint;
  /** Sequence number of the segment that is quoted. */
  readonly sequence: number;
  /** Of Packet Too Big: bytes of a packet that the path takes; 0 for other errors. */
  readonly mtu: number;
  /** What to tell the application, unless the packet was too big. */
  readonly code: TcpErrorCode;
  /** Whether an attempt to connect is to be given up at once (RFC 5461 §4.1). */
  readonly isHard: boolean;
}
