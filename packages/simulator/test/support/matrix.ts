import type { Profile } from '@6bed4/codec';
import type { PeeringName } from '@6bed4/tunnel';
import { type AccessKind, accessKinds, type Prediction, predictPath } from '../../src/index.js';
import { type Initiator, type Outcome, talkBetween } from './talk.js';

/** One pair of the matrix. */
export interface Cell {
  readonly first: AccessKind;
  readonly second: AccessKind;
  readonly outcome: Outcome;
  readonly toSecond: Prediction;
  readonly toFirst: Prediction;
}

/** Predicts the paths of a pair, both ways. */
function predictPair(
  first: AccessKind,
  second: AccessKind,
  strategy: PeeringName,
): Pick<Cell, 'toSecond' | 'toFirst'> {
  const scenario = { strategy, receiverSends: true };
  return {
    toSecond: predictPath(first.access, second.access, scenario),
    toFirst: predictPath(second.access, first.access, scenario),
  };
}

/** Simulates all pairs: a row for each access kind of the first peer. */
export function simulateMatrix(profile: Profile, initiator: Initiator): Cell[][] {
  return accessKinds.map((first) =>
    accessKinds.map((second) => {
      const outcome = talkBetween(first, second, profile, initiator);
      return { first, second, outcome, ...predictPair(first, second, outcome.strategy) };
    }),
  );
}
