/**
 * Reachability of a neighbor (RFC 4861 §7.3.2).
 *
 * - `none`: nothing is known, and nothing is under way.
 * - `incomplete`: solicited, never confirmed.
 * - `reachable`: confirmed within REACHABLE_TIME.
 * - `stale`: the confirmation is old; nothing is done about it until a packet goes there.
 * - `delay`: a packet went there; the first probe waits for DELAY_FIRST_PROBE_TIME.
 * - `probe`: solicited again, not confirmed yet.
 */
export type NeighborState = 'none' | 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe';

/**
 * Events that change the state of a neighbor (RFC 4861 Appendix C).
 *
 * - `sent`: a packet goes to it.
 * - `confirmed`: a solicited Neighbor Advertisement or an upper layer shows that packets arrive there
 *   (RFC 4861 §7.3.1).
 * - `timeout`: the state has lasted long enough.
 * - `exhausted`: as `timeout`, after the last solicitation that the state allows.
 */
export type NeighborEvent = 'sent' | 'confirmed' | 'timeout' | 'exhausted';

/** The effect of an event on a neighbor. */
export interface NeighborTransition {
  readonly to: NeighborState;
  /** Whether a Neighbor Solicitation is sent. */
  readonly solicit?: true;
}

/**
 * The transitions of RFC 4861 Appendix C for links on which the link-layer address of a neighbor follows
 * from its IPv6 address, as in a tunnel. There it is never resolved and never changes, so the events
 * that name or contradict one are absent, and a confirmation counts in every state.
 *
 * An event that is absent changes nothing; one that leads to the same state starts its time anew.
 */
export const neighborTransitions: Readonly<
  Record<NeighborState, Readonly<Partial<Record<NeighborEvent, Readonly<NeighborTransition>>>>>
> = {
  none: {
    sent: { to: 'incomplete', solicit: true },
    confirmed: { to: 'reachable' },
  },
  incomplete: {
    confirmed: { to: 'reachable' },
    timeout: { to: 'incomplete', solicit: true },
    exhausted: { to: 'none' },
  },
  reachable: {
    confirmed: { to: 'reachable' },
    timeout: { to: 'stale' },
  },
  stale: {
    sent: { to: 'delay' },
    confirmed: { to: 'reachable' },
  },
  delay: {
    confirmed: { to: 'reachable' },
    timeout: { to: 'probe', solicit: true },
  },
  probe: {
    confirmed: { to: 'reachable' },
    timeout: { to: 'probe', solicit: true },
    exhausted: { to: 'none' },
  },
};
