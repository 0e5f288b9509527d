import { IPV6_ADDRESS_BYTES, readInt32, readUint16 } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  type IcmpError,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  PROBLEM_NEXT_HEADER,
  parseIcmpError,
  SOURCE_OFFSET,
  TCP_SEQUENCE_OFFSET,
  UNREACHABLE_ADDRESS,
  UNREACHABLE_BEYOND_SCOPE,
  UNREACHABLE_NO_ROUTE,
  UNREACHABLE_PORT,
} from '@6bed4/nd';
import type { TcpEndpoint } from '../connection/connectionOptions.js';
import type { SegmentError, TcpErrorCode } from '../connection/errors.js';

/** Bytes of a segment that every error quotes: ports and sequence number. */
const LEAST_QUOTE = 8;

/**
 * Reads a whole ICMPv6 packet without extension headers.
 *
 * @returns null for what is no error about a TCP segment
 */
export function readSegmentError(
  bytes: Uint8Array,
  offset: number,
  length: number,
): SegmentError | null {
  const parsed = parseIcmpError(bytes, offset, length);
  if (!parsed.ok) return null;
  const { invoking } = parsed.value;
  if (invoking.length < IPV6_HEADER_LENGTH + LEAST_QUOTE) return null;
  if (invoking[NEXT_HEADER_OFFSET] !== NEXT_HEADER_TCP) return null;
  const endpoint = (at: number, port: number): TcpEndpoint => ({
    address: invoking.subarray(at, at + IPV6_ADDRESS_BYTES),
    port: readUint16(invoking, IPV6_HEADER_LENGTH + port),
  });
  return {
    local: endpoint(SOURCE_OFFSET, 0),
    remote: endpoint(DESTINATION_OFFSET, 2),
    sequence: readInt32(invoking, IPV6_HEADER_LENGTH + TCP_SEQUENCE_OFFSET),
    ...meaningOf(parsed.value),
  };
}

function meaningOf(error: IcmpError): Pick<SegmentError, 'mtu' | 'code' | 'isHard'> {
  switch (error.type) {
    case 'packet-too-big':
      return { mtu: error.mtu, code: 'EHOSTUNREACH', isHard: false };
    case 'destination-unreachable':
      return { mtu: 0, code: codeOf(error.code), isHard: true };
    case 'time-exceeded':
      return { mtu: 0, code: 'EHOSTUNREACH', isHard: false };
    case 'parameter-problem':
      // The other side has no TCP; anything else is about this very packet.
      return { mtu: 0, code: 'ECONNREFUSED', isHard: error.code === PROBLEM_NEXT_HEADER };
  }
}

function codeOf(unreachable: number): TcpErrorCode {
  switch (unreachable) {
    case UNREACHABLE_NO_ROUTE:
    case UNREACHABLE_BEYOND_SCOPE:
      return 'ENETUNREACH';
    case UNREACHABLE_ADDRESS:
      return 'EHOSTUNREACH';
    case UNREACHABLE_PORT:
      return 'ECONNREFUSED';
    default:
      return 'EACCES';
  }
}
