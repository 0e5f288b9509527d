import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { abortedPlans, type Plan, plans } from './plan.js';
import { PlanRun } from './planRun.js';

/** Plans of one property, unless the environment multiplies them: `RUNS=10 npx vitest run properties`. */
const MULTIPLE = Number(process.env['RUNS'] ?? 1);
const timeout = 120_000 * MULTIPLE;

describe('one connection, whatever happens on the way', () => {
  test.prop([plans], { numRuns: 300 * MULTIPLE })(
    'delivers what is written, in order and once, and both ends are over',
    (plan: Plan) => {
      const run = new PlanRun(plan);
      run.run();
      for (const end of run.ends()) {
        expect(end).toEqual({
          ...{ opened: true, closed: 1, error: null, wrongAt: -1, sawEnd: true },
          ...{ read: end.expected, expected: end.expected },
        });
      }
      expect(run.ends().map(({ expected }) => expected)).toEqual(
        [plan.hosts[1], plan.hosts[0]].map(({ habits }) => habits.length),
      );
    },
    timeout,
  );

  test.prop([abortedPlans], { numRuns: 200 * MULTIPLE })(
    'that one end aborts is over at both, and what was read is what was written first',
    (plan: Plan) => {
      const run = new PlanRun(plan);
      run.run();
      for (const { closed, opened, read, expected, wrongAt } of run.ends()) {
        expect(wrongAt).toBe(-1);
        expect(read).toBeLessThanOrEqual(expected);
        expect(closed).toBeLessThanOrEqual(1);
        if (opened) expect(closed).toBe(1);
      }
    },
    timeout,
  );
});
