import { is6bed4Prefixed, type Profile } from '../dialect/profile.js';

/** What kind of IPv6 address it is; `native` is what is left (draft-03 §1). */
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

function zeros(bytes: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    if (bytes[index] !== 0) return false;
  }
  return true;
}

/** Tells the kind of the IPv6 address at `offset`, under the prefixes of a profile. */
export function classify(bytes: Uint8Array, offset: number, profile: Profile): AddressKind {
  const first = bytes[offset]!;
  const second = bytes[offset + 1]!;
  if (first === 0xff) return 'multicast';
  if (first === 0xfe && (second & 0xc0) === 0x80) return 'link-local';
  if (is6bed4Prefixed(profile, bytes, offset)) return '6bed4';
  if (first === 0x20 && second === 0x02) return '6to4';
  if (first === 0x20 && second === 0x01 && zeros(bytes, offset + 2, offset + 4)) return 'teredo';
  if (!zeros(bytes, offset, offset + 10)) return 'native';
  if (bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff) return 'ipv4-mapped';
  if (!zeros(bytes, offset + 10, offset + 15)) return 'native';
  const last = bytes[offset + 15]!;
  if (last === 0) return 'unspecified';
  return last === 1 ? 'loopback' : 'native';
}
