/**
 * The codes with which a gateway closes a WebSocket (RFC 6455 §7.4; 4000 and above are of our own), and what they say.
 * A client tries again after all but those of {@link isFinal}.
 */
export const closeCodes = {
  /** The client is done: its endpoint is given up. */
  done: 1000,
  /** The gateway ends. */
  goingAway: 1001,
  /** A message that is neither a datagram nor a receipt, or a receipt for what was not sent. */
  protocolError: 1002,
  /** A text message, which clients do not send. */
  unsupportedData: 1003,
  /** Too many datagrams that are not allowed. */
  policyViolation: 1008,
  /** A message longer than a datagram can be. */
  tooBig: 1009,
  /** A fault of the gateway. */
  internalError: 1011,
  /** No place, or no port, for another client. */
  tryAgainLater: 1013,
  /** The client came back over another connection. */
  resumed: 4000,
  /** Nothing came for too long. */
  silent: 4001,
  /** No token, or a wrong one. */
  unauthorized: 4401,
  /** Too many clients of this address. */
  tooMany: 4429,
} as const;

/** Whether to try again is in vain until something is configured differently. */
export function isFinal(code: number): boolean {
  return code === closeCodes.unauthorized;
}
