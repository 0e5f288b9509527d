/** Options of the way of WebSockets between a peer and a gateway. */
export interface WebPathOptions {
  /** One-way delay in milliseconds; default 20. */
  readonly delay?: number;
  /** Bytes per second each way, of WebSocket frames (RFC 6455 §5.2); default `Infinity`. */
  readonly rate?: number;
  /**
   * Probability, 0 to less than 1, that a message is lost and sent again: it arrives 200 ms later, or a round trip
   * where that is longer, and all messages behind it wait, as in TCP. Default 0.
   */
  readonly loss?: number;
  /** Milliseconds without a message after which a proxy on the way ends the connection; default `Infinity`. */
  readonly idleTimeout?: number;
}

const DEFAULTS: Required<WebPathOptions> = {
  delay: 20,
  rate: Number.POSITIVE_INFINITY,
  loss: 0,
  idleTimeout: Number.POSITIVE_INFINITY,
};

/** Fills the defaults in. @throws RangeError naming the field */
export function completeWebPath(options: WebPathOptions): Required<WebPathOptions> {
  const path = { ...DEFAULTS, ...options };
  if (!(path.delay >= 0 && path.delay < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`delay: ${path.delay}, expected milliseconds, 0 or more`);
  }
  for (const field of ['rate', 'idleTimeout'] as const) {
    if (!(path[field] > 0)) throw new RangeError(`${field}: ${path[field]}, expected more than 0`);
  }
  if (!(path.loss >= 0 && path.loss < 1)) {
    throw new RangeError(`loss: ${path.loss}, expected a probability from 0 to less than 1`);
  }
  return path;
}
