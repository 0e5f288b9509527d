import type { AddressLayout, UdpEndpoint } from '@6bed4/codec';
import { buildNd } from '@6bed4/nd';

const LINK_LAYER_LENGTH = 6;

/** Bytes of {@link buildNeighborQuestion}: IPv6 header, message, link-layer option and nonce. */
export const NEIGHBOR_QUESTION_LENGTH = 80;

/**
 * Builds the Neighbor Solicitation that asks a remote whether our direct traffic arrives: from our own
 * address to the remote's, about that address, with our link-layer address and a nonce (draft-03 §8.2,
 * RFC 4861 §4.3).
 */
export function buildNeighborQuestion(
  layout: AddressLayout,
  own: { readonly address: Uint8Array; readonly endpoint: Readonly<UdpEndpoint> },
  target: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  const linkLayer = new Uint8Array(LINK_LAYER_LENGTH);
  layout.writeLinkLayer(linkLayer, 0, own.endpoint.address, own.endpoint.port);
  return buildNd({
    type: 'neighbor-solicitation',
    source: own.address,
    destination: target,
    target,
    options: [
      { type: 'source-link-layer', address: linkLayer },
      { type: 'nonce', nonce },
    ],
  });
}
