/*
 * The timers and the clock of this platform, as they are when this module is loaded. Test frameworks replace the
 * global ones by fakes; sockets and tunnels go on as those of Node.js do. `node:timers` rather than the globals,
 * since it has the same functions in all runtimes.
 */
import timers from 'node:timers';

export const { setImmediate, setInterval, setTimeout } = timers;
export const { clearInterval, clearTimeout } = timers;

/** As `performance.now`. */
export const now: () => number = performance.now.bind(performance);

/** As `performance.timeOrigin`. */
export const { timeOrigin } = performance;

/** As `process.nextTick`. */
export const nextTick: typeof process.nextTick = process.nextTick.bind(process);
