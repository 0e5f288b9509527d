import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { describeTools, fileOf } from './support/scratch.js';

const NEXT = fileOf('next', 'dist/bin/next');
const PATIENCE = 180_000;

describeTools('an application of Next.js', (scratch) => {
  test(
    'is built, has the worker among its files, and answers by the library',
    async () => {
      const project = join(scratch.folder, 'next');
      cpSync(join(scratch.folder, 'hello', 'hello.cjs'), join(project, 'hello.cjs'));
      await scratch.run('next', [NEXT, 'build']);
      const trace = join(project, '.next', 'server', 'app', 'echo', 'route.js.nft.json');
      const { files } = JSON.parse(readFileSync(trace, 'utf8')) as { files: string[] };
      expect(files.filter((file) => file.endsWith('@6bed4/node/dist/loopWorker.js'))).toHaveLength(
        1,
      );

      const server = spawn(process.execPath, [NEXT, 'start', '-H', '127.0.0.1', '-p', '0'], {
        cwd: project,
        env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(server, 'exit');
      try {
        let address: string | undefined;
        for await (const line of createInterface(server.stdout)) {
          address ??= /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
          if (line.includes('Ready')) break;
        }
        const response = await fetch(`${address}/echo`);
        expect(await response.text()).toBe('hello world');
      } finally {
        server.kill();
        await ended;
      }
    },
    PATIENCE,
  );
});
