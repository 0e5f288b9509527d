/*
 * The timers and the clock of the global object as they are at each call, for tests in virtual time: put in place
 * of `realTimers.ts` by `vi.mock`.
 */
export const setImmediate: typeof globalThis.setImmediate = ((...args: [() => void]) =>
  globalThis.setImmediate(...args)) as typeof globalThis.setImmediate;
export const setInterval: typeof globalThis.setInterval = ((...args: [() => void, number]) =>
  globalThis.setInterval(...args)) as typeof globalThis.setInterval;
export const setTimeout: typeof globalThis.setTimeout = ((...args: [() => void, number]) =>
  globalThis.setTimeout(...args)) as typeof globalThis.setTimeout;
export const clearInterval: typeof globalThis.clearInterval = (timer) =>
  globalThis.clearInterval(timer);
export const clearTimeout: typeof globalThis.clearTimeout = (timer) =>
  globalThis.clearTimeout(timer);
export const now = (): number => performance.now();
export const { timeOrigin } = performance;
export const { nextTick } = process;
