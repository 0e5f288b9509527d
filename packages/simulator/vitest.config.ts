import { defineConfig } from 'vitest/config';
import { ALL_PROCESSORS, testConfig } from '../../vitest.base.js';

/** Minutes of virtual time with hundreds of pairs: seconds of ours, more where others work too. */
export default defineConfig(
  testConfig('simulator', { testTimeout: 120_000, maxWorkers: ALL_PROCESSORS }),
);
