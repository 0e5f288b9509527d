import { is6bed4Prefixed, type Profile } from '@6bed4/codec';

const ROUTER = 4;

/**
 * Whether a 6bed4-prefixed address is an invitation: its holder is its own router, and so can always
 * be reached at the endpoint that the address spells (draft-03 §8.4).
 */
export function isInvitation(profile: Profile, bytes: Uint8Array, at: number): boolean {
  const { layout } = profile;
  if (layout.name !== 'draft03' || !is6bed4Prefixed(profile, bytes, at)) return false;
  if (layout.isOpaque(bytes, at) || layout.readPort(bytes, at) !== profile.port) return false;
  const router =
    (bytes[at + ROUTER]! << 24) |
    (bytes[at + ROUTER + 1]! << 16) |
    (bytes[at + ROUTER + 2]! << 8) |
    bytes[at + ROUTER + 3]!;
  return router >>> 0 === layout.readAddress(bytes, at);
}
