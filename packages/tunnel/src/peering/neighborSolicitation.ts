import { buildNd } from '@6bed4/nd';
import { OUTER_HEADERS } from '../specification.js';

/** Bytes of {@link buildNeighborQuestion} on the wire: IPv6 header, message and nonce, and around it. */
export const NEIGHBOR_QUESTION_WEIGHT = 72 + OUTER_HEADERS;

/**
 * Builds the Neighbor Solicitation that asks a remote whether our direct traffic arrives: from our own
 * address to the remote's, about that address, with a nonce (draft-03 §8.2, RFC 4861 §4.3).
 *
 * No source link-layer option goes with it: the address says where we are, RFC 4861 §7.2.2 asks for it
 * only in multicast, and the deployed C peer of 2012 answers no solicitation but one with exactly one
 * option of 8 bytes.
 */
export function buildNeighborQuestion(
  own: Uint8Array,
  target: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  return buildNd({
    type: 'neighbor-solicitation',
    source: own,
    destination: target,
    target,
    options: [{ type: 'nonce', nonce }],
  });
}
