import { defineConfig } from 'vitest/config';
import { armProjects } from './scripts/arm/projects.js';
import { engineProjects } from './scripts/engines/projects.js';
import { SummaryReporter } from './scripts/summaryReporter.js';
import { BESIDE_WORKERS, testConfig } from './vitest.base.js';

/** Everything that has to hold, in one run. Each project also runs by itself, in its own folder. */
export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    projects: [
      testConfig('workspace', { fileParallelism: false }),
      'packages/*/vitest.config.ts',
      'packages/*/vitest.kernel.config.ts',
      'packages/*/vitest.paired.config.ts',
      'packages/*/vitest.timed.config.ts',
      'examples/*/vitest.config.ts',
      'examples/*/vitest.kernel.config.ts',
      'docs/vitest.config.ts',
      testConfig('release', {
        include: ['scripts/{api,release}/test/*.test.ts'],
        maxWorkers: BESIDE_WORKERS,
      }),
      ...engineProjects,
      ...armProjects,
      testConfig('toolchains', {
        include: ['toolchains/test/*.test.ts'],
        maxWorkers: BESIDE_WORKERS,
      }),
      'site/vitest.config.ts',
    ],
  },
});
