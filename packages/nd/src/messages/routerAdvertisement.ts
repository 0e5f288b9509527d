import { isLinkLocal } from '../addresses.js';
import { readUint16, readUint32, writeUint16, writeUint32 } from '../bigEndian.js';
import { ICMPV6_ROUTER_ADVERTISEMENT, SOURCE_OFFSET } from '../constants.js';
import { destinationAddress, sourceAddress } from '../ipv6.js';
import { preferenceFromFlags, preferenceToFlags, type RouterPreference } from '../options.js';
import { checkRange, type ParseResult, refuse } from '../result.js';
import { buildFrame, MESSAGE, type MessageBase, parseFrame } from './message.js';

/*
 * RFC 4861 §4.2, with the flags of RFC 6275 (H), RFC 4191 (Prf) and RFC 4389 (P):
 *
 *   +---------------+---------------+-------------------------------+
 *   |   Type 134    |    Code 0     |           Checksum            |
 *   +---------------+-+-+-+---+-+---+-------------------------------+
 *   | Cur Hop Limit |M|O|H|Prf|P| 0 |        Router Lifetime        |
 *   +---------------+-+-+-+---+-+---+-------------------------------+
 *   |                         Reachable Time                        |
 *   +---------------------------------------------------------------+
 *   |                          Retrans Timer                        |
 *   +---------------------------------------------------------------+
 *   | Options ...
 */
const FIXED = 16;
const CURRENT_HOP_LIMIT = 4;
const FLAGS = 5;
const ROUTER_LIFETIME = 6;
const REACHABLE_TIME = 8;
const RETRANS_TIMER = 12;
const MANAGED = 0x80;
const OTHER = 0x40;
const HOME_AGENT = 0x20;
const PROXY = 0x04;
const SECTION = 'RFC 4861 §6.1.2';

/** "I route here, and this is your prefix." */
export interface RouterAdvertisement extends MessageBase {
  readonly type: 'router-advertisement';
  /** The hop limit to use, 0..255; 0 for unspecified. */
  readonly currentHopLimit: number;
  /** M: addresses by DHCPv6. */
  readonly managed: boolean;
  /** O: other configuration by DHCPv6. */
  readonly other: boolean;
  /** H (RFC 6275 §7.1). */
  readonly homeAgent: boolean;
  /** P (RFC 4389 §4.1.3.3). */
  readonly proxy: boolean;
  /** Prf (RFC 4191 §2.2). */
  readonly preference: RouterPreference;
  /** Seconds, 0..65535; 0 for not a default router. */
  readonly routerLifetime: number;
  /** Milliseconds; 0 for unspecified. */
  readonly reachableTime: number;
  /** Milliseconds; 0 for unspecified. */
  readonly retransTimer: number;
}

/** @internal */
export function parseRouterAdvertisement(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<RouterAdvertisement> {
  const options = parseFrame(bytes, offset, length, FIXED, SECTION);
  if (!options.ok) return options;
  // "IP Source Address is a link-local address."
  if (!isLinkLocal(bytes, offset + SOURCE_OFFSET)) {
    return refuse('bad-source', SOURCE_OFFSET, SECTION);
  }
  const message = offset + MESSAGE;
  const flags = bytes[message + FLAGS]!;
  return {
    ok: true,
    value: {
      type: 'router-advertisement',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      currentHopLimit: bytes[message + CURRENT_HOP_LIMIT]!,
      managed: (flags & MANAGED) !== 0,
      other: (flags & OTHER) !== 0,
      homeAgent: (flags & HOME_AGENT) !== 0,
      proxy: (flags & PROXY) !== 0,
      preference: preferenceFromFlags(flags),
      routerLifetime: readUint16(bytes, message + ROUTER_LIFETIME),
      reachableTime: readUint32(bytes, message + REACHABLE_TIME),
      retransTimer: readUint32(bytes, message + RETRANS_TIMER),
      options: options.value,
    },
  };
}

/** @internal */
export function buildRouterAdvertisement(ra: RouterAdvertisement): Uint8Array {
  return buildFrame(ICMPV6_ROUTER_ADVERTISEMENT, ra, FIXED, (out, message) => {
    out[message + CURRENT_HOP_LIMIT] = checkRange('currentHopLimit', ra.currentHopLimit, 0xff);
    out[message + FLAGS] =
      (ra.managed ? MANAGED : 0) |
      (ra.other ? OTHER : 0) |
      (ra.homeAgent ? HOME_AGENT : 0) |
      preferenceToFlags(ra.preference) |
      (ra.proxy ? PROXY : 0);
    writeUint16(
      out,
      message + ROUTER_LIFETIME,
      checkRange('routerLifetime', ra.routerLifetime, 0xffff),
    );
    writeUint32(
      out,
      message + REACHABLE_TIME,
      checkRange('reachableTime', ra.reachableTime, 0xffff_ffff),
    );
    writeUint32(
      out,
      message + RETRANS_TIMER,
      checkRange('retransTimer', ra.retransTimer, 0xffff_ffff),
    );
  });
}
