import { defineConfig } from 'vitest/config';
import { ALL_PROCESSORS, testConfig } from '../../vitest.base.js';

export default defineConfig(testConfig('sip-call', { maxWorkers: ALL_PROCESSORS }));
