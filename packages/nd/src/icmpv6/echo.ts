import { checkInteger, readUint16, writeUint16 } from '@6bed4/codec';
import {
  DEFAULT_HOP_LIMIT,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
} from '../packet/constants.js';
import { copyBytes } from '../packet/copy.js';
import {
  destinationAddress,
  hopLimit,
  isWholePacket,
  sourceAddress,
  writeIPv6Header,
} from '../packet/ipv6.js';
import { checkRoom, type ParseResult, refuse } from '../packet/result.js';
import { ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST } from './constants.js';
import {
  CHECKSUM,
  CODE,
  icmpv6View,
  MESSAGE,
  verifyIcmpv6Checksum,
  writeIcmpv6Checksum,
} from './icmpv6.js';

/*
 * RFC 4443 §4:
 *
 *   +---------------+---------------+-------------------------------+
 *   | Type 128, 129 |    Code 0     |           Checksum            |
 *   +---------------+---------------+-------------------------------+
 *   |          Identifier           |        Sequence number        |
 *   +-------------------------------+-------------------------------+
 *   | Data ...
 */
const IDENTIFIER = MESSAGE + 4;
const SEQUENCE = MESSAGE + 6;
const DATA = MESSAGE + 8;
const SECTION = 'RFC 4443 §4';

/** An echo request or reply, the messages of `ping` (RFC 4443 §4). */
export interface Echo {
  /** ICMPv6 type 128 or 129. */
  readonly type: 'echo-request' | 'echo-reply';
  /** 16 bytes. */
  readonly source: Uint8Array;
  /** 16 bytes. */
  readonly destination: Uint8Array;
  /** 0..255. */
  readonly hopLimit: number;
  /** 0..65535. */
  readonly identifier: number;
  /** 0..65535. */
  readonly sequence: number;
  /** What the reply repeats. */
  readonly data: Uint8Array;
}

/**
 * Reads the fields of an echo where they lie (RFC 4443 §4), without allocation, in a packet at `offset`
 * that {@link parseEcho} accepts.
 */
export const echoView = {
  /** 0..65535. */
  identifier: (bytes: Uint8Array, offset: number): number => readUint16(bytes, offset + IDENTIFIER),
  /** 0..65535. */
  sequence: (bytes: Uint8Array, offset: number): number => readUint16(bytes, offset + SEQUENCE),
  /** Where the data starts, in the buffer. */
  dataOffset: (offset: number): number => offset + DATA,
} as const;

/**
 * Parses a whole IPv6 packet without extension headers as echo (RFC 4443 §4). Addresses and data are
 * copies. Never throws, nor reads outside the packet.
 *
 * @param offset - start of the IPv6 header in `bytes`
 * @param length - bytes of the packet
 */
export function parseEcho(bytes: Uint8Array, offset: number, length: number): ParseResult<Echo> {
  if (!isWholePacket(bytes, offset, length)) return refuse('bad-ipv6-header', 0, 'RFC 8200 §3');
  const type = length > MESSAGE ? icmpv6View.type(bytes, offset) : undefined;
  if (
    bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_ICMPV6 ||
    (type !== ICMPV6_ECHO_REQUEST && type !== ICMPV6_ECHO_REPLY)
  ) {
    return refuse('other-message', NEXT_HEADER_OFFSET, SECTION);
  }
  if (length < DATA) return refuse('too-short', length, SECTION);
  if (icmpv6View.code(bytes, offset) !== 0) return refuse('bad-code', CODE, SECTION);
  if (!verifyIcmpv6Checksum(bytes, offset, length)) {
    return refuse('bad-checksum', CHECKSUM, SECTION);
  }
  return {
    ok: true,
    value: {
      type: type === ICMPV6_ECHO_REQUEST ? 'echo-request' : 'echo-reply',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      hopLimit: hopLimit(bytes, offset),
      identifier: echoView.identifier(bytes, offset),
      sequence: echoView.sequence(bytes, offset),
      data: copyBytes(bytes, offset + DATA, offset + length),
    },
  };
}

/**
 * The reply to an echo request (RFC 4443 §4.2): the same identifier, sequence number and data, from the
 * destination of the request to its source.
 */
export function echoReplyTo(request: Echo): Echo {
  return {
    ...request,
    type: 'echo-reply',
    source: request.destination,
    destination: request.source,
    hopLimit: DEFAULT_HOP_LIMIT,
  };
}

/**
 * Builds the IPv6 packet of an echo request or reply (RFC 4443 §4), with its checksum.
 *
 * @throws InvalidArgumentError naming the field that cannot be expressed
 */
export function buildEcho(echo: Echo): Uint8Array {
  const out = new Uint8Array(DATA + echo.data.length);
  writeEcho(out, 0, echo);
  return out;
}

/**
 * Writes what {@link buildEcho} builds into a buffer at `offset`, over whatever was there.
 *
 * @returns bytes written
 * @throws InvalidArgumentError naming the field that cannot be expressed, or `out` when there is no room
 */
export function writeEcho(out: Uint8Array, offset: number, echo: Echo): number {
  const length = DATA + echo.data.length;
  const identifier = checkInteger('identifier', echo.identifier, 0, 0xffff);
  const sequence = checkInteger('sequence', echo.sequence, 0, 0xffff);
  checkRoom(out, offset, length);
  writeIPv6Header(out, offset, {
    payloadLength: length - IPV6_HEADER_LENGTH,
    nextHeader: NEXT_HEADER_ICMPV6,
    hopLimit: echo.hopLimit,
    source: echo.source,
    destination: echo.destination,
  });
  const message = offset + MESSAGE;
  out[message] = echo.type === 'echo-request' ? ICMPV6_ECHO_REQUEST : ICMPV6_ECHO_REPLY;
  out[message + 1] = 0;
  writeUint16(out, offset + IDENTIFIER, identifier);
  writeUint16(out, offset + SEQUENCE, sequence);
  out.set(echo.data, offset + DATA);
  writeIcmpv6Checksum(out, offset, length);
  return length;
}
