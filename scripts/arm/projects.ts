import type { ViteUserConfig } from 'vitest/config';
import { armMachines, REQUIRES_ARM } from '../../packages/testing/src/armMachines.js';
import { BESIDE_WORKERS } from '../../vitest.base.js';
import { engineConfig } from '../engines/engineConfig.js';

const packages = ['codec', 'nd', 'tcp', 'tunnel'];

/** The unit suites of the portable packages on each emulated machine, except for what measures. */
export const armProjects: ViteUserConfig[] = armMachines.map(({ arch, version, node }) =>
  engineConfig(
    {
      ...{ name: arch, version, file: node, required: REQUIRES_ARM, install: 'npm run arm' },
      // Enough for one case, also where other tests run.
      propertyTime: 400,
    },
    {
      include: [`packages/{${packages}}/test/**/*.test.ts`],
      // What measures garbage, what needs a browser, and long computations in the language alone.
      exclude: [
        'packages/nd/test/allocation.test.ts',
        '**/test/{browser,hostile,properties,beliefs}/**',
        '**/test/hostile.test.ts',
        'packages/tcp/test/congestion/paths.test.ts',
        'packages/tunnel/test/peering/attacker.test.ts',
      ],
      testTimeout: 120_000,
      // An emulated process takes seconds to start.
      isolate: false,
      maxWorkers: BESIDE_WORKERS,
    },
  ),
);
