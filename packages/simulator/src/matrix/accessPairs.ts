import { type Prediction, predictPath } from '../prediction/predictPath.js';
import { type AccessKind, accessKinds } from './accessKinds.js';

/** Two ways to the Internet, and the paths that peers behind them take to each other. */
export interface AccessPair {
  /** Both names: `EI/APD – none`. */
  readonly name: string;
  readonly first: AccessKind;
  readonly second: AccessKind;
  /** The path of packets from the first to the second, once both have sent, by Neighbor Discovery, as is the default. */
  readonly toSecond: Prediction;
  /** The same the other way round. */
  readonly toFirst: Prediction;
}

/**
 * All pairs of these kinds, each once, one kind with itself included: rows for `test.each`.
 *
 * @param kinds - default: all {@link accessKinds}, which are 105 pairs
 */
export function accessPairs(kinds: readonly AccessKind[] = accessKinds): AccessPair[] {
  const scenario = { strategy: 'neighbor-discovery', receiverSends: true } as const;
  return kinds.flatMap((first, index) =>
    kinds.slice(index).map((second) => ({
      name: `${first.name} – ${second.name}`,
      first,
      second,
      toSecond: predictPath(first.access, second.access, scenario),
      toFirst: predictPath(second.access, first.access, scenario),
    })),
  );
}
