/** State of BBR (§5.1); in ProbeBW, the rate is probed by turns. */
export type BbrState =
  | 'startup'
  | 'drain'
  | 'down'
  | 'cruise'
  | 'refill'
  | 'up'
  | 'probe round trip';

/** Multiples of the rate and of the product of rate and round trip (§5.6.1). */
export const PACING_GAIN: Readonly<Record<BbrState, number>> = {
  startup: 2.77,
  drain: 0.5,
  down: 0.9,
  cruise: 1,
  refill: 1,
  up: 1.25,
  'probe round trip': 1,
};
export const WINDOW_GAIN: Readonly<Record<BbrState, number>> = {
  startup: 2,
  drain: 2,
  down: 2,
  cruise: 2,
  refill: 2,
  up: 2.25,
  'probe round trip': 0.5,
};

/** What acknowledgments mean for the probe for more (§2.14). */
export type BbrFeedback = 'none' | 'refilling' | 'starting' | 'probing' | 'stopping';
