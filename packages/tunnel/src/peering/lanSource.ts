import type { UdpEndpoint } from '@6bed4/codec';
import type { PeeringHost } from './peering.js';

/**
 * Whether a message comes from where the holder of its source can be on our local network, behind the same
 * NAT (draft-01 §6.1). That says nothing about whether it is there.
 *
 * @param source - the IPv6 source, 16 bytes
 */
export function isOnLan(
  host: PeeringHost,
  source: Uint8Array,
  from: Readonly<UdpEndpoint>,
): boolean {
  const { layout } = host;
  return (
    host.isOnLocalSubnet(from.addressBits) &&
    host.accepts(from) &&
    host.isInterpretable(source, 0) &&
    !layout.isOpaque(source, 0) &&
    !layout.matchesEndpoint(source, 0, from) &&
    !host.isOwn(source) &&
    host.sharesPublicAddress(layout.readAddress(source, 0) | 0)
  );
}
