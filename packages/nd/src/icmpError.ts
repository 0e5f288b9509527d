import { isMulticast, isUnspecified } from './addresses.js';
import { readUint32, writeUint16, writeUint32 } from './bigEndian.js';
import { icmpv6Checksum, verifyIcmpv6Checksum } from './checksum.js';
import {
  DESTINATION_OFFSET,
  ICMPV6_CHECKSUM_OFFSET,
  ICMPV6_DESTINATION_UNREACHABLE,
  ICMPV6_FIRST_INFORMATIONAL,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_REDIRECT,
  ICMPV6_TIME_EXCEEDED,
  IPV6_HEADER_LENGTH,
  MINIMUM_MTU,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  SOURCE_OFFSET,
} from './constants.js';
import {
  destinationAddress,
  findUpperLayer,
  isWholePacket,
  sourceAddress,
  writeIPv6Header,
} from './ipv6.js';
import { checkRange, type ParseResult, refuse } from './result.js';

/*
 * RFC 4443 §3:
 *
 *   +---------------+---------------+-------------------------------+
 *   |   Type 1..4   |     Code      |           Checksum            |
 *   +---------------+---------------+-------------------------------+
 *   |            Unused (1, 3), MTU (2) or pointer (4)              |
 *   +---------------------------------------------------------------+
 *   | As much of the invoking packet as fits into 1280 bytes ...
 */
const PARAMETER = IPV6_HEADER_LENGTH + 4;
const INVOKING = IPV6_HEADER_LENGTH + 8;
const SECTION = 'RFC 4443 §3';
const ERROR_HOP_LIMIT = 64;

/** What all errors have. */
interface ErrorBase {
  /** 16 bytes. */
  readonly source: Uint8Array;
  /** 16 bytes. */
  readonly destination: Uint8Array;
  /** The packet that caused the error, cut where the error would pass 1280 bytes. */
  readonly invoking: Uint8Array;
}

/** RFC 4443 §3.1. */
export interface DestinationUnreachable extends ErrorBase {
  readonly type: 'destination-unreachable';
  /** 0 no route, 1 prohibited, 2 beyond scope, 3 address, 4 port, 5 source policy, 6 rejected. */
  readonly code: number;
}

/** RFC 4443 §3.2. */
export interface PacketTooBig extends ErrorBase {
  readonly type: 'packet-too-big';
  /** Bytes that the next link takes. */
  readonly mtu: number;
}

/** RFC 4443 §3.3. */
export interface TimeExceeded extends ErrorBase {
  readonly type: 'time-exceeded';
  /** 0 hop limit, 1 reassembly. */
  readonly code: number;
}

/** RFC 4443 §3.4. */
export interface ParameterProblem extends ErrorBase {
  readonly type: 'parameter-problem';
  /** 0 field, 1 next header, 2 option. */
  readonly code: number;
  /** Where in the invoking packet, in bytes. */
  readonly pointer: number;
}

/** An ICMPv6 error message (RFC 4443 §3). */
export type IcmpError = DestinationUnreachable | PacketTooBig | TimeExceeded | ParameterProblem;

