import { formatIPv6 } from '@6bed4/codec';
import { buildUdp, type Echo, parseEcho, parseUdp, SOURCE_OFFSET } from '@6bed4/nd';

/** A packet that an application received. */
export interface ReceivedPacket {
  /** Milliseconds of virtual time. */
  readonly at: number;
  /** IPv6 source, RFC 5952. */
  readonly from: string;
  /** IPv6 destination, RFC 5952. */
  readonly to: string;
  readonly kind: 'udp' | 'echo-request' | 'echo-reply' | 'other';
  /** The number assigned by the sender, 0..2^32 - 1; null for kind `other`. */
  readonly sequence: number | null;
  /** The payload after that number; of kind `other`, the whole packet. */
  readonly payload: Uint8Array;
  /** `A.B.C.D:port` that the datagram came from: of the router, or of the sender. */
  readonly via: string;
}

/** The UDP port that the applications of the simulation use (RFC 862, but nothing is echoed). */
const APPLICATION_PORT = 7;
const NUMBER_BYTES = 4;
const LOW_BITS = 0xffff;

/** Builds the IPv6 packet of a numbered UDP message. */
export function buildNumberedUdp(
  source: Uint8Array,
  destination: Uint8Array,
  sequence: number,
  payload: Uint8Array,
): Uint8Array {
  const numbered = new Uint8Array(NUMBER_BYTES + payload.length);
  new DataView(numbered.buffer).setUint32(0, sequence);
  numbered.set(payload, NUMBER_BYTES);
  const port = APPLICATION_PORT;
  return buildUdp({
    source,
    destination,
    sourcePort: port,
    destinationPort: port,
    payload: numbered,
  });
}

/** The identifier and sequence fields of an echo that carry a number of 32 bits. */
export function echoFields(sequence: number): { identifier: number; sequence: number } {
  return { identifier: (sequence >>> 16) & LOW_BITS, sequence: sequence & LOW_BITS };
}

/** The number of 32 bits that an echo carries. */
function echoSequence(echo: Echo): number {
  return ((echo.identifier << 16) | echo.sequence) >>> 0;
}

/** Parses a packet that an application received. */
export function parseApplicationPacket(
  packet: Uint8Array,
): Pick<ReceivedPacket, 'from' | 'to' | 'kind' | 'sequence' | 'payload'> {
  const from = formatIPv6(packet, SOURCE_OFFSET);
  const to = formatIPv6(packet, SOURCE_OFFSET + 16);
  const udp = parseUdp(packet, 0, packet.length);
  if (
    udp.ok &&
    udp.value.destinationPort === APPLICATION_PORT &&
    udp.value.payload.length >= NUMBER_BYTES
  ) {
    const { payload } = udp.value;
    const sequence = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    return { from, to, kind: 'udp', sequence, payload: payload.subarray(NUMBER_BYTES) };
  }
  const echo = parseEcho(packet, 0, packet.length);
  if (echo.ok) {
    const { type, data } = echo.value;
    return { from, to, kind: type, sequence: echoSequence(echo.value), payload: data };
  }
  return { from, to, kind: 'other', sequence: null, payload: packet };
}
