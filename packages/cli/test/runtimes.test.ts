import { requireBuild, startOn } from '@6bed4/testing/command';
import { type Runtime, runtimes } from '@6bed4/testing/runtimes';
import { freePort } from '@6bed4/testing/sockets';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';

/** With this set, a runtime that is missing is a failure. */
const required = process.env['SIXBED4_REQUIRE_RUNTIMES'] === '1';
/** Their compilers may not have seen the code before. */
const START_MS = 30_000;
const LOOPBACK = ['--listen', '127.0.0.1', '--no-tun', '--no-control'];

beforeAll(requireBuild);

/** Without the configuration, Deno takes the command, which is CommonJS by its package.json, for a module. */
const withConfiguration = ({ file, args }: Runtime): Runtime => ({
  file,
  args: args.filter((each) => each !== '--no-config'),
});

// What they do on Node.js is the matter of all other tests.
describe.each(runtimes)('%s', (name, runtime) => {
  test.runIf(runtime !== null || required)(
    `runs the daemons of the command${runtime === null ? ` (no ${name}: npm run runtimes)` : ''}`,
    async () => {
      expect(runtime, `${name} is required, and missing: npm run runtimes`).not.toBeNull();
      const launch = (...words: string[]) => {
        const program = startOn(withConfiguration(runtime!), ...words, ...LOOPBACK);
        onTestFinished(async () => void (await program.stop('SIGKILL')));
        return program;
      };
      const port = String(await freePort());
      const router = launch('router', '--port', port);
      await router.waitForLine(/^ready {2}router /, START_MS);
      const peer = launch('peer', '--router', `127.0.0.1:${port}`);
      await peer.waitForLine(/^ready {2}peer fc64:bed:7f00:1:7c00:1:/, START_MS);
      expect(await peer.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(await router.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      expect([...peer.stderr, ...router.stderr]).toEqual([]);
    },
    2 * START_MS + 5_000,
  );
});
