import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.js';

/** Tests against real kernels: Linux and root only, one file after the other. */
export default defineConfig(
  testConfig('cli-kernel', {
    include: ['test/kernel/**/*.test.ts'],
    fileParallelism: false,
    sequence: { concurrent: false },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  }),
);
