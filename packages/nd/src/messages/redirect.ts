import { isIPv6LinkLocal, isIPv6Multicast, sameIPv6Address } from '@6bed4/codec';
import { ICMPV6_REDIRECT } from '../icmpv6/constants.js';
import { MESSAGE } from '../icmpv6/icmpv6.js';
import { fitRedirectedHeaders } from '../options/writeOptions.js';
import { MINIMUM_MTU, SOURCE_OFFSET } from '../packet/constants.js';
import { copyBytes } from '../packet/copy.js';
import { destinationAddress, sourceAddress } from '../packet/ipv6.js';
import { checkBytes, type ParseResult, refuse } from '../packet/result.js';
import { type MessageBase, parseFrame, writeFrame } from './message.js';

/*
 * RFC 4861 §4.5:
 *
 *   +---------------+---------------+-------------------------------+
 *   |   Type 137    |    Code 0     |           Checksum            |
 *   +---------------+---------------+-------------------------------+
 *   |                           Reserved                            |
 *   +---------------------------------------------------------------+
 *   |                   Target address (16 bytes)                   |
 *   +---------------------------------------------------------------+
 *   |                 Destination address (16 bytes)                |
 *   +---------------------------------------------------------------+
 *   | Options ...
 */
const TARGET = 8;
const REDIRECTED = 24;
const SECTION = 'RFC 4861 §8.1';
/** @internal Bytes before the options. */
export const REDIRECT_LENGTH = 40;

/** Redirect: names a better first hop to a destination (RFC 4861 §4.5). */
export interface Redirect extends MessageBase {
  /** ICMPv6 type 137. */
  readonly type: 'redirect';
  /** The better first hop; the redirected destination itself when it is on-link. 16 bytes. */
  readonly target: Uint8Array;
  /** The destination that is redirected; 16 bytes. */
  readonly redirectDestination: Uint8Array;
}

/**
 * Offsets of the parts of a Redirect (RFC 4861 §4.5), for a packet at `offset` that {@link parseNd}
 * accepts.
 */
export const redirectView = {
  /** Offset of the address of the better first hop in the buffer, 16 bytes. */
  targetOffset: (offset: number): number => offset + MESSAGE + TARGET,
  /** Offset of the redirected destination address in the buffer, 16 bytes. */
  redirectDestinationOffset: (offset: number): number => offset + MESSAGE + REDIRECTED,
  /** Offset of the options in the buffer. */
  optionsOffset: (offset: number): number => offset + MESSAGE + REDIRECT_LENGTH,
} as const;

/**
 * @internal "The IP source address of the Redirect is the same as the current first-hop router for
 * the specified ICMP Destination Address" (RFC 4861 §8.1) is for the caller to check, which knows its
 * routes.
 */
export function parseRedirect(
  bytes: Uint8Array,
  offset: number,
  length: number,
  lenient: boolean,
): ParseResult<Redirect> {
  const options = parseFrame(bytes, offset, length, REDIRECT_LENGTH, SECTION);
  if (!options.ok) return options;
  // "IP Source Address is a link-local address."
  if (!isIPv6LinkLocal(bytes, offset + SOURCE_OFFSET)) {
    return refuse('bad-source', SOURCE_OFFSET, SECTION);
  }
  const target = redirectView.targetOffset(offset);
  const redirected = redirectView.redirectDestinationOffset(offset);
  // "The ICMP Destination Address field in the redirect message does not contain a multicast
  // address."
  if (isIPv6Multicast(bytes, redirected)) {
    return refuse('bad-destination', redirected - offset, SECTION);
  }
  // "The ICMP Target Address is either a link-local address (when redirected to a router) or the
  // same as the ICMP Destination Address (when redirected to the on-link destination)."
  const isReversed =
    lenient && isIPv6LinkLocal(bytes, redirected) && !isIPv6Multicast(bytes, target);
  if (
    !isIPv6LinkLocal(bytes, target) &&
    !sameIPv6Address(bytes, target, bytes, redirected) &&
    !isReversed
  ) {
    return refuse('bad-target', target - offset, SECTION);
  }
  return {
    ok: true,
    value: {
      type: 'redirect',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      target: copyBytes(bytes, target, target + 16),
      redirectDestination: copyBytes(bytes, redirected, redirected + 16),
      options: options.value,
    },
  };
}

/** @internal The message with as much of the redirected packet as 1280 bytes hold (RFC 4861 §8.2). */
export function fitRedirect(redirect: Redirect): Redirect {
  const room = MINIMUM_MTU - MESSAGE - REDIRECT_LENGTH;
  return { ...redirect, options: fitRedirectedHeaders(redirect.options, room) };
}

/** @internal Of a message that {@link fitRedirect} gave. */
export function writeRedirect(out: Uint8Array, offset: number, redirect: Redirect): number {
  const target = checkBytes('target', redirect.target, 16);
  const redirected = checkBytes('redirectDestination', redirect.redirectDestination, 16);
  return writeFrame(out, offset, ICMPV6_REDIRECT, redirect, REDIRECT_LENGTH, (message) => {
    out.set(target, message + TARGET);
    out.set(redirected, message + REDIRECTED);
  });
}
