import type { ViteUserConfig } from 'vitest/config';
import { armMachines, REQUIRES_ARM } from '../../packages/testing/src/armMachines.js';
import { BESIDE_WORKERS } from '../../vitest.base.js';
import { engineConfig } from '../engines/engineConfig.js';

const packages = ['codec', 'nd', 'tcp', 'tunnel'];

/**
 * What measures garbage, what needs a browser, long computations in the language alone, and long exchanges, whose
 * messages other tests encode and decode.
 */
const leftOut = [
  'packages/nd/test/allocation.test.ts',
  '**/test/{browser,hostile,properties,beliefs}/**',
  '**/test/hostile.test.ts',
  'packages/tcp/test/{bounds,listening,synCookies,transfer,windows,congestion/paths}.test.ts',
  'packages/tunnel/test/{endToEnd,machine/runs,peer/routerFailover}.test.ts',
  'packages/tunnel/test/peering/{attacker,neighborDiscovery,remotesLimits}.test.ts',
];

/** On 32 bit only, where numbers are represented in another way than on the machine that other tests run on. */
const onlyOn32Bit = ['packages/tunnel/test/{peer,peering}/**/*.test.ts'];

/** The unit suites of the portable packages on each emulated machine, except for what measures. */
export const armProjects: ViteUserConfig[] = armMachines.map(({ arch, version, node }) =>
  engineConfig(
    {
      ...{ name: arch, version, file: node, required: REQUIRES_ARM, install: 'npm run arm' },
      // One case or a few: there, everything takes tens of times as long.
      propertyTime: 50,
    },
    {
      include: [`packages/{${packages}}/test/**/*.test.ts`],
      exclude: arch === 'arm' ? leftOut : [...leftOut, ...onlyOn32Bit],
      testTimeout: 120_000,
      // An emulated process takes seconds to start.
      isolate: false,
      maxWorkers: BESIDE_WORKERS,
    },
  ),
);
