import { writeUint16 } from '../bigEndian.js';
import { icmpv6Checksum, verifyIcmpv6Checksum } from '../checksum.js';
import {
  HOP_LIMIT_OFFSET,
  ICMPV6_CHECKSUM_OFFSET,
  IPV6_HEADER_LENGTH,
  ND_HOP_LIMIT,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
} from '../constants.js';
import { isWholePacket, writeIPv6Header } from '../ipv6.js';
import { type NdOption, optionsLength, parseOptions, writeOptions } from '../options.js';
import { type ParseResult, refuse } from '../result.js';

/** What all Neighbor Discovery messages have. */
export interface MessageBase {
  /** IPv6 source, 16 bytes. */
  readonly source: Uint8Array;
  /** IPv6 destination, 16 bytes. */
  readonly destination: Uint8Array;
  readonly options: readonly NdOption[];
}

/** @internal Where a message starts in its packet. */
export const MESSAGE = IPV6_HEADER_LENGTH;

/** @internal The rules that stand first in RFC 4861 §6.1.1, §6.1.2, §7.1.1, §7.1.2 and §8.1. */
export function parseFrame(
  bytes: Uint8Array,
  offset: number,
  length: number,
  minimum: number,
  section: string,
): ParseResult<readonly NdOption[]> {
  if (!isWholePacket(bytes, offset, length)) return refuse('bad-ipv6-header', 0, 'RFC 8200 §3');
  if (bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_ICMPV6) {
    return refuse('other-message', NEXT_HEADER_OFFSET, section);
  }
  // "The IP Hop Limit field has a value of 255, i.e., the packet could not possibly have been
  // forwarded by a router."
  if (bytes[offset + HOP_LIMIT_OFFSET] !== ND_HOP_LIMIT) {
    return refuse('bad-hop-limit', HOP_LIMIT_OFFSET, section);
  }
  // "ICMP length (derived from the IP length) is N or more octets."
  if (length < MESSAGE + minimum) return refuse('too-short', length, section);
  // "ICMP Checksum is valid."
  if (!verifyIcmpv6Checksum(bytes, offset, length)) {
    return refuse('bad-checksum', MESSAGE + ICMPV6_CHECKSUM_OFFSET, section);
  }
  // "ICMP Code is 0."
  if (bytes[offset + MESSAGE + 1] !== 0) return refuse('bad-code', MESSAGE + 1, section);
  // "All included options have a length that is greater than zero."
  return parseOptions(bytes, offset + MESSAGE + minimum, offset + length, offset);
}

/**
 * @internal Builds the packet of a message.
 *
 * @param fixed - bytes of the message before its options
 * @param write - writes them, from byte 4 on, into zeroed space
 */
export function buildFrame(
  type: number,
  base: MessageBase,
  fixed: number,
  write: (out: Uint8Array, message: number) => void,
): Uint8Array {
  const length = MESSAGE + fixed + optionsLength(base.options);
  const out = new Uint8Array(length);
  writeIPv6Header(out, 0, {
    payloadLength: length - IPV6_HEADER_LENGTH,
    nextHeader: NEXT_HEADER_ICMPV6,
    hopLimit: ND_HOP_LIMIT,
    source: base.source,
    destination: base.destination,
  });
  out[MESSAGE] = type;
  write(out, MESSAGE);
  writeOptions(out, MESSAGE + fixed, base.options);
  writeUint16(out, MESSAGE + ICMPV6_CHECKSUM_OFFSET, icmpv6Checksum(out, 0, length));
  return out;
}
