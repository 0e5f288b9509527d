import {
  checkInteger,
  isIPv6Multicast,
  isIPv6Unspecified,
  readUint32,
  writeUint32,
} from '@6bed4/codec';
import { isInside } from '../packet/bounds.js';
import {
  DEFAULT_HOP_LIMIT,
  DESTINATION_OFFSET,
  IPV6_HEADER_LENGTH,
  MINIMUM_MTU,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  SOURCE_OFFSET,
} from '../packet/constants.js';
import { copyBytes } from '../packet/copy.js';
import {
  destinationAddress,
  isWholePacket,
  sourceAddress,
  writeIPv6Header,
} from '../packet/ipv6.js';
import { checkRoom, type ParseResult, refuse } from '../packet/result.js';
import { findUpperLayer } from '../packet/upperLayer.js';
import {
  ICMPV6_DESTINATION_UNREACHABLE,
  ICMPV6_FIRST_INFORMATIONAL,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_REDIRECT,
  ICMPV6_TIME_EXCEEDED,
} from './constants.js';
import {
  CHECKSUM,
  icmpv6View,
  MESSAGE,
  verifyIcmpv6Checksum,
  writeIcmpv6Checksum,
} from './icmpv6.js';

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
const PARAMETER = MESSAGE + 4;
const INVOKING = MESSAGE + 8;
const SECTION = 'RFC 4443 §3';
const HIGHEST_UINT32 = 0xffff_ffff;

/** The parts that all ICMPv6 errors have. */
export interface IcmpErrorBase {
  /** 16 bytes. */
  readonly source: Uint8Array;
  /** 16 bytes. */
  readonly destination: Uint8Array;
  /** The packet that caused the error, cut where the error would pass 1280 bytes. */
  readonly invoking: Uint8Array;
}

/** The packet cannot be delivered (RFC 4443 §3.1). */
export interface DestinationUnreachable extends IcmpErrorBase {
  /** ICMPv6 type 1. */
  readonly type: 'destination-unreachable';
  /** 0 no route, 1 prohibited, 2 beyond scope, 3 address, 4 port, 5 source policy, 6 rejected. */
  readonly code: number;
}

/** The packet does not fit the next link (RFC 4443 §3.2). */
export interface PacketTooBig extends IcmpErrorBase {
  /** ICMPv6 type 2. */
  readonly type: 'packet-too-big';
  /** Bytes that the next link takes, 0..0xffffffff. */
  readonly mtu: number;
}

/** The packet was too long on its way (RFC 4443 §3.3). */
export interface TimeExceeded extends IcmpErrorBase {
  /** ICMPv6 type 3. */
  readonly type: 'time-exceeded';
  /** 0 hop limit, 1 reassembly. */
  readonly code: number;
}

/** The packet has something in it that makes no sense (RFC 4443 §3.4). */
export interface ParameterProblem extends IcmpErrorBase {
  /** ICMPv6 type 4. */
  readonly type: 'parameter-problem';
  /** 0 field, 1 next header, 2 option. */
  readonly code: number;
  /** Offset of the fault in the invoking packet, in bytes, 0..0xffffffff. */
  readonly pointer: number;
}

/** An ICMPv6 error message (RFC 4443 §3). */
export type IcmpError = DestinationUnreachable | PacketTooBig | TimeExceeded | ParameterProblem;

/**
 * Reads the fields of an ICMPv6 error in place (RFC 4443 §3), without allocation, in a packet at
 * `offset` that {@link parseIcmpError} accepts.
 */
export const icmpErrorView = {
  /** Of Packet Too Big: bytes that the next link takes. */
  mtu: (bytes: Uint8Array, offset: number): number => readUint32(bytes, offset + PARAMETER),
  /** Of Parameter Problem: offset of the fault in the invoking packet, in bytes. */
  pointer: (bytes: Uint8Array, offset: number): number => readUint32(bytes, offset + PARAMETER),
  /** Offset of the invoking packet in the buffer. */
  invokingOffset: (offset: number): number => offset + INVOKING,
} as const;

/**
 * Parses a whole IPv6 packet without extension headers as an ICMPv6 error (RFC 4443 §3). Addresses
 * and the invoking packet are copies. Never throws, nor reads outside the packet.
 *
 * @param offset - start of the IPv6 header in `bytes`
 * @param length - bytes of the packet
 */
