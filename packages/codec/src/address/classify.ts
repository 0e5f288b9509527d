import { readInt32, readUint16 } from '../bytes/bigEndian.js';
import { is6bed4Prefixed, type Profile } from '../dialect/profile.js';
import {
  isIPv4Mapped,
  isIPv6LinkLocal,
  isIPv6Loopback,
  isIPv6Multicast,
  isIPv6Unspecified,
} from '../ipv6/predicates.js';

/** The kind of an IPv6 address; `native` is any other (draft-03 §1). */
export type AddressKind =
  | 'unspecified'
  | 'loopback'
  | 'multicast'
  | 'link-local'
  | '6bed4'
  | '6to4'
  | 'teredo'
  | 'ipv4-mapped'
  | 'native';

const TEREDO_PREFIX = 0x2001_0000;
const SIX_TO_FOUR_PREFIX = 0x2002;

/** Returns the kind of the IPv6 address at `offset`, under the prefixes of a profile. */
export function classify(bytes: Uint8Array, offset: number, profile: Profile): AddressKind {
  if (isIPv6Multicast(bytes, offset)) return 'multicast';
  if (isIPv6LinkLocal(bytes, offset)) return 'link-local';
  if (is6bed4Prefixed(profile, bytes, offset)) return '6bed4';
  if (readUint16(bytes, offset) === SIX_TO_FOUR_PREFIX) return '6to4';
  if (readInt32(bytes, offset) === TEREDO_PREFIX) return 'teredo';
  if (isIPv4Mapped(bytes, offset)) return 'ipv4-mapped';
  if (isIPv6Unspecified(bytes, offset)) return 'unspecified';
  return isIPv6Loopback(bytes, offset) ? 'loopback' : 'native';
}
