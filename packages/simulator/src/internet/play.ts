import type { World } from '../world/world.js';

/** Options of {@link Internet.play}. */
export interface PlayOptions {
  /**
   * Resolves when the program has nothing to do but wait for the simulation. Called before each step of time that may
   * concern the program.
   */
  readonly settle: () => Promise<void>;
  /** Milliseconds of virtual time that the program may take, above 0; default 600000. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 600_000;
/** Steps that do not concern the program, such as hops of datagrams, before others may use the processor. */
const MOST_STEPS = 1_000;
/** Steps at one and the same time after which a program counts as stuck. */
const MOST_STEPS_AT_ONCE = 20_000;

/** @throws RangeError naming the option */
function checkLimit(limit: number): number {
  if (limit > 0) return limit;
  throw new RangeError(`limit: ${limit}, expected milliseconds above 0`);
}

/** Runs a program while virtual time goes on; see {@link Internet.play}. */
export async function play<T>(
  world: World,
  program: () => Promise<T> | T,
  options: PlayOptions,
): Promise<T> {
  const { settle, limit = DEFAULT_LIMIT } = options;
  const { scheduler } = world;
  const end = scheduler.now + checkLimit(limit);
  let isOver = false;
  const outcome = Promise.resolve().then(program);
  const over = (): void => {
    isOver = true;
  };
  outcome.then(over, over);
  let stepsAtOnce = 0;
  for (;;) {
    await settle();
    if (isOver) return outcome;
    world.isTouched = false;
    for (let steps = 0; steps < MOST_STEPS && !world.isTouched; steps++) {
      const { nextTime } = scheduler;
      if (nextTime > end) throw notOver(nextTime, limit);
      stepsAtOnce = nextTime > scheduler.now ? 0 : stepsAtOnce + 1;
      if (stepsAtOnce > MOST_STEPS_AT_ONCE) throw stuck(scheduler.now);
      scheduler.step();
    }
  }
}

function notOver(nextTime: number, limit: number): Error {
  if (nextTime === Number.POSITIVE_INFINITY) {
    return new Error('the program waits, and nothing is going to happen in the simulation');
  }
  return new Error(
    `the program is not over after ${limit} ms of virtual time, the option \`limit\``,
  );
}

function stuck(now: number): Error {
  return new Error(`timers of 0 ms follow each other without end at ${now} ms`);
}
