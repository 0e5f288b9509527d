import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('one tunnel gets its datagram back from the other, and the program ends', async () => {
  const program = fileURLToPath(new URL('../hello.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], {
    timeout: 20_000,
  });
  expect(stdout).toMatch(/^fc64:bed:7f00:1:[0-9a-f:]+ says "hello, IPv6"\n$/);
  expect(stderr).toBe('');
}, 30_000);
