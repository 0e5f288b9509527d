import { defineConfig } from 'vitest/config';
import { kernelTestConfig } from '../../vitest.base.js';

export default defineConfig(kernelTestConfig('cli', 30_000));
