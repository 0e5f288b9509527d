import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import { checkInteger, HIGHEST_NETID } from '../arguments/ranges.js';
import { readUint16, writeUint16, writeUint32 } from '../bytes/bigEndian.js';
import { parseIPv4 } from '../ipv4/ipv4.js';
import { formatPrefix, type Prefix, parsePrefix } from './prefix.js';

const NETID_OFFSET = 2;
const ROUTER_OFFSET = 4;
const SUBNET_OFFSET = 6;
const SUBNET_PREFIX_BITS = 64;
const LOCALLY_ASSIGNED = 0xfd;
/** 2002::/16, under which the 32 bits that follow are the IPv4 address of a site (RFC 3056 §2). */
const SIX_TO_FOUR = 0x2002;

/** A well-mixed int32 from a state. */
function mix(state: number): number {
  let word = Math.imul(state ^ (state >>> 16), 0x85eb_ca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2_ae35);
  return word ^ (word >>> 16);
}

/**
 * Completes a router's configured prefix to its /64 (draft-04 §3.3):
 *
 * - /16: network identifier, then the router's IPv4 address; for 2002::/16 the other way round, since that
 *   IPv4 address says whose network it is (RFC 3056 §2);
 * - /32: the router's IPv4 address;
 * - /48: the network identifier;
 * - /64: nothing;
 * - fd00::/8 to /63: bits that look random and are a function of prefix, network identifier and
 *   router address, so that a restart gives the same /64 (RFC 4193 §3.2 asks for random ones).
 *
 * @param prefix - a prefix or its text
 * @throws InvalidArgumentError for any other length, naming it
 */
export function completePrefix(
  prefix: Prefix | string,
  options: { readonly netid: number; readonly router: number | string },
): Prefix {
  const { bytes: given, length } = typeof prefix === 'string' ? parsePrefix(prefix) : prefix;
  const netid = checkInteger('netid', options.netid, 0, HIGHEST_NETID);
  const router =
    typeof options.router === 'string' ? parseIPv4(options.router, 'router') : options.router;
  const bytes = Uint8Array.from(given);
  // Stryker disable next-line EqualityOperator: of a /64 there is nothing to fill
  if (bytes[0] === LOCALLY_ASSIGNED && length < SUBNET_PREFIX_BITS) {
    fillRepeatably(bytes, length, netid, router);
    return { bytes, length: SUBNET_PREFIX_BITS };
  }
  switch (length) {
    case 16:
      if (readUint16(bytes, 0) === SIX_TO_FOUR) {
        writeUint32(bytes, NETID_OFFSET, router);
        writeUint16(bytes, SUBNET_OFFSET, netid);
      } else {
        writeUint16(bytes, NETID_OFFSET, netid);
        writeUint32(bytes, ROUTER_OFFSET, router);
      }
      break;
    case 32:
      writeUint32(bytes, ROUTER_OFFSET, router);
      break;
    case 48:
      writeUint16(bytes, SUBNET_OFFSET, netid);
      break;
    case SUBNET_PREFIX_BITS:
      break;
    default:
      throw new InvalidArgumentError(
        'prefix',
        formatPrefix({ bytes, length }),
        'a length of /16, /32, /48 or /64, or any from /8 to /64 under fd00::/8',
      );
  }
  return { bytes, length: SUBNET_PREFIX_BITS };
}

function fillRepeatably(bytes: Uint8Array, length: number, netid: number, router: number): void {
  let state = 0x6bed_0004;
  for (const byte of bytes.subarray(0, 8)) state = mix(state + byte + 0x9e37_79b9);
  state = mix(state + length);
  state = mix(state + netid);
  state = mix(state ^ router);
  for (let index = length >>> 3; index < 8; index++) {
    state = mix(state + 0x9e37_79b9);
    const kept = Math.max(0, length - index * 8);
    bytes[index] = bytes[index]! | (state & (0xff >>> kept));
  }
}
