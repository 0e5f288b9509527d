import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.js';

/** Tests that run anywhere; those behind real NATs are in vitest.kernel.config.ts. */
export default defineConfig(testConfig('chat', { exclude: ['test/kernel/**'] }));
