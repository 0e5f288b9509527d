import { defineConfig } from 'vitest/config';
import { kernelTestConfig } from '../../vitest.base.js';
import { timed } from './vitest.timed.config.js';

/** Tests that have namespaces of their own and mostly wait: two files at a time. */
export default defineConfig(
  kernelTestConfig('cli-kernel', 30_000, { exclude: timed, fileParallelism: true, maxWorkers: 2 }),
);
