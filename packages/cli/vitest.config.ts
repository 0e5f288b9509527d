import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.js';

/** Tests that run anywhere; those against real kernels are in vitest.kernel.config.ts. */
export default defineConfig(testConfig('cli', { exclude: ['test/kernel/**'] }));
