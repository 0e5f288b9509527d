import type { ViteUserConfig } from 'vitest/config';
import { BESIDE_WORKERS } from '../../vitest.base.js';
import { engineConfig } from './engineConfig.js';
import { versions } from './versions.js';

/** With this set, a version that is missing is a failure. */
const required = process.env['SIXBED4_REQUIRE_ENGINES'] === '1';

const packages = ['codec'];
const examples = ['hello'];

/** The unit suites of the packages and the examples, on each version of Node.js. */
export const engineProjects: ViteUserConfig[] = versions.map((version) =>
  engineConfig(
    { ...version, required, propertyTime: 200, install: 'npm run engines' },
    {
      include: [
        `packages/{${packages},}/test/**/*.test.ts`,
        `examples/{${examples},}/test/**/*.test.ts`,
      ],
      exclude: ['**/test/kernel/**'],
      testTimeout: 120_000,
      maxWorkers: BESIDE_WORKERS,
    },
  ),
);
