/**
 * What an app has from React Native besides the engine, for an engine without it: timers and a clock in virtual
 * time, so that seconds of waiting take none. Imported first.
 */

interface Timer {
  readonly at: number;
  readonly id: number;
  readonly run: () => void;
}

/** The engine's own way to run something after the jobs of promises. */
const soon: (run: () => void) => void = globalThis.setImmediate;
const timers: Timer[] = [];
let now = 0;
let lastId = 0;
let isOver = false;

function setVirtualTimeout(run: () => void, delay = 0): number {
  const at = now + Math.max(delay, 0);
  const id = ++lastId;
  let place = timers.length;
  while (place > 0 && timers[place - 1]!.at > at) place--;
  timers.splice(place, 0, { at, id, run });
  return id;
}

function clearVirtualTimeout(id?: number): void {
  const place = timers.findIndex((timer) => timer.id === id);
  if (place >= 0) timers.splice(place, 1);
}

const platform = {
  performance: { now: () => now },
  setTimeout: setVirtualTimeout,
  clearTimeout: clearVirtualTimeout,
};
for (const [name, value] of Object.entries(platform)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** One timer a turn, so that promises get their turn in between. */
function turn(): void {
  const timer = timers.shift();
  if (timer === undefined || isOver) return;
  now = Math.max(now, timer.at);
  timer.run();
  soon(turn);
}

/** Resolves after so many milliseconds of virtual time. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setVirtualTimeout(resolve, milliseconds);
  });
}

/** Runs a program in virtual time until it ends; a program that waits for nothing ends, too. */
export function runProgram(program: () => Promise<void>): void {
  program().then(
    () => {
      isOver = true;
    },
    (error) => {
      isOver = true;
      print(JSON.stringify({ name: 'the program', fault: String(error) }));
    },
  );
  soon(turn);
}
