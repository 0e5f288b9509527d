import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.js';

/** Chats through real NATs: Linux and root only. */
export default defineConfig(
  testConfig('chat-kernel', {
    include: ['test/kernel/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  }),
);
