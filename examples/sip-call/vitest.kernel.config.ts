import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.js';

/** Calls with sipp through real NATs: Linux and root only. */
export default defineConfig(
  testConfig('sip-call-kernel', {
    include: ['test/kernel/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  }),
);
