/**
 * Router preference (RFC 4191 §2.1); the reserved value counts as medium in the header of an advertisement,
 * and makes a route information option one of unknown type.
 */
export type RouterPreference = 'low' | 'medium' | 'high';

/** @internal The two preference bits of their byte (RFC 4191 §2.1, §2.3). */
export const PREFERENCE_BITS = 0x18;
/** @internal Their reserved value. */
export const RESERVED_PREFERENCE = 0x10;

/** @internal Reads the preference bits. */
export function preferenceFromFlags(flags: number): RouterPreference {
  switch (flags & PREFERENCE_BITS) {
    case 0x08:
      return 'high';
    case 0x18:
      return 'low';
    default:
      return 'medium';
  }
}

/** @internal The inverse of {@link preferenceFromFlags}. */
export function preferenceToFlags(preference: RouterPreference): number {
  if (preference === 'high') return 0x08;
  return preference === 'low' ? 0x18 : 0;
}
