import timers from 'node:timers';

const { setImmediate, setTimeout } = timers;

/** Requests to the system, which end soon whoever made them, and callbacks that are due. */
const REQUEST = /^Immediate$|Req/;
/** Ports to workers; those of a test framework may stay open all the time. */
const PORT = 'MessagePort';
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
  /** The fewest ports so far: what a test framework keeps open is not the program's. */
  #alwaysOpen = Number.POSITIVE_INFINITY;

  constructor() {
    this.#isQuiet();
  }

  /** Resolves when the program has nothing to do: no callback, no promise, no request. */
  async settle(): Promise<void> {
    let turns = 0;
    for (let quiet = 0; quiet < QUIET_TURNS; quiet = this.#isQuiet() ? quiet + 1 : 0) {
      await (++turns % EAGER_TURNS === 0 ? rest() : turn());
    }
  }

  #isQuiet(): boolean {
    let requests = 0;
    let ports = 0;
    for (const kind of process.getActiveResourcesInfo()) {
      if (kind === PORT) ports++;
      else if (REQUEST.test(kind)) requests++;
    }
    this.#alwaysOpen = Math.min(this.#alwaysOpen, ports);
    return held === 0 && requests === 0 && ports === this.#alwaysOpen;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function rest(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, REST));
}
