import { isNativeError } from 'node:util/types';
import type { InternetOptions } from '../src/internet/descriptions.js';
import { Internet } from '../src/internet/internet.js';
import { Clock } from './clock.js';
import { EventLoop } from './eventLoop.js';
import { replacePlatformTimers } from './platformTimers.js';

/** Options of {@link simulate}. */
export interface SimulateOptions extends InternetOptions {
  /** Milliseconds of virtual time that the program may take, above 0; default 600000. */
  readonly limit?: number;
  /**
   * Whether the timers and the clock of the program go by virtual time as long as it runs: `setTimeout`, `setInterval`
   * and what clears them, those of `node:timers` and `node:timers/promises`, `AbortSignal.timeout`, `performance.now` and
   * the present time of `Date`. Default true.
   */
  readonly virtualTimers?: boolean;
  /** The present time of `Date` when the program starts; default 2026-01-01T00:00:00Z. */
  readonly startTime?: Date | number;
}

const START_TIME = Date.UTC(2026, 0, 1);
/** Lines of the ladder that a failure shows. */
const MOST_LINES = 200;

/**
 * Runs a program on a simulated Internet, in virtual time: time goes on only when the program waits for it. Such a
 * program may use the sockets, TCP, HTTP and TLS of `@6bed4/node`, with the hosts of the simulation as
 * their `environment`.
 *
 * A failure of the program, which is also what a timer or a listener of the simulation throws, has the seed and the
 * virtual time in its message, and the last datagrams if the option `trace` is true.
 *
 * @returns what the program returns
 * @throws what the program throws; Error when it is not over after `limit`, or waits for what cannot happen
 *
 * @example
 * ```ts
 * await simulate({ seed: 1 }, async (net) => {
 *   net.router('router', { address: '198.51.100.1' });
 *   const alice = net.host('alice', { behind: net.nat('home') });
 *   const tunnel = await openTunnel({ routers: '198.51.100.1', environment: alice.environment });
 *   console.log(tunnel.address);
 * });
 * ```
 */
export async function simulate<T>(
  options: SimulateOptions,
  program: (net: Internet) => Promise<T> | T,
): Promise<T> {
  const { limit, virtualTimers = true, startTime = START_TIME, ...internet } = options;
  const start = Number(startTime);
  if (!Number.isFinite(start)) {
    throw new RangeError(`startTime: ${String(startTime)}, expected a Date or milliseconds`);
  }
  if (typeof program !== 'function') {
    throw new TypeError(`program: found ${typeof program}, expected a function`);
  }
  const net = new Internet(internet);
  const restore = virtualTimers ? replacePlatformTimers(new Clock(net, start)) : () => {};
  const loop = new EventLoop();
  try {
    const settle = (): Promise<void> => loop.settle();
    return await net.play(program, { settle, ...(limit === undefined ? {} : { limit }) });
  } catch (failure) {
    throw withSeed(failure, net, virtualTimers);
  } finally {
    restore();
  }
}

/** The failure itself, so that a test framework shows what it would show otherwise; with the seed in its message. */
function withSeed(failure: unknown, net: Internet, virtualTimers: boolean): unknown {
  // Test frameworks run programs in realms of their own.
  if (!isNativeError(failure)) return failure;
  const notes = [`seed ${net.seed}, ${net.now} ms of virtual time`];
  const real = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  if (!virtualTimers && real > 0) notes.push(`timers of real time that were waiting: ${real}`);
  if (net.trace !== null) notes.push(net.ladder({ lines: MOST_LINES }));
  const { message, stack } = failure;
  const text = `${message}\n\n${notes.join('\n')}`;
  try {
    failure.message = text;
    if (stack !== undefined) failure.stack = stack.replace(message, () => text);
  } catch {
    // Frozen errors stay as they are.
  }
  return failure;
}
