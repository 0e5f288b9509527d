import { describe, expect, test } from 'vitest';
import { predictPath } from '../src/index.js';
import { kinds } from './support/accessKinds.js';
import { profiles } from './support/dialects.js';
import { simulateMatrix } from './support/matrix.js';
import { type Chapter, matrixDocument } from './support/matrixDocument.js';
import { type Beginning, sendOneWay } from './support/talk.js';

const beginnings: readonly Beginning[] = ['one', 'both'];
const path = (time: number | null) => (time === null ? 'relayed' : 'direct');

const chapters = profiles.map(
  ([dialect, profile]): Chapter => ({
    dialect,
    matrices: new Map(
      beginnings.map((beginning) => [beginning, simulateMatrix(profile, beginning)]),
    ),
  }),
);

describe.each(chapters)('$dialect', ({ matrices }) => {
  for (const [beginning, rows] of matrices) {
    for (const row of rows) {
      const { first } = row[0]!;
      describe(`${beginning} begins, the first peer behind ${first.name}`, () => {
        test.each(row)('and one behind $second.name: as theory says', (cell) => {
          const { outcome, there, back } = cell;
          expect(path(outcome.there), there.reason).toBe(there.path);
          expect(path(outcome.back), back.reason).toBe(back.path);
        });

        test('no packet is lost, whoever the other is', () => {
          expect(row.filter(({ outcome }) => outcome.lost > 0)).toEqual([]);
        });
      });
    }
  }
});

describe.each(profiles)('%s, one sends and the other is silent', (_, profile) => {
  test.each(kinds)('from behind $name: as theory says', (first) => {
    for (const second of kinds) {
      const { there, strategy, lost } = sendOneWay(first, second, profile);
      const theory = predictPath(first.side, second.side, { strategy, answers: false });
      expect(path(there), `to ${second.name}: ${theory.reason}`).toBe(theory.path);
      expect(lost).toBe(0);
    }
  });
});

test('docs/nat-matrix.md is what was found here (npm run matrix writes it anew)', async () => {
  await expect(matrixDocument(chapters)).toMatchFileSnapshot('../../../docs/nat-matrix.md');
});
