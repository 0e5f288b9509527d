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
