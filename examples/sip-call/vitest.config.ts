import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.js';

/** Tests that run anywhere; those with sipp are in vitest.kernel.config.ts. */
export default defineConfig(testConfig('sip-call', { exclude: ['test/kernel/**'] }));
