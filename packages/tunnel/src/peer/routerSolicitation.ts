import { buildNd, type NdOption } from '@6bed4/nd';
import { ALL_ROUTERS, UNSPECIFIED } from '../address/wellKnownAddresses.js';
import { PADDING_OPTION } from '../specification.js';

/** Bytes of a nonce that fill its option with 8 (RFC 3971 §5.3.2 demands 6 at least). */
const NONCE_LENGTH = 6;
/** Bytes before the padding: IPv6 header, fixed part, option with nonce, and option header. */
const UNPADDED = 40 + 8 + 8 + 2;

/**
 * Makes a nonce.
 *
 * @param random - numbers in [0, 1) that attackers cannot predict
 */
export function makeNonce(random: () => number): Uint8Array {
  return Uint8Array.from({ length: NONCE_LENGTH }, () => Math.floor(random() * 256));
}

/**
 * Builds a Router Solicitation with a nonce (draft-03 §8.3). It is padded, so that a router that sends
 * nobody more than it was sent can afford to answer.
 *
 * @param length - bytes: 64 or more, a multiple of 8
 */
export function buildSolicitation(nonce: Uint8Array, length: number): Uint8Array {
  return build([
    { type: 'nonce', nonce },
    { type: 'unknown', code: PADDING_OPTION, body: new Uint8Array(length - UNPADDED) },
  ]);
}

/**
 * Builds a Router Solicitation without options: any but the source link-layer one makes deployed routers
 * silent, and that one is forbidden from `::` (RFC 4861 §4.1).
 */
export function buildBareSolicitation(): Uint8Array {
  return build([]);
}

function build(options: readonly NdOption[]): Uint8Array {
  return buildNd({
    type: 'router-solicitation',
    source: UNSPECIFIED,
    destination: ALL_ROUTERS,
    options,
  });
}