/** Parses a whole IPv6 packet without extension headers as an ICMPv6 error. Never throws. */
export function parseIcmpError(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<IcmpError> {
  if (!isWholePacket(bytes, offset, length)) return refuse('bad-ipv6-header', 0, 'RFC 8200 §3');
  const type = length > IPV6_HEADER_LENGTH ? bytes[offset + IPV6_HEADER_LENGTH]! : 0;
  if (
    bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_ICMPV6 ||
    type < ICMPV6_DESTINATION_UNREACHABLE ||
    type > ICMPV6_PARAMETER_PROBLEM
  ) {
    return refuse('other-message', NEXT_HEADER_OFFSET, SECTION);
  }
  if (length < INVOKING) return refuse('too-short', length, SECTION);
  if (!verifyIcmpv6Checksum(bytes, offset, length)) {
    return refuse('bad-checksum', IPV6_HEADER_LENGTH + ICMPV6_CHECKSUM_OFFSET, SECTION);
  }
  const base: ErrorBase = {
    source: sourceAddress(bytes, offset),
    destination: destinationAddress(bytes, offset),
    invoking: bytes.slice(offset + INVOKING, offset + length),
  };
  const code = bytes[offset + IPV6_HEADER_LENGTH + 1]!;
  const parameter = readUint32(bytes, offset + PARAMETER);
  switch (type) {
    case ICMPV6_DESTINATION_UNREACHABLE:
      return { ok: true, value: { type: 'destination-unreachable', code, ...base } };
    case ICMPV6_PACKET_TOO_BIG:
      return { ok: true, value: { type: 'packet-too-big', mtu: parameter, ...base } };
    case ICMPV6_TIME_EXCEEDED:
      return { ok: true, value: { type: 'time-exceeded', code, ...base } };
    default:
      return { ok: true, value: { type: 'parameter-problem', code, pointer: parameter, ...base } };
  }
}

function typeCodeParameter(error: IcmpError): readonly [number, number, number] {
  switch (error.type) {
    case 'destination-unreachable':
      return [ICMPV6_DESTINATION_UNREACHABLE, error.code, 0];
    case 'packet-too-big':
      return [ICMPV6_PACKET_TOO_BIG, 0, error.mtu];
    case 'time-exceeded':
      return [ICMPV6_TIME_EXCEEDED, error.code, 0];
    case 'parameter-problem':
      return [ICMPV6_PARAMETER_PROBLEM, error.code, error.pointer];
  }
}

/**
 * Builds the IPv6 packet of an ICMPv6 error, 1280 bytes at most (RFC 4443 §2.4 (c)).
 *
 * @throws NdBuildError naming the field that cannot be expressed
 */
export function buildIcmpError(error: IcmpError): Uint8Array {
  const [type, code, parameter] = typeCodeParameter(error);
  const invoking = error.invoking.subarray(0, MINIMUM_MTU - INVOKING);
  const length = INVOKING + invoking.length;
  const out = new Uint8Array(length);
  writeIPv6Header(out, 0, {
    payloadLength: length - IPV6_HEADER_LENGTH,
    nextHeader: NEXT_HEADER_ICMPV6,
    hopLimit: ERROR_HOP_LIMIT,
    source: error.source,
    destination: error.destination,
  });
  out[IPV6_HEADER_LENGTH] = type;
  out[IPV6_HEADER_LENGTH + 1] = checkRange('code', code, 0xff);
  writeUint32(out, PARAMETER, checkRange('parameter', parameter, 0xffff_ffff));
  out.set(invoking, INVOKING);
  writeUint16(out, IPV6_HEADER_LENGTH + ICMPV6_CHECKSUM_OFFSET, icmpv6Checksum(out, 0, length));
  return out;
}

/** The two cases in which even a multicast destination may cause an error (RFC 4443 §2.4 (e.3)). */
export interface MulticastException {
  /** Packet Too Big, or Parameter Problem code 2 for an option that asks for it. */
  readonly toMulticast?: boolean;
}

/**
 * Whether RFC 4443 §2.4 (e) allows an error about a packet: it is no ICMPv6 error and no redirect, was
 * not sent to multicast, and its source is one node. Does not throw; a packet too odd to tell gets no
 * error.
 */
export function mayCauseIcmpError(
  bytes: Uint8Array,
  offset: number,
  length: number,
  exception: MulticastException = {},
): boolean {
  if (length < IPV6_HEADER_LENGTH || offset + length > bytes.length) return false;
  const source = offset + SOURCE_OFFSET;
  if (isUnspecified(bytes, source) || isMulticast(bytes, source)) return false;
  if (exception.toMulticast !== true && isMulticast(bytes, offset + DESTINATION_OFFSET)) {
    return false;
  }
  const upper = findUpperLayer(bytes, offset, length);
  if (upper === null) return false;
  if (upper.nextHeader !== NEXT_HEADER_ICMPV6) return true;
  if (upper.offset >= offset + length) return false;
  const type = bytes[upper.offset]!;
  return type >= ICMPV6_FIRST_INFORMATIONAL && type !== ICMPV6_REDIRECT;
}
