import { defineConfig } from 'vitest/config';
import { testConfig, WAITING_WORKERS } from '../../vitest.base.js';

export default defineConfig(testConfig('cli', { maxWorkers: WAITING_WORKERS }));
