import type { StreamHabits } from '@6bed4/testing/streamProgram';
import { fc } from '@fast-check/vitest';
import type { PathPlan } from './lab.js';

/** One host: the options of its stack, and what its program does. */
export interface HostPlan {
  readonly sendBuffer: number;
  readonly receiveBuffer: number;
  readonly timestamps: boolean;
  readonly sack: boolean;
  readonly ecn: boolean;
  readonly mtu: number;
  /** Bytes from the initial sequence number to 2^32; null for any number. */
  readonly untilWrap: number | null;
  readonly noDelay: boolean;
  readonly habits: StreamHabits;
}

/** What happens on the way, so many milliseconds after what came before. */
export type Step =
  | { readonly type: 'path'; readonly wait: number; readonly from: 0 | 1; readonly path: PathPlan }
  | { readonly type: 'cut'; readonly wait: number; readonly milliseconds: number }
  | { readonly type: 'mtu'; readonly wait: number; readonly size: number }
  | { readonly type: 'lose FINs'; readonly wait: number; readonly count: number }
  | { readonly type: 'abort'; readonly wait: number; readonly host: 0 | 1 };

/** One connection, and everything that happens to it. */
export interface Plan {
  readonly seed: number;
  readonly hosts: readonly [HostPlan, HostPlan];
  /** Whether both open at once, the second so many milliseconds after the first; null for one. */
  readonly secondOpens: number | null;
  /** The longest life of the connection without the steps, or else it is slow for no reason. */
  readonly steps: readonly Step[];
}

const LONGEST_STREAM = 60_000;
/** Buffers that a stream fills at most, since each may take a round trip. */
const MOST_BUFFERS = 60;

const length = fc.oneof(fc.constantFrom(0, 1, 2), fc.nat(5_000), {
  arbitrary: fc.nat(LONGEST_STREAM),
  weight: 3,
});

const habits: fc.Arbitrary<StreamHabits> = fc.record({
  length,
  piece: fc.constantFrom(1, 100, 1_220, 5_000, 16_384),
  writeEvery: fc.constantFrom(0, 0, 0, 1, 30, 700),
  bite: fc.constantFrom(1, 300, 16_384, 16_384, 16_384),
  readEvery: fc.constantFrom(0, 0, 0, 1, 50, 700),
  readAfter: fc.constantFrom(0, 0, 0, 100, 20_000),
  endsLast: fc.boolean(),
});

const host = fc.record({
  sendBuffer: fc.constantFrom(1, 700, 5_000, 65_536, 262_144, 262_144),
  receiveBuffer: fc.constantFrom(1, 100, 1_500, 4_000, 65_535, 1_048_576, 1_048_576),
  timestamps: fc.boolean(),
  sack: fc.boolean(),
  ecn: fc.boolean(),
  mtu: fc.constantFrom(1_280, 1_280, 1_500, 9_000),
  untilWrap: fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.nat(LONGEST_STREAM))),
  noDelay: fc.boolean(),
  habits,
});

const path: fc.Arbitrary<PathPlan> = fc.record({
  delay: fc.constantFrom(0, 1, 10, 10, 150),
  jitter: fc.constantFrom(0, 0, 5, 40),
  loss: fc.constantFrom(0, 0, 0.02, 0.1, 0.3),
  duplication: fc.constantFrom(0, 0, 0.05, 0.5),
  marks: fc.boolean(),
});

const wait = fc.oneof(fc.nat(50), fc.nat(3_000));
const side = fc.constantFrom(0 as const, 1 as const);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('path' as const), wait, from: side, path }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('cut' as const),
      wait,
      milliseconds: fc.oneof(fc.nat(1_000), fc.nat(40_000)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('mtu' as const),
      wait,
      size: fc.constantFrom(1_280, 1_300, 1_492, 9_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('lose FINs' as const),
      wait,
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

const abort: fc.Arbitrary<Step> = fc.record({
  type: fc.constant('abort' as const),
  wait,
  host: side,
});

/** No more than so many writes, reads and round trips, as they take their time. */
function withLength(plan: HostPlan, reader: HostPlan): HostPlan {
  const most = Math.min(
    plan.habits.length,
    MOST_BUFFERS * Math.min(plan.sendBuffer, reader.receiveBuffer),
    plan.habits.writeEvery > 0 ? 100 * plan.habits.piece : LONGEST_STREAM,
    reader.habits.readEvery > 0 ? 100 * reader.habits.bite : LONGEST_STREAM,
    plan.habits.piece === 1 || reader.habits.bite === 1 ? 3_000 : LONGEST_STREAM,
  );
  return { ...plan, habits: { ...plan.habits, length: most } };
}

function complete(plan: Plan): Plan {
  const [first, second] = plan.hosts;
  // One of them has to end first.
  const other = {
    ...second,
    habits: { ...second.habits, endsLast: second.habits.endsLast && !first.habits.endsLast },
  };
  return { ...plan, hosts: [withLength(first, other), withLength(other, first)] };
}

const parts = {
  seed: fc.nat(),
  hosts: fc.tuple(host, host),
  secondOpens: fc.option(fc.constantFrom(0, 1, 4), { freq: 3 }),
};

/** Plans in which both programs end by themselves. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({ ...parts, steps: fc.array(step, { maxLength: 12, size: 'max' }) })
  .map(complete);

/** Plans in which one of them gives up at some time. */
export const abortedPlans: fc.Arbitrary<Plan> = fc
  .record({
    ...parts,
    steps: fc
      .tuple(fc.array(step, { maxLength: 5, size: 'max' }), abort, fc.array(step, { maxLength: 3 }))
      .map(([before, end, after]) => [...before, end, ...after]),
  })
  .map(complete);
