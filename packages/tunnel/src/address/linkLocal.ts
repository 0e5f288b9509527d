import {
  type AddressLayout,
  isIPv6LinkLocal,
  sameIPv6Address,
  type UdpEndpoint,
} from '@6bed4/codec';

/** Whether a link-local IPv6 address encodes this endpoint, in either form in use (draft-03 §3). */
export function isLinkLocalOf(
  layout: AddressLayout,
  bytes: Uint8Array,
  offset: number,
  endpoint: Readonly<UdpEndpoint>,
): boolean {
  if (!isIPv6LinkLocal(bytes, offset)) return false;
  if (layout.matchesEndpoint(bytes, offset, endpoint)) return true;
  const linkScoped = new Uint8Array(16);
  layout.writeLinkLocal(linkScoped, 0, endpoint.address, endpoint.port);
  return sameIPv6Address(linkScoped, 0, bytes, offset);
}
