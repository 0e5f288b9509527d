import { type AddressLayout, sameIPv6Address, type UdpEndpoint } from '@6bed4/codec';
import {
  buildNd,
  copyBytes,
  DESTINATION_OFFSET,
  findOption,
  type Redirect,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { isLinkLocalOf } from '../address/linkLocal.js';
import type { OwnAddress } from './peering.js';

/**
 * Builds the Redirect of draft-01 §6.13: "send directly to me, as I do to you". Its Target is our own
 * address, its Destination the link-local address that encodes our endpoint, and it carries as much as
 * fits of the packet that was relayed.
 *
 * @param bytes - buffer with the packet of the remote that was relayed to us
 */
export function buildRedirect(
  layout: AddressLayout,
  own: OwnAddress,
  bytes: Uint8Array,
  offset: number,
  length: number,
): Uint8Array {
  const linkLocal = new Uint8Array(16);
  layout.writeLinkLocal(linkLocal, 0, own.endpoint.address, own.endpoint.port);
  return buildNd({
    type: 'redirect',
    source: linkLocal,
    destination: copyBytes(bytes, offset + SOURCE_OFFSET, offset + DESTINATION_OFFSET),
    target: own.address,
    redirectDestination: linkLocal,
    options: [{ type: 'redirected-header', packet: copyBytes(bytes, offset, offset + length) }],
  });
}

/**
 * Whether a Redirect is worth a solicitation (draft-01 §6.13): it names the endpoint that its target
 * encodes, and carries a packet of ours to that target. Where it came from is a matter of its own: from
 * that endpoint, or from one on the local network.
 *
 * @param encoded - the endpoint that the target encodes
 * @param isOwn - whether an address is ours
 */
export function isCredible(
  layout: AddressLayout,
  redirect: Redirect,
  encoded: Readonly<UdpEndpoint>,
  isOwn: (address: Uint8Array) => boolean,
): boolean {
  const { source, redirectDestination } = redirect;
  if (!isLinkLocalOf(layout, redirectDestination, 0, encoded)) return false;
  if (!sameIPv6Address(source, 0, redirectDestination, 0)) return false;
  const cause = findOption(redirect.options, 'redirected-header')?.packet;
  if (cause === undefined || cause.length < DESTINATION_OFFSET + 16) return false;
  return (
    isOwn(cause.subarray(SOURCE_OFFSET, DESTINATION_OFFSET)) &&
    sameIPv6Address(cause, DESTINATION_OFFSET, redirect.target, 0)
  );
}
