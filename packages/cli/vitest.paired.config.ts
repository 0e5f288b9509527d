import { defineConfig } from 'vitest/config';
import { kernelTestConfig } from '../../vitest.base.js';
import { paired } from './vitest.timed.config.js';

/** Two files at a time, and nothing beside them. */
export default defineConfig(
  kernelTestConfig('cli-paired', 30_000, {
    include: paired,
    fileParallelism: true,
    maxWorkers: 2,
  }),
);
