import { performance } from 'node:perf_hooks';
import { sleep } from './sleep.mjs';

const POLL_MS = 2;
const PATIENCE_MS = 10_000;

/** Programs that were started together, and the address of the right host through them. */
class Setting {
  /** Program of each role: `router`, `left`, `right`. */
  programs = {};
  /** Milliseconds from the start of each program until it was ready. */
  startUp = {};
  /** Address of the right host. */
  target = null;

  #ends = [];

  /** Has something done when everything is stopped. */
  atEnd(action) {
    this.#ends.push(action);
  }

  async stop() {
    await Promise.all(Object.values(this.programs).map((program) => program.stop()));
    for (const end of this.#ends) end();
  }
}

/** Runs `use` with the programs that `start` starts in a new setting, and stops them. */
export async function withSetting(start, use) {
  const setting = new Setting();
  try {
    await start(setting);
    return await use(setting);
  } finally {
    await setting.stop();
  }
}

/** Repeats a query until its result is neither null nor undefined. */
export async function poll(program, ask) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = program.running ? ask() : null;
    if (answer !== null && answer !== undefined) return answer;
    if (!program.running || performance.now() > end)
      throw new Error(program.complaint('not ready'));
    await sleep(POLL_MS);
  }
}
