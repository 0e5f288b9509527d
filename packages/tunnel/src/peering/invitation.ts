import { is6bed4Prefixed, type Profile } from '@6bed4/codec';
import { readInt32 } from '../address/subnetPrefix.js';

const ROUTER = 4;

/**
 * Whether a 6bed4-prefixed address is an invitation: its holder is its own router, and so can always
 * be reached at the endpoint that the address spells (draft-03 §8.4).
 */
export function isInvitation(profile: Profile, bytes: Uint8Array, at: number): boolean {
  const { layout } = profile;
  if (layout.name !== 'draft03' || !is6bed4Prefixed(profile, bytes, at)) return false;
  if (layout.isOpaque(bytes, at) || layout.readPort(bytes, at) !== profile.port) return false;
  return readInt32(bytes, at + ROUTER) >>> 0 === layout.readAddress(bytes, at);
}
