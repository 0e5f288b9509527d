import timers from 'node:timers';

const { setImmediate, setTimeout } = timers;

/** Requests to the system, and messages of workers, that a program waits for. */
const WORK = /^(?:FS|CloseReq|GetAddrInfo|GetNameInfo|Query)|Req|^MessagePort$/;
/** Turns without anything to do: what the last callback left to `process.nextTick` runs before the second. */
const QUIET_TURNS = 2;
/** Turns at once while the program waits for real work; then a rest, which leaves the processor to that work. */
const EAGER_TURNS = 50;
const REST = 1;

/** Promises of real work that the event loop does not show. */
let held = 0;

/**
 * Lets virtual time stand still until a promise is settled: for real work that {@link simulate} does not see, which is
 * that of threads inside Node.js, such as `crypto.scrypt`, `crypto.subtle` and the asynchronous functions of `zlib`.
 * Files, names and workers are seen.
 *
 * @returns the promise
 */
export function holdTime<T>(promise: Promise<T>): Promise<T> {
  held++;
  const release = (): void => {
    held--;
  };
  promise.then(release, release);
  return promise;
}

/** The event loop of this process, as far as a program in it has something to do. */
export class EventLoop {
  /** The fewest of each kind of work so far: what a test framework keeps open is not the program's. */
  readonly #always = new Map<string, number>();

  constructor() {
    for (const [kind, count] of countWork()) this.#always.set(kind, count);
  }

  /** Resolves when the program has nothing to do: no callback, no promise, no request. */
  async settle(): Promise<void> {
    let turns = 0;
    for (let quiet = 0; quiet < QUIET_TURNS; quiet = this.#isQuiet() ? quiet + 1 : 0) {
      await (++turns % EAGER_TURNS === 0 ? rest() : turn());
    }
  }

  #isQuiet(): boolean {
    const counts = countWork();
    for (const [kind, count] of this.#always) {
      const present = counts.get(kind) ?? 0;
      if (present < count) this.#always.set(kind, present);
    }
    let isQuiet = held === 0;
    for (const [kind, count] of counts) {
      if (count > (this.#always.get(kind) ?? 0)) isQuiet = false;
    }
    return isQuiet;
  }
}

function countWork(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== 'Immediate' && !WORK.test(kind)) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function rest(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, REST));
}
