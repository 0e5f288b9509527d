import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.js';

/**
 * The tests that judge mutants. The folder is Stryker's choice. Those that measure the process or
 * need a browser, and those that throw random bytes or all messages at everything for seconds, judge none.
 */
export default defineConfig(
  testConfig('workspace', {
    include: ['**/*.test.ts'],
    exclude: [
      '**/{allocation,hostile,loopThread,readme}.test.ts',
      '**/{browser,beliefs}/**',
      '**/tcp/test/{hostile,properties}/**',
    ],
    setupFiles: new URL('./vitest.setup.ts', import.meta.url).pathname,
  }),
);
