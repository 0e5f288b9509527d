/** The path of packets to a remote, as a number that data paths compare. */
export const Path = { relayed: 0, direct: 1, lan: 2 } as const;

/** One of the numbers in {@link Path}. */
export type PathCode = (typeof Path)[keyof typeof Path];

/**
 * The path of packets to a remote.
 *
 * - `relayed`: through the router.
 * - `direct`: to the endpoint that the remote's address encodes.
 * - `lan`: to the remote's private endpoint on the local network (draft-01 §6.11, the bypass of low
 *   metric).
 */
export type PathKind = 'relayed' | 'direct' | 'lan';

/** Names of {@link Path}, by number. */
export const pathNames: readonly PathKind[] = ['relayed', 'direct', 'lan'];

/** The reachability confirmation of a direct path, as a number. */
export const Confirmation = {
  none: 0,
  neighborAdvertisement: 1,
  seen: 2,
  upperLayer: 3,
  invitation: 4,
} as const;

/** One of the numbers in {@link Confirmation}. */
export type ConfirmationCode = (typeof Confirmation)[keyof typeof Confirmation];

/**
 * The reachability confirmation of a direct path.
 *
 * - `neighbor-advertisement`: our Neighbor Solicitation was answered on it (draft-03 §8.2).
 * - `seen`: the remote reported that it saw our direct traffic (draft-04 §7.3).
 * - `upper-layer`: TCP, SCTP or the application received a reply to what went direct (draft-03 §8.5 to
 *   §8.7).
 * - `invitation`: the remote's address says that it can always be reached there (draft-03 §8.4).
 */
export type PathConfirmation = 'neighbor-advertisement' | 'seen' | 'upper-layer' | 'invitation';

/** Names of {@link Confirmation}, by number. */
export const confirmationNames: readonly (PathConfirmation | null)[] = [
  null,
  'neighbor-advertisement',
  'seen',
  'upper-layer',
  'invitation',
];
