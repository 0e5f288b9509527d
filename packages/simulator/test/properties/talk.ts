import { fc } from '@fast-check/vitest';

/** A connection between two peers of a plan. */
export interface Talk {
  readonly from: number;
  readonly to: number;
  /** Milliseconds after the beginning. */
  readonly at: number;
  readonly lengths: readonly [number, number];
  readonly writeEvery: number;
  readonly readEvery: number;
}

/** Any connection. */
export const talk: fc.Arbitrary<Talk> = fc.record({
  from: fc.nat(11),
  to: fc.nat(11),
  at: fc.constantFrom(0, 0, 100, 3_000),
  lengths: fc.tuple(fc.nat(60_000), fc.nat(60_000)),
  writeEvery: fc.constantFrom(0, 20, 400),
  readEvery: fc.constantFrom(0, 0, 100),
});
