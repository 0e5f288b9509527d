import { draft01Profile, draft04Profile, type Profile, reference2020 } from '@6bed4/codec';

/** A profile for each dialect that peers directly. */
export const profiles: readonly (readonly [string, Profile])[] = [
  ['draft01', draft01Profile],
  ['draft03', reference2020],
  ['draft04', draft04Profile],
];
