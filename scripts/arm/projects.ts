import type { ViteUserConfig } from 'vitest/config';
import { armMachines, REQUIRES_ARM } from '../../packages/testing/src/armMachines.js';
import { BESIDE_WORKERS } from '../../vitest.base.js';
import { engineConfig } from '../engines/engineConfig.js';

const packages = ['codec', 'nd', 'tcp', 'tunnel'];

/** What measures garbage, what needs a browser, and long computations in the language alone. */
const leftOut = [
  'packages/nd/test/allocation.test.ts',
  '**/test/{browser,hostile,properties,beliefs}/**',
  '**/test/hostile.test.ts',
  'packages/tcp/test/{transfer,congestion/paths}.test.ts',
  'packages/tunnel/test/peering/attacker.test.ts',
];

/** Longer ones, run on the machine of 32 bit only, which differs more from the one that the other tests run on. */
const onlyOn32Bit = [
  'packages/tcp/test/{bounds,listening,synCookies,windows}.test.ts',
  'packages/tunnel/test/{endToEnd,machine/runs,peer/routerFailover}.test.ts',
  'packages/tunnel/test/peering/{neighborDiscovery,remotesLimits}.test.ts',
];

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
