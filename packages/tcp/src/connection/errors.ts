/** Why a connection ended without both sides having ended it. Codes are those of `node:net`. */
export type TcpErrorCode =
  /** The other side answers the first segment with a reset. */
  | 'ECONNREFUSED'
  /** The other side has reset the connection. */
  | 'ECONNRESET'
  /** Nothing was answered for too long. */
  | 'ETIMEDOUT'
  /** An ICMPv6 error says that the other side cannot be reached (RFC 5461). */
  | 'EHOSTUNREACH'
  /** The application has given it up. */
  | 'ECONNABORTED';
