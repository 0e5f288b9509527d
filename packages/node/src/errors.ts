/** The reason why something cannot start or go on, for programs. */
export type StartErrorCode =
  /** The UDP port or the name of the interface is taken. */
  | 'EADDRINUSE'
  | 'EBUSY'
  /** The address to listen on is not an address of this computer. */
  | 'EADDRNOTAVAIL'
  /** There never can be a way to a router, or there was none in time; a peer waits for one otherwise. */
  | 'ENETUNREACH'
  /** Not allowed: needs root or CAP_NET_ADMIN. */
  | 'EPERM'
  /** `/dev/net/tun` is missing. */
  | 'ENOENT'
  /** The name belongs to an interface of another kind. */
  | 'EEXIST'
  /** This platform, kernel or build lacks what is needed. */
  | 'ENOTSUP'
  /** The interface was removed while it was in use. */
  | 'ENODEV'
  /** Closed before it was ready. */
  | 'ECANCELED'
  /** Any other code of the operating system. */
  | (string & {});

/** The surroundings do not allow what was requested; the message is one line for a person to act on. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** The kind of failure, as in Node's system errors. */
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
