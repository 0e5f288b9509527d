import { defineConfig } from 'vitest/config';
import { BESIDE_WORKERS, testConfig } from '../vitest.base.js';

export default defineConfig(
  testConfig('site', { testTimeout: 300_000, hookTimeout: 600_000, maxWorkers: BESIDE_WORKERS }),
);
