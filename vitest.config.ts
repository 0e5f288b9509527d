import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { armProjects } from './scripts/arm/projects.js';
import { engineProjects } from './scripts/engines/projects.js';
import { SummaryReporter } from './scripts/summaryReporter.js';
import { ALL_PROCESSORS, BESIDE_WORKERS, order, REPEATED, testConfig } from './vitest.base.js';

/** Projects that run side by side begin in the order of their list; vitest would go by their names. */
class ListedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const names = order.flat();
    const place = ({ project }: TestSpecification): number => names.indexOf(project.name);
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

/** Everything that has to hold, in one run. Each project also runs by itself, in its own folder. */
export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    sequence: { sequencer: ListedOrder },
    // Projects with one root share what is compiled, by the contents of files.
    experimental: { fsModuleCache: true },
    projects: [
      testConfig('workspace', { maxWorkers: ALL_PROCESSORS }),
      testConfig('workspace-timed', {
        include: ['test/timed/*.test.ts'],
        exclude: [],
        retry: REPEATED,
      }),
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
