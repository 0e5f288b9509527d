/** Router preference (RFC 4191 §2.1); the reserved value counts as medium. */
export type RouterPreference = 'low' | 'medium' | 'high';

/** @internal The two preference bits, at 0x18 of their byte (RFC 4191 §2.1). */
export function preferenceFromFlags(flags: number): RouterPreference {
  switch (flags & 0x18) {
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
