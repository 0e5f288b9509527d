import { defineConfig } from 'vitest/config';
import { ALL_PROCESSORS, testConfig } from '../vitest.base.js';

export default defineConfig(
  testConfig('docs', { testTimeout: 60_000, maxWorkers: ALL_PROCESSORS }),
);
