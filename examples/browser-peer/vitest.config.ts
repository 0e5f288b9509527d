import { defineConfig } from 'vitest/config';
import { BESIDE_WORKERS, testConfig } from '../../vitest.base.js';

export default defineConfig(testConfig('browser-peer', { maxWorkers: BESIDE_WORKERS }));
