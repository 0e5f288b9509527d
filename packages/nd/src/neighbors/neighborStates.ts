/**
 * How well a neighbor is known (RFC 4861 §7.3.2).
 *
 * - `incomplete`: asked for, not answered yet.
 * - `reachable`: proved to be there a short time ago.
 * - `stale`: known, but the proof is old; nothing is done about it until a packet goes there.
 * - `delay`: a packet went there; its answer may prove the neighbor without a question of ours.
 * - `probe`: asked again, not answered yet.
 */
export type NeighborState = 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe';

/**
 * What happens to a neighbor (RFC 4861 Appendix C).
 *
 * - `sent`: a packet goes to it.
 * - `answered`: a Neighbor Advertisement answers our solicitation.
 * - `progress`: an upper layer knows that packets arrive there (RFC 4861 §7.3.1).
 * - `learnt`: something that proves nothing names a link-layer address for it, the first or another.
 * - `contradicted`: a Neighbor Advertisement names another link-layer address, but may not override.
 * - `timeout`: the state has lasted long enough.
 * - `exhausted`: as `timeout`, after the last solicitation that the state allows.
 */
export type NeighborEvent =
  | 'sent'
  | 'answered'
  | 'progress'
  | 'learnt'
  | 'contradicted'
  | 'timeout'
  | 'exhausted';

/** What an event does to a neighbor. */
export interface NeighborTransition {
  /** The next state; `none` when the entry goes. */
  readonly to: NeighborState | 'none';
  /** Whether a Neighbor Solicitation is sent. */
  readonly solicit?: true;
}

/**
 * The states of RFC 4861 §7.3.2 and all that leads from one to the other, as in its Appendix C. `none`
 * is a neighbor without an entry. An event that is absent changes nothing; one that leads to the same
 * state starts its time anew.
 */
export const neighborTransitions: Readonly<
  Record<
    NeighborState | 'none',
    Readonly<Partial<Record<NeighborEvent, Readonly<NeighborTransition>>>>
  >
> = {
  none: {
    sent: { to: 'incomplete', solicit: true },
    learnt: { to: 'stale' },
  },
  incomplete: {
    answered: { to: 'reachable' },
    learnt: { to: 'stale' },
    timeout: { to: 'incomplete', solicit: true },
    exhausted: { to: 'none' },
  },
  reachable: {
    answered: { to: 'reachable' },
    progress: { to: 'reachable' },
    learnt: { to: 'stale' },
    contradicted: { to: 'stale' },
    timeout: { to: 'stale' },
  },
  stale: {
    sent: { to: 'delay' },
    answered: { to: 'reachable' },
    progress: { to: 'reachable' },
    learnt: { to: 'stale' },
  },
  delay: {
    answered: { to: 'reachable' },
    progress: { to: 'reachable' },
    learnt: { to: 'stale' },
    timeout: { to: 'probe', solicit: true },
  },
  probe: {
    answered: { to: 'reachable' },
    progress: { to: 'reachable' },
    learnt: { to: 'stale' },
    timeout: { to: 'probe', solicit: true },
    exhausted: { to: 'none' },
  },
};
