import { defineConfig } from 'vitest/config';
import { BESIDE_WORKERS, kernelTestConfig } from '../../vitest.base.js';
import { paired, timed } from './vitest.timed.config.js';

/** Tests that have namespaces of their own and mostly wait: some files at a time. */
export default defineConfig(
  kernelTestConfig('cli-kernel', 30_000, {
    exclude: [...paired, ...timed],
    fileParallelism: true,
    maxWorkers: BESIDE_WORKERS,
  }),
);
