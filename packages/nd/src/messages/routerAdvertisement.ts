import {
  checkInteger,
  isIPv6LinkLocal,
  readUint16,
  readUint32,
  writeUint16,
  writeUint32,
} from '@6bed4/codec';
import { ICMPV6_ROUTER_ADVERTISEMENT } from '../icmpv6/constants.js';
import { MESSAGE } from '../icmpv6/icmpv6.js';
import {
  preferenceFromFlags,
  preferenceToFlags,
  type RouterPreference,
} from '../options/routerPreference.js';
import { SOURCE_OFFSET } from '../packet/constants.js';
import { destinationAddress, sourceAddress } from '../packet/ipv6.js';
import { type ParseResult, refuse } from '../packet/result.js';
import { type MessageBase, parseFrame, writeFrame } from './message.js';

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
/** @internal Bytes before the options. */
export const ROUTER_ADVERTISEMENT_LENGTH = 16;

/**
 * Router Advertisement: announces a router with its parameters and prefixes (RFC 4861 §4.2).
 */
export interface RouterAdvertisement extends MessageBase {
  /** ICMPv6 type 134. */
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
  /** Milliseconds, 0..0xffffffff; 0 for unspecified. */
  readonly reachableTime: number;
  /** Milliseconds, 0..0xffffffff; 0 for unspecified. */
  readonly retransTimer: number;
}

/** The fixed fields of a Router Advertisement with all flags clear and every value unspecified. */
export const ROUTER_ADVERTISEMENT_DEFAULTS = {
  type: 'router-advertisement',
  currentHopLimit: 0,
  managed: false,
  other: false,
  homeAgent: false,
  proxy: false,
  preference: 'medium',
  routerLifetime: 0,
  reachableTime: 0,
  retransTimer: 0,
} as const;

/**
 * Reads the fields of a Router Advertisement in place (RFC 4861 §4.2), without allocation, in a
 * packet at `offset` that {@link parseNd} accepts.
 */
export const routerAdvertisementView = {
  /** The hop limit to use, 0..255; 0 for unspecified. */
  currentHopLimit: (bytes: Uint8Array, offset: number): number =>
    bytes[offset + MESSAGE + CURRENT_HOP_LIMIT]!,
  /** M. */
  managed: (bytes: Uint8Array, offset: number): boolean => hasFlag(bytes, offset, MANAGED),
  /** O. */
  other: (bytes: Uint8Array, offset: number): boolean => hasFlag(bytes, offset, OTHER),
  /** H (RFC 6275 §7.1). */
  homeAgent: (bytes: Uint8Array, offset: number): boolean => hasFlag(bytes, offset, HOME_AGENT),
  /** P (RFC 4389 §4.1.3.3). */
  proxy: (bytes: Uint8Array, offset: number): boolean => hasFlag(bytes, offset, PROXY),
  /** Prf (RFC 4191 §2.2). */
  preference: (bytes: Uint8Array, offset: number): RouterPreference =>
    preferenceFromFlags(bytes[offset + MESSAGE + FLAGS]!),
  /** Seconds, 0..65535. */
  routerLifetime: (bytes: Uint8Array, offset: number): number =>
    readUint16(bytes, offset + MESSAGE + ROUTER_LIFETIME),
  /** Milliseconds. */
  reachableTime: (bytes: Uint8Array, offset: number): number =>
    readUint32(bytes, offset + MESSAGE + REACHABLE_TIME),
  /** Milliseconds. */
  retransTimer: (bytes: Uint8Array, offset: number): number =>
    readUint32(bytes, offset + MESSAGE + RETRANS_TIMER),
  /** Offset of the options in the buffer. */
  optionsOffset: (offset: number): number => offset + MESSAGE + ROUTER_ADVERTISEMENT_LENGTH,
} as const;

function hasFlag(bytes: Uint8Array, offset: number, flag: number): boolean {
  return (bytes[offset + MESSAGE + FLAGS]! & flag) !== 0;
}

/** @internal */
export function parseRouterAdvertisement(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<RouterAdvertisement> {
  const options = parseFrame(bytes, offset, length, ROUTER_ADVERTISEMENT_LENGTH, SECTION);
  if (!options.ok) return options;
  // "IP Source Address is a link-local address."
  if (!isIPv6LinkLocal(bytes, offset + SOURCE_OFFSET)) {
    return refuse('bad-source', SOURCE_OFFSET, SECTION);
  }
  const view = routerAdvertisementView;
  return {
    ok: true,
    value: {
      type: 'router-advertisement',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      currentHopLimit: view.currentHopLimit(bytes, offset),
      managed: view.managed(bytes, offset),
      other: view.other(bytes, offset),
      homeAgent: view.homeAgent(bytes, offset),
      proxy: view.proxy(bytes, offset),
      preference: view.preference(bytes, offset),
      routerLifetime: view.routerLifetime(bytes, offset),
      reachableTime: view.reachableTime(bytes, offset),
      retransTimer: view.retransTimer(bytes, offset),
      options: options.value,
    },
  };
}

/** @internal */
export function writeRouterAdvertisement(
  out: Uint8Array,
  offset: number,
  ra: RouterAdvertisement,
): number {
  const currentHopLimit = checkInteger('currentHopLimit', ra.currentHopLimit, 0, 0xff);
  const routerLifetime = checkInteger('routerLifetime', ra.routerLifetime, 0, 0xffff);
  const reachableTime = checkInteger('reachableTime', ra.reachableTime, 0, 0xffff_ffff);
  const retransTimer = checkInteger('retransTimer', ra.retransTimer, 0, 0xffff_ffff);
  const flags =
    (ra.managed ? MANAGED : 0) |
    (ra.other ? OTHER : 0) |
    (ra.homeAgent ? HOME_AGENT : 0) |
    preferenceToFlags(ra.preference) |
    (ra.proxy ? PROXY : 0);
  return writeFrame(
    out,
    offset,
    ICMPV6_ROUTER_ADVERTISEMENT,
    ra,
    ROUTER_ADVERTISEMENT_LENGTH,
    (message) => {
      out[message + CURRENT_HOP_LIMIT] = currentHopLimit;
      out[message + FLAGS] = flags;
      writeUint16(out, message + ROUTER_LIFETIME, routerLifetime);
      writeUint32(out, message + REACHABLE_TIME, reachableTime);
      writeUint32(out, message + RETRANS_TIMER, retransTimer);
    },
  );
}
