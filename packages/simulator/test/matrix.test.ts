import { describe, expect, test } from 'vitest';
import { accessKinds, predictPath } from '../src/index.js';
import { profiles } from './support/dialects.js';
import { simulateMatrix } from './support/matrix.js';
import { type DialectSection, matrixDocument } from './support/matrixDocument.js';
import { type Initiator, sendOneWay } from './support/talk.js';

const initiators: readonly Initiator[] = ['one', 'both'];
const path = (time: number | null) => (time === null ? 'relayed' : 'direct');

const sections = profiles.map(
  ([dialect, profile]): DialectSection => ({
    dialect,
    matrices: new Map(
      initiators.map((initiator) => [initiator, simulateMatrix(profile, initiator)]),
    ),
  }),
);

describe.each(sections)('$dialect', ({ matrices }) => {
  for (const [initiator, rows] of matrices) {
    for (const row of rows) {
      const { first } = row[0]!;
      describe(`${initiator} of two peers sending first, the first behind ${first.name}`, () => {
        test.each(row)(
          'takes the predicted paths to and from a peer behind $second.name',
          (cell) => {
            const { outcome, toSecond, toFirst } = cell;
            expect(path(outcome.toSecond), toSecond.reason).toBe(toSecond.path);
            expect(path(outcome.toFirst), toFirst.reason).toBe(toFirst.path);
          },
        );

        test('loses no packet, whatever is in front of the second peer', () => {
          expect(row.filter(({ outcome }) => outcome.lost > 0)).toEqual([]);
        });
      });
    }
  }
});

describe.each(profiles)('%s, with a receiver that sends nothing', (_, profile) => {
  test.each(accessKinds)('a sender behind $name takes the predicted path', (first) => {
    for (const second of accessKinds) {
      const { toSecond, strategy, lost } = sendOneWay(first, second, profile);
      const prediction = predictPath(first.access, second.access, {
        strategy,
        receiverSends: false,
      });
      expect(path(toSecond), `to ${second.name}: ${prediction.reason}`).toBe(prediction.path);
      expect(lost).toBe(0);
    }
  });
});

test('docs/nat-matrix.md contains these outcomes (npm run matrix writes it anew)', async () => {
  await expect(matrixDocument(sections)).toMatchFileSnapshot('../../../docs/nat-matrix.md');
});
