import { readUint16, writeUint16 } from './bigEndian.js';
import { icmpv6Checksum, verifyIcmpv6Checksum } from './checksum.js';
import {
  HOP_LIMIT_OFFSET,
  ICMPV6_CHECKSUM_OFFSET,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
} from './constants.js';
import { destinationAddress, isWholePacket, sourceAddress, writeIPv6Header } from './ipv6.js';
import { checkRange, type ParseResult, refuse } from './result.js';

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
const FIXED = 8;
const IDENTIFIER = IPV6_HEADER_LENGTH + 4;
const SEQUENCE = IPV6_HEADER_LENGTH + 6;
const DATA = IPV6_HEADER_LENGTH + FIXED;
const SECTION = 'RFC 4443 §4';

/** An echo request or reply, the messages of `ping`. */
export interface Echo {
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
  readonly data: Uint8Array;
}

/** Parses a whole IPv6 packet without extension headers as echo. Never throws. */
export function parseEcho(bytes: Uint8Array, offset: number, length: number): ParseResult<Echo> {
  if (!isWholePacket(bytes, offset, length)) return refuse('bad-ipv6-header', 0, 'RFC 8200 §3');
  const type = length > IPV6_HEADER_LENGTH ? bytes[offset + IPV6_HEADER_LENGTH] : undefined;
  if (
    bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_ICMPV6 ||
    (type !== ICMPV6_ECHO_REQUEST && type !== ICMPV6_ECHO_REPLY)
  ) {
    return refuse('other-message', NEXT_HEADER_OFFSET, SECTION);
  }
  if (length < DATA) return refuse('too-short', length, SECTION);
  if (bytes[offset + IPV6_HEADER_LENGTH + 1] !== 0) {
    return refuse('bad-code', IPV6_HEADER_LENGTH + 1, SECTION);
  }
  if (!verifyIcmpv6Checksum(bytes, offset, length)) {
    return refuse('bad-checksum', IPV6_HEADER_LENGTH + ICMPV6_CHECKSUM_OFFSET, SECTION);
  }
  return {
    ok: true,
    value: {
      type: type === ICMPV6_ECHO_REQUEST ? 'echo-request' : 'echo-reply',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      hopLimit: bytes[offset + HOP_LIMIT_OFFSET]!,
      identifier: readUint16(bytes, offset + IDENTIFIER),
      sequence: readUint16(bytes, offset + SEQUENCE),
      data: bytes.slice(offset + DATA, offset + length),
    },
  };
}

/**
 * Builds the IPv6 packet of an echo request or reply.
 *
 * @throws NdBuildError naming the field that cannot be expressed
 */
export function buildEcho(echo: Echo): Uint8Array {
  const length = DATA + echo.data.length;
  const out = new Uint8Array(length);
  writeIPv6Header(out, 0, {
    payloadLength: length - IPV6_HEADER_LENGTH,
    nextHeader: NEXT_HEADER_ICMPV6,
    hopLimit: echo.hopLimit,
    source: echo.source,
    destination: echo.destination,
  });
  out[IPV6_HEADER_LENGTH] = echo.type === 'echo-request' ? ICMPV6_ECHO_REQUEST : ICMPV6_ECHO_REPLY;
  writeUint16(out, IDENTIFIER, checkRange('identifier', echo.identifier, 0xffff));
  writeUint16(out, SEQUENCE, checkRange('sequence', echo.sequence, 0xffff));
  out.set(echo.data, DATA);
  writeUint16(out, IPV6_HEADER_LENGTH + ICMPV6_CHECKSUM_OFFSET, icmpv6Checksum(out, 0, length));
  return out;
}
