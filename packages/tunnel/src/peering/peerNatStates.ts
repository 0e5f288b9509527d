/**
 * The knowledge of a peer about sending directly to one remote (draft-04 §7.4).
 *
 * - `init`, `init-again`: working towards it.
 * - `peer`: the remote saw our direct traffic; reliable.
 * - `poll`, `poll-again`: still reliable, but to be confirmed soon.
 * - `fail`: the remote does not see our direct traffic.
 */
export type PeerNatState = 'init' | 'init-again' | 'peer' | 'poll' | 'poll-again' | 'fail';

/** A state's duration in milliseconds, the state that follows, and whether it is entered with a probe. */
export interface PeerNatStep {
  readonly lasts: number;
  readonly next: PeerNatState;
  readonly probes: boolean;
}

const SHORT = 1_000;
const LONG = 25_000;

/**
 * The state/timer diagram of draft-04 §7.5. The first packet leads to `init`, and a Seen flag from
 * anywhere to `peer`; everything else is a matter of time.
 */
export const peerNatStates: Readonly<Record<PeerNatState, PeerNatStep>> = {
  init: { lasts: SHORT, next: 'init-again', probes: true },
  'init-again': { lasts: SHORT, next: 'fail', probes: true },
  peer: { lasts: LONG, next: 'poll', probes: false },
  poll: { lasts: SHORT, next: 'poll-again', probes: true },
  'poll-again': { lasts: SHORT, next: 'fail', probes: true },
  fail: { lasts: LONG, next: 'fail', probes: true },
};
