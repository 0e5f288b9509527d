import { defineConfig } from 'vitest/config';
import { testConfig, WAITING_WORKERS } from '../../vitest.base.js';

export default defineConfig(testConfig('node', { maxWorkers: WAITING_WORKERS }));