export function parseIcmpError(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<IcmpError> {
  if (!isWholePacket(bytes, offset, length)) return refuse('bad-ipv6-header', 0, 'RFC 8200 §3');
  const type = length > MESSAGE ? icmpv6View.type(bytes, offset) : 0;
  if (
    bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_ICMPV6 ||
    type < ICMPV6_DESTINATION_UNREACHABLE ||
    type > ICMPV6_PARAMETER_PROBLEM
  ) {
    return refuse('other-message', NEXT_HEADER_OFFSET, SECTION);
  }
  if (length < INVOKING) return refuse('too-short', length, SECTION);
  if (!verifyIcmpv6Checksum(bytes, offset, length)) {
    return refuse('bad-checksum', CHECKSUM, SECTION);
  }
  const base: IcmpErrorBase = {
    source: sourceAddress(bytes, offset),
    destination: destinationAddress(bytes, offset),
    invoking: copyBytes(bytes, offset + INVOKING, offset + length),
  };
  const code = icmpv6View.code(bytes, offset);
  switch (type) {
    case ICMPV6_DESTINATION_UNREACHABLE:
      return { ok: true, value: { type: 'destination-unreachable', code, ...base } };
    case ICMPV6_PACKET_TOO_BIG:
      return {
        ok: true,
        value: { type: 'packet-too-big', mtu: icmpErrorView.mtu(bytes, offset), ...base },
      };
    case ICMPV6_TIME_EXCEEDED:
      return { ok: true, value: { type: 'time-exceeded', code, ...base } };
    default: {
      const pointer = icmpErrorView.pointer(bytes, offset);
      return { ok: true, value: { type: 'parameter-problem', code, pointer, ...base } };
    }
  }
}

function typeCodeParameter(error: IcmpError): readonly [number, number, number] {
  switch (error.type) {
    case 'destination-unreachable':
      return [ICMPV6_DESTINATION_UNREACHABLE, error.code, 0];
    case 'packet-too-big':
      return [ICMPV6_PACKET_TOO_BIG, 0, checkInteger('mtu', error.mtu, 0, HIGHEST_UINT32)];
    case 'time-exceeded':
      return [ICMPV6_TIME_EXCEEDED, error.code, 0];
    case 'parameter-problem': {
      const pointer = checkInteger('pointer', error.pointer, 0, HIGHEST_UINT32);
      return [ICMPV6_PARAMETER_PROBLEM, error.code, pointer];
    }
  }
}

/**
 * "As much of invoking packet as possible without the ICMPv6 packet exceeding the minimum IPv6 MTU."
 */
function invokingLength(error: IcmpError): number {
  return Math.min(error.invoking.length, MINIMUM_MTU - INVOKING);
}

/**
 * Builds the IPv6 packet of an ICMPv6 error (RFC 4443 §3), with hop limit 64 and its checksum; the
 * invoking packet is cut for the whole to keep to 1280 bytes (RFC 4443 §2.4 (c)).
 *
 * @throws InvalidArgumentError naming the field that cannot be expressed
 */
export function buildIcmpError(error: IcmpError): Uint8Array {
  const out = new Uint8Array(INVOKING + invokingLength(error));
  writeIcmpError(out, 0, error);
  return out;
}

/**
 * @internal Writes what {@link buildIcmpError} builds into a buffer at `offset`, over whatever was
 * there.
 *
 * @returns bytes written, 1280 at most
 * @throws InvalidArgumentError naming the field that cannot be expressed, or `out` when there is no
 * room
 */
export function writeIcmpError(out: Uint8Array, offset: number, error: IcmpError): number {
  const [type, code, parameter] = typeCodeParameter(error);
  checkInteger('code', code, 0, 0xff);
  const invoking = invokingLength(error);
  const length = INVOKING + invoking;
  checkRoom(out, offset, length);
  writeIPv6Header(out, offset, {
    payloadLength: length - IPV6_HEADER_LENGTH,
    nextHeader: NEXT_HEADER_ICMPV6,
    hopLimit: DEFAULT_HOP_LIMIT,
    source: error.source,
    destination: error.destination,
  });
  out[offset + MESSAGE] = type;
  out[offset + MESSAGE + 1] = code;
  writeUint32(out, offset + PARAMETER, parameter);
  out.set(error.invoking.subarray(0, invoking), offset + INVOKING);
  writeIcmpv6Checksum(out, offset, length);
  return length;
}

/** The two cases in which even a multicast destination may cause an error (RFC 4443 §2.4 (e.3)). */
export interface MulticastException {
  /** Packet Too Big, or Parameter Problem code 2 for an option that demands it. */
  readonly toMulticast?: boolean;
}

/**
 * Whether RFC 4443 §2.4 (e) allows an error about a packet: it is no ICMPv6 error and no redirect,
 * was not sent to multicast, and its source is one node. A packet that cannot be classified gets no error.
 * Neither throws nor reads outside the packet.
 *
 * @param offset - start of the IPv6 header in `bytes`
 * @param length - bytes of the packet that are there; it may be cut short
 * @param exception - what the error is, if that matters
 */
export function mayCauseIcmpError(
  bytes: Uint8Array,
  offset: number,
  length: number,
  exception: MulticastException = {},
): boolean {
  if (length < IPV6_HEADER_LENGTH || !isInside(bytes, offset, length)) return false;
  // (e.6) "A packet whose source address does not uniquely identify a single node"
  const source = offset + SOURCE_OFFSET;
  if (isIPv6Unspecified(bytes, source) || isIPv6Multicast(bytes, source)) return false;
  // (e.3) "A packet destined to an IPv6 multicast address."
  if (exception.toMulticast !== true && isIPv6Multicast(bytes, offset + DESTINATION_OFFSET)) {
    return false;
  }
  const upper = findUpperLayer(bytes, offset, length);
  if (upper === null) return false;
  if (upper.nextHeader !== NEXT_HEADER_ICMPV6) return true;
  if (upper.offset >= offset + length) return false;
  // (e.1) "An ICMPv6 error message." (e.2) "An ICMPv6 redirect message"
  const type = bytes[upper.offset]!;
  return type >= ICMPV6_FIRST_INFORMATIONAL && type !== ICMPV6_REDIRECT;
}
