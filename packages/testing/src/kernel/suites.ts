import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Driver, useDriver } from './daemons.js';
import { buildInternet } from './internet.js';
import type { Lab } from './lab.js';
import { describeKernel } from './requirements.js';

const ONLY = process.env['SIXBED4_TEST_DRIVER'];
const DRIVERS = (['auto', 'portable'] as const).filter(
  (name) => ONLY === undefined || ONLY === name,
);

/** As {@link describeKernel}, with each driver in turn, or the one that the environment names. */
export function describeDrivers(title: string, tests: (driver: Driver) => void): void {
  for (const name of DRIVERS) {
    describeKernel(`${title}, driver ${name}`, () => {
      beforeAll(() => useDriver(name));
      afterAll(() => useDriver('auto'));
      tests(name);
    });
  }
}

/**
 * Builds the network of {@link buildInternet} once for a suite. After each test, the programs of the two peers are
 * ended; those of the router go on.
 *
 * @param use - called before all tests, to start what they share
 */
export function shareInternet(use: (lab: Lab) => Promise<unknown>): void {
  let lab: Lab | null = null;
  beforeAll(async () => {
    lab = await buildInternet();
    await use(lab);
  });
  afterEach(async () => {
    for (const label of ['peer1', 'peer2']) await lab?.clear(label);
  });
  afterAll(() => lab?.dispose());
}

/**
 * Builds the network of {@link buildInternet} for each test of a suite, and removes it afterwards.
 *
 * @param use - called before each test
 */
export function useInternet(use: (lab: Lab) => void): void {
  let lab: Lab | null = null;
  beforeEach(async () => {
    lab = await buildInternet();
    use(lab);
  });
  afterEach(() => lab?.dispose());
}
