import { defineConfig } from 'vitest/config';
import { kernelTestConfig } from '../../vitest.base.js';

export default defineConfig(kernelTestConfig('chat-kernel', 60_000));
