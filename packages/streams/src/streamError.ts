/** Codes of failures of streams, those that users of `node:net` switch on. */
export type StreamErrorCode =
  /** Nothing listens there. */
  | 'ECONNREFUSED'
  /** The other side aborted the stream. */
  | 'ECONNRESET'
  /** The other side did not answer: while connecting, or for as long as `silence` later. */
  | 'ETIMEDOUT'
  /** Written to a stream that the other side has closed. */
  | 'EPIPE'
  /** The datagram socket or the endpoint below the stream was closed. */
  | 'ECONNABORTED'
  /** The other side does not speak this protocol. */
  | 'EPROTO'
  /** The QUIC library is not installed, or not built for this platform. */
  | 'ENOTSUP'
  /** Codes of the system from sending a datagram. */
  | (string & {});

/** A stream that failed; the shape is that of Node's system errors. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  /** The kind of failure. */
  readonly code: StreamErrorCode;
  /** The operation: `connect`, `read`, `write`. */
  readonly syscall: string;
  /** Address of the other side, where it is known. */
  readonly address: string | undefined;
  /** Port of the other side, where it is known. */
  readonly port: number | undefined;

  constructor(
    code: StreamErrorCode,
    syscall: string,
    reason: string,
    remote?: { readonly address: string; readonly port: number },
  ) {
    const where = remote === undefined ? '' : ` [${remote.address}]:${remote.port}`;
    super(`${syscall} ${code}${where}: ${reason}`);
    this.code = code;
    this.syscall = syscall;
    this.address = remote?.address;
    this.port = remote?.port;
  }
}
