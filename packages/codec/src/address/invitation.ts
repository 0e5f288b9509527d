import { is6bed4Prefixed, type Profile, readRouterAddress } from '../dialect/profile.js';

/**
 * Whether the IPv6 address at `offset` is an invitation: its holder is its own router, so it can always
 * be reached directly at the endpoint that the address encodes (draft-03 §3.1, §8.4). Does not allocate.
 */
export function isInvitationAt(profile: Profile, bytes: Uint8Array, offset: number): boolean {
  const { dialect, layout } = profile;
  if (!dialect.invitations || !is6bed4Prefixed(profile, bytes, offset)) return false;
  if (layout.isOpaque(bytes, offset)) return false;
  const address = layout.readAddress(bytes, offset);
  return (
    address !== 0 &&
    address === readRouterAddress(bytes, offset) &&
    layout.readPort(bytes, offset) === profile.port
  );
}
