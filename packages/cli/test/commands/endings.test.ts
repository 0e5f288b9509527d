import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND, requireBuild, run, start } from '@6bed4/testing/command';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { freePort } from '@6bed4/testing/sockets';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

/** Milliseconds to an end that takes less than a second on a machine that does nothing else. */
const SOON = 2000;
const PATIENCE = 60_000;
/** Nobody has it. */
const ADDRESS = 'fc64:bed:c000:201:c000:203:6272:1';

beforeAll(requireBuild);

// Windows has no signals, and no such sockets.
describe.runIf(process.platform !== 'win32')('a command', { timeout: PATIENCE }, () => {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-endings-'));
  const started: RunningProgram[] = [];
  let router: RunningProgram;
  let at: readonly string[];

  const control = (name: string): string => join(folder, `${name}.sock`);

  beforeAll(async () => {
    const port = await freePort();
    at = ['--router', `127.0.0.1:${port}`];
    const words = ['--listen', '127.0.0.1', '--port', String(port), '--no-tun'];
    router = start('router', ...words, '--control', control('router'));
    await router.waitForLine(/^ready/, PATIENCE);
  }, PATIENCE);
  afterEach(async () => {
    await Promise.all(started.splice(0).map((program) => program.stop('SIGKILL')));
  });
  afterAll(async () => {
    await router.stop();
    rmSync(folder, { recursive: true });
  });

  function launch(...words: readonly string[]): RunningProgram {
    const program = start(...words);
    started.push(program);
    return program;
  }

  /** Commands that go on until they are ended, the line by which they have begun, and how they end. */
  const lasting: readonly [string, () => Promise<string[]>, RegExp | string, number | null][] = [
    [
      'router',
      async () => {
        const place = ['--listen', '127.0.0.1', '--port', String(await freePort())];
        return ['router', ...place, '--no-tun', '--no-control'];
      },
      /^ready/,
      0,
    ],
    ['peer', async () => ['peer', ...at, '--no-tun', '--no-control'], /^ready/, 0],
    [
      'peer without router',
      async () => ['peer', '--router', `127.0.0.1:${await freePort()}`, '--no-tun', '--no-control'],
      /^asking/,
      0,
    ],
    [
      'proxy',
      async () => ['proxy', ...at, '--no-control', '--socks', String(await freePort())],
      /^ready/,
      0,
    ],
    ['serve', async () => ['serve', ...at, '--no-control', '80=127.0.0.1:9'], /^ready/, 0],
    ['monitor', async () => ['monitor', control('router')], /watching/, null],
    // What it writes has no lines.
    ['capture', async () => ['capture', join(folder, 'trace'), control('router')], 'trace', 0],
    ['status --watch', async () => ['status', '--watch', control('router')], /router/, null],
    ['ping', async () => ['ping', ADDRESS, ...at, '--count', '99'], /^ping /, null],
    [
      'check',
      async () => ['check', ...at, '--mapping-timeout', '300'],
      /^measuring how long a mapping lives/,
      null,
    ],
  ];

  test.each(lasting)(
    'that lasts ends within a second of SIGTERM: %s',
    async (_, words, line, code) => {
      const program = launch(...(await words()));
      if (typeof line !== 'string') await program.waitForLine(line, PATIENCE);
      else
        await expect.poll(() => existsSync(join(folder, line)), { timeout: PATIENCE }).toBe(true);
      const begun = performance.now();
      const ending = await program.stop('SIGTERM');
      expect(performance.now() - begun).toBeLessThan(SOON);
      expect(ending).toEqual(code === null ? { code, signal: 'SIGTERM' } : { code, signal: null });
      // Progress only.
      const isSaid = /^(?:asking|measuring|there after)/;
      expect(program.stderr.filter((line) => !isSaid.test(line))).toEqual([]);
    },
  );

  test.each([
    ['status', () => control('router')],
    ['check', () => at.join(' ')],
    ['completion', () => 'bash'],
    ['wireshark-plugin', () => ''],
  ])('that prints ends quietly where output is closed: %s', (words, more) => {
    const line = `"$NODE" "$COMMAND" ${words} ${more()}`;
    const env = { ...process.env, NODE: process.execPath, COMMAND };
    for (const script of [
      `{ sleep 0.1; ${line} 2>"$ERRORS"; echo "code $?" >&2; } | true`,
      `${line} 2>"$ERRORS" >&-; echo "code $?" >&2`,
    ]) {
      const all = { ...env, ERRORS: join(folder, 'errors') };
      const { stderr } = spawnSync('sh', ['-c', script], { env: all, encoding: 'utf8' });
      expect(stderr).toBe('code 0\n');
      const errors = spawnSync('cat', [all.ERRORS], { encoding: 'utf8' }).stdout;
      expect(errors.replace(/^asking .*\n/gm, '')).toBe('');
    }
  });

  test.each([
    ['ping', () => ['ping', ADDRESS, ...at, '--count', '99']],
    ['ping --json', () => ['ping', ADDRESS, ...at, '--count', '99', '--json']],
    ['status --watch', () => ['status', '--watch', control('router')]],
    ['status --watch --json', () => ['status', '--watch', '--json', control('router')]],
  ])('that goes on printing ends when its reader leaves: %s', async (_, words) => {
    const child = spawn(process.execPath, [COMMAND, ...words()], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect(code === 0 || code === 1).toBe(true);
    expect(errors).toBe('');
  });

  test.each([
    ['status --json', () => ['status', '--json', control('router')]],
    ['check --json', () => ['check', '--json', ...at]],
    ['ping --json', () => ['ping', '--json', '--count', '1', ADDRESS, ...at]],
    ['address decode --json', () => ['address', 'decode', '--json', ADDRESS]],
  ])('has nothing but JSON on standard output with --json: %s', async (_, words) => {
    const { stdout, stderr } = await run(...words());
    expect(stderr).toBe('');
    expectObjects(stdout);
  });

  test.each(lasting.slice(2, 5))('logs nothing but JSON with --json: %s', async (_, words) => {
    const program = launch(...(await words()), '--json', '--verbose');
    await program.waitForLine(/"(?:ready|msg":"asking)/, PATIENCE);
    await program.stop('SIGTERM');
    expect(program.stderr).toEqual([]);
    expectObjects(program.stdout.join('\n'));
  });

  function expectObjects(text: string): void {
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(typeof JSON.parse(line)).toBe('object');
  }
});
