import type { Profile } from '@6bed4/codec';
import type { PeeringName } from '@6bed4/tunnel';
import { type Prediction, predictPath } from '../../src/index.js';
import { type Kind, kinds } from './accessKinds.js';
import { type Beginning, meet, type Outcome } from './talk.js';

/** One pair of the matrix. */
export interface Cell {
  readonly first: Kind;
  readonly second: Kind;
  readonly outcome: Outcome;
  readonly there: Prediction;
  readonly back: Prediction;
}

/** What theory says about a pair, both ways. */
export function predictPair(
  first: Kind,
  second: Kind,
  strategy: PeeringName,
): Pick<Cell, 'there' | 'back'> {
  const conduct = { strategy, answers: true };
  return {
    there: predictPath(first.side, second.side, conduct),
    back: predictPath(second.side, first.side, conduct),
  };
}

/** Simulates all pairs: a row for each kind of the first peer. */
export function simulateMatrix(profile: Profile, beginning: Beginning): Cell[][] {
  return kinds.map((first) =>
    kinds.map((second) => {
      const outcome = meet(first, second, profile, beginning);
      return { first, second, outcome, ...predictPair(first, second, outcome.strategy) };
    }),
  );
}
