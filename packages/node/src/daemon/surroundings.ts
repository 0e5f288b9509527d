import { InvalidArgumentError } from '@6bed4/codec';
import { realTimers, type Timers } from '../environment/timers.js';
import { secureRandom } from '../random.js';
import { now } from '../realTimers.js';
import type { CommonOptions } from './options.js';

/** The clock, timers and random numbers that a daemon goes by. */
export interface Surroundings {
  readonly timers: Timers;
  readonly clock: () => number;
  readonly random: () => number;
}

/** Options of the computer of which an environment is the replacement. */
const OF_THE_COMPUTER = ['clock', 'random', 'datagrams', 'tun'] as const;

/** What the options say. @throws InvalidArgumentError for an option that contradicts the environment */
export function surroundingsOf(options: CommonOptions): Surroundings {
  const { environment } = options;
  if (environment === undefined) {
    const { clock = now, random = secureRandom } = options;
    return { timers: realTimers, clock, random };
  }
  checkEnvironment(options);
  const [clock, random] = [() => environment.now(), () => environment.random()];
  return { timers: environment, clock, random };
}

function checkEnvironment(options: CommonOptions): void {
  const { environment, driver } = options;
  for (const method of ['now', 'random', 'bind', 'setTimeout', 'clearTimeout'] as const) {
    if (typeof environment?.[method] === 'function') continue;
    const found = environment === null ? 'null' : `${typeof environment} without ${method}()`;
    throw new InvalidArgumentError('environment', found, 'an Environment');
  }
  for (const option of OF_THE_COMPUTER) {
    const given = options[option] ?? false;
    if (given !== false) throw new InvalidArgumentError(option, 'one', 'none beside `environment`');
  }
  if (driver === 'linux') {
    throw new InvalidArgumentError('driver', 'linux beside `environment`', 'portable or auto');
  }
}
