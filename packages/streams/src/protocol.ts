/**
 * Streams on the wire: one QUIC version 1 connection (RFC 9000) for each stream, whose
 * sides each send on the first unidirectional stream that is theirs. Closing one's own QUIC stream,
 * after one byte more than the data, is the end of what one writes; an abort closes the connection.
 */

/** Application protocol in the TLS handshake (RFC 7301). */
export const ALPN = '6bed4-stream/1';

/** Stream ids of the first unidirectional stream of the side that connects, and of the other one (RFC 9000 §2.1). */
export const CONNECTING_SIDE_STREAM = 2;
export const ACCEPTING_SIDE_STREAM = 3;

/**
 * The last byte of each QUIC stream, which is not data. quiche 0.18 never repeats an empty frame that
 * only closes a stream, once all bytes before it were acknowledged; with a byte in it, it does.
 */
export const END_OF_DATA = 0;

/** Application error codes that close a connection (RFC 9000 §20.2). */
export const CLOSE_DONE = 0;
export const CLOSE_ABORTED = 1;

/** Application protocol of an endpoint without a listener, so that TLS refuses the connection. */
export const NO_ALPN = '6bed4-nobody';

const CONNECTION_REFUSED = 0x02;
/** CRYPTO_ERROR with the TLS alert no_application_protocol, 120 (RFC 7301 §3.2). */
const NO_APPLICATION_PROTOCOL = 0x0178;

/**
 * Transport error codes of refused connections (RFC 9000 §20.1). We send the second one:
 * quiche has it in an Initial packet, which a client can read before it has got any other.
 */
export const REFUSALS: ReadonlySet<number> = new Set([CONNECTION_REFUSED, NO_APPLICATION_PROTOCOL]);

/**
 * The largest UDP payload in an IPv6 packet of 1280 bytes, which is what 6bed4 carries: headers of
 * IPv6 and UDP take 40 and 8.
 */
export const MAXIMUM_PAYLOAD = 1232;

/** Initial packets of clients are at least so long (RFC 9000 §14.1); so no answer to one amplifies it. */
export const MINIMUM_INITIAL = 1200;

/** Length of our connection ids; quiche asks no less of ids that may be a client's first. */
export const CONNECTION_ID_BYTES = 8;

/** First bit of a packet with the long header (RFC 8999 §5.1). */
const LONG_HEADER = 0x80;
const LONG_ID_LENGTH_OFFSET = 5;
const LONG_ID_OFFSET = 6;
const SHORT_ID_OFFSET = 1;

export function hasLongHeader(packet: Uint8Array): boolean {
  return ((packet[0] ?? 0) & LONG_HEADER) !== 0;
}

/**
 * The destination connection id as a key of maps, if it is one that we may have chosen (RFC 8999
 * §5.1, §5.2), or null.
 */
export function destinationKey(packet: Buffer): string | null {
  let offset = SHORT_ID_OFFSET;
  if (hasLongHeader(packet)) {
    if (packet[LONG_ID_LENGTH_OFFSET] !== CONNECTION_ID_BYTES) return null;
    offset = LONG_ID_OFFSET;
  }
  const end = offset + CONNECTION_ID_BYTES;
  return packet.length < end ? null : packet.toString('latin1', offset, end);
}

/** A connection id as {@link destinationKey} returns it. */
export function connectionKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1');
}
