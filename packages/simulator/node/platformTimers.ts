import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';
import timers from 'node:timers';
import timerPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Clock } from './clock.js';
import { repeat, timeoutSignal, wait } from './timerPromises.js';

type Function = (...args: never[]) => unknown;

/** The clock that the timers of the platform go by; null for their own. */
let clock: Clock | null = null;

/**
 * Puts the timers and the clock of this platform onto another clock.
 *
 * @returns a function that reverts it
 * @throws Error when they are on one already
 */
export function replacePlatformTimers(replacement: Clock): () => void {
  if (clock !== null) {
    throw new Error(
      'a simulation with virtualTimers runs in this process already: await it first, or set virtualTimers: false',
    );
  }
  clock = replacement;
  const undo: (() => void)[] = [];
  for (const target of new Set<object>([globalThis, timers])) {
    undo.push(replace(target, 'setTimeout', timeoutFunction));
    undo.push(replace(target, 'setInterval', setter(true)));
    undo.push(replace(target, 'clearTimeout', clearer));
    undo.push(replace(target, 'clearInterval', clearer));
  }
  const { scheduler } = timerPromises;
  undo.push(replace(timerPromises, 'setTimeout', withClock(wait)));
  undo.push(replace(timerPromises, 'setInterval', withClock(repeat)));
  undo.push(
    replace(
      scheduler,
      'wait',
      withClock((on, delay: number, options?: object) => wait(on, delay, undefined, options)),
    ),
  );
  undo.push(replace(AbortSignal, 'timeout', withClock(timeoutSignal)));
  undo.push(
    replace(
      performance,
      'now',
      withClock((on) => on.now()),
    ),
  );
  undo.push(replaceDate());
  syncBuiltinESMExports();
  return () => {
    for (const each of undo.reverse()) each();
    syncBuiltinESMExports();
    clock = null;
  };
}

/** What was captured while a simulation ran must go on working after it, as what it stands for. */
type Substitute = (original: Function) => Function;

function withClock<Args extends unknown[]>(
  substitute: (clock: Clock, ...args: Args) => unknown,
): Substitute {
  return (original) =>
    function (this: unknown, ...args: Args) {
      if (clock === null) return Reflect.apply(original, this, args);
      return substitute(clock, ...args);
    } as Function;
}

const setter = (repeats: boolean): Substitute =>
  withClock((on, callback: unknown, delay?: unknown, ...args: unknown[]) =>
    on.set(callback, delay, args, repeats),
  );

/** With what `util.promisify` makes of it. */
const timeoutFunction: Substitute = (original) =>
  Object.defineProperty(setter(false)(original), promisify.custom, {
    get: () => timerPromises.setTimeout,
    enumerable: true,
  });

const clearer: Substitute = (original) => (timer: never) => {
  if (clock?.clear(timer) !== true) Reflect.apply(original, undefined, [timer]);
};

function replace(target: object, name: string, substitute: Substitute): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  const original = Reflect.get(target, name) as Function;
  const value = substitute(original);
  Object.defineProperty(value, 'name', { value: name });
  Object.defineProperty(target, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: before?.enumerable ?? true,
  });
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, before);
  };
}

/** Only the present time is another one: `new Date()`, `Date()` and `Date.now()`. */
function replaceDate(): () => void {
  const real = globalThis.Date;
  const now = (): number => clock?.date() ?? real.now();
  const virtual: DateConstructor = new Proxy(real, {
    construct: (target, args, newTarget) =>
      Reflect.construct(
        target,
        args.length === 0 ? [now()] : args,
        newTarget === virtual ? target : newTarget,
      ),
    apply: (target) => new target(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
  globalThis.Date = virtual;
  return () => {
    globalThis.Date = real;
  };
}
