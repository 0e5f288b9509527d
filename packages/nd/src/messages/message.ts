import { ND_HOP_LIMIT } from '../icmpv6/constants.js';
import {
  CHECKSUM,
  CODE,
  MESSAGE,
  verifyIcmpv6Checksum,
  writeIcmpv6Checksum,
} from '../icmpv6/icmpv6.js';
import type { NdOption } from '../options/option.js';
import { parseOptions } from '../options/parseOptions.js';
import { optionsLength, writeOptions } from '../options/writeOptions.js';
import { HOP_LIMIT_OFFSET, IPV6_HEADER_LENGTH, NEXT_HEADER_ICMPV6 } from '../packet/constants.js';
import { writeIPv6Header } from '../packet/ipv6.js';
import { checkRoom, type ParseResult, refuse } from '../packet/result.js';

/** The parts that all Neighbor Discovery messages have. */
export interface MessageBase {
  /** IPv6 source, 16 bytes. */
  readonly source: Uint8Array;
  /** IPv6 destination, 16 bytes. */
  readonly destination: Uint8Array;
  /** In the order in which they stand in the message. */
  readonly options: readonly NdOption[];
}

/**
 * @internal The rules that stand first in RFC 4861 §6.1.1, §6.1.2, §7.1.1, §7.1.2 and §8.1, for a whole
 * packet that is Neighbor Discovery.
 *
 * @param fixed - bytes of the message before its options
 */
export function parseFrame(
  bytes: Uint8Array,
  offset: number,
  length: number,
  fixed: number,
  section: string,
): ParseResult<readonly NdOption[]> {
  // "The IP Hop Limit field has a value of 255, i.e., the packet could not possibly have been
  // forwarded by a router."
  if (bytes[offset + HOP_LIMIT_OFFSET] !== ND_HOP_LIMIT) {
    return refuse('bad-hop-limit', HOP_LIMIT_OFFSET, section);
  }
  // "ICMP length (derived from the IP length) is N or more octets."
  if (length < MESSAGE + fixed) return refuse('too-short', length, section);
  // "ICMP Checksum is valid."
  if (!verifyIcmpv6Checksum(bytes, offset, length))
    return refuse('bad-checksum', CHECKSUM, section);
  // "ICMP Code is 0."
  if (bytes[offset + CODE] !== 0) return refuse('bad-code', CODE, section);
  // "All included options have a length that is greater than zero."
  return parseOptions(bytes, offset + MESSAGE + fixed, offset + length, offset);
}

/**
 * @internal Writes the packet of a message at `offset`, whatever was there before.
 *
 * @param fixed - bytes of the message before its options
 * @param write - writes them, from byte 4 on, into zeroed space
 * @returns the length of the packet
 */
export function writeFrame(
  out: Uint8Array,
  offset: number,
  type: number,
  base: MessageBase,
  fixed: number,
  write: (message: number) => void,
): number {
  const length = MESSAGE + fixed + optionsLength(base.options);
  checkRoom(out, offset, length);
  writeIPv6Header(out, offset, {
    payloadLength: length - IPV6_HEADER_LENGTH,
    nextHeader: NEXT_HEADER_ICMPV6,
    hopLimit: ND_HOP_LIMIT,
    source: base.source,
    destination: base.destination,
  });
  const message = offset + MESSAGE;
  out.fill(0, message, offset + length);
  out[message] = type;
  write(message);
  writeOptions(out, message + fixed, base.options);
  writeIcmpv6Checksum(out, offset, length);
  return length;
}
