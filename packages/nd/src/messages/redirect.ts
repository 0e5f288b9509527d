import { isLinkLocal, isMulticast } from '../addresses.js';
import { ICMPV6_REDIRECT, SOURCE_OFFSET } from '../constants.js';
import { destinationAddress, sourceAddress } from '../ipv6.js';
import { checkBytes, type ParseResult, refuse } from '../result.js';
import { buildFrame, MESSAGE, type MessageBase, parseFrame } from './message.js';

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
const FIXED = 40;
const TARGET = 8;
const REDIRECTED = 24;
const SECTION = 'RFC 4861 §8.1';

/** "For that destination, go there first." */
export interface Redirect extends MessageBase {
  readonly type: 'redirect';
  /** The better first hop; the redirected destination itself when it is on-link. 16 bytes. */
  readonly target: Uint8Array;
  /** The destination that is redirected; 16 bytes. */
  readonly redirectDestination: Uint8Array;
}

/**
 * @internal That the source is the current first hop for the destination (§8.1) is for the caller to
 * check, who knows its routes.
 */
export function parseRedirect(
  bytes: Uint8Array,
  offset: number,
  length: number,
): ParseResult<Redirect> {
  const options = parseFrame(bytes, offset, length, FIXED, SECTION);
  if (!options.ok) return options;
  // "IP Source Address is a link-local address."
  if (!isLinkLocal(bytes, offset + SOURCE_OFFSET)) {
    return refuse('bad-source', SOURCE_OFFSET, SECTION);
  }
  const target = offset + MESSAGE + TARGET;
  const redirected = offset + MESSAGE + REDIRECTED;
  // "The ICMP Destination Address field in the redirect message does not contain a multicast
  // address."
  if (isMulticast(bytes, redirected)) {
    return refuse('bad-destination', MESSAGE + REDIRECTED, SECTION);
  }
  // "The ICMP Target Address is either a link-local address (when redirected to a router) or the
  // same as the ICMP Destination Address (when redirected to the on-link destination)."
  let same = true;
  for (let index = 0; index < 16; index++) {
    if (bytes[target + index] !== bytes[redirected + index]) same = false;
  }
  if (!same && !isLinkLocal(bytes, target)) return refuse('bad-target', MESSAGE + TARGET, SECTION);
  return {
    ok: true,
    value: {
      type: 'redirect',
      source: sourceAddress(bytes, offset),
      destination: destinationAddress(bytes, offset),
      target: bytes.slice(target, target + 16),
      redirectDestination: bytes.slice(redirected, redirected + 16),
      options: options.value,
    },
  };
}

/** @internal */
export function buildRedirect(redirect: Redirect): Uint8Array {
  return buildFrame(ICMPV6_REDIRECT, redirect, FIXED, (out, message) => {
    out.set(checkBytes('target', redirect.target, 16), message + TARGET);
    out.set(
      checkBytes('redirectDestination', redirect.redirectDestination, 16),
      message + REDIRECTED,
    );
  });
}
