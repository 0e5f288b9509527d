import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMMAND, requireBuild, start, startIn } from '@6bed4/testing/command';
import { freePort } from '@6bed4/testing/sockets';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { lineFor } from '../../src/output/log.js';
import type { LogLevel, LogRecord } from '../../src/output/logger.js';

const plain = (text: string): string => text.replace(new RegExp(`${'\u001b'}\\[\\d+m`, 'g'), '');

describe('a log line as text', () => {
  test.each<[level: LogLevel, message: string, fields: LogRecord['fields'], line: string]>([
    [
      'info',
      'ready',
      { router: 'fc64::1', tun: '6bed4', routes: ['a::/16', 'b::/16'] },
      'ready  router fc64::1  tun 6bed4  routes a::/16 b::/16',
    ],
    [
      'info',
      'ready',
      { tun: '6bed4', without: ['route a::/16 metric 1', 'label of b::/16'] },
      'ready  tun 6bed4  without route a::/16 metric 1, label of b::/16',
    ],
    ['info', 'ready', { tun: null, routes: [], public: undefined }, 'ready'],
    [
      'info',
      'no answer from router 192.0.2.1:25790',
      { router: '192.0.2.1:25790', attempts: 4 },
      'no answer from router 192.0.2.1:25790  attempts 4',
    ],
    ['warn', 'adding a route failed', {}, 'warning: adding a route failed'],
    ['debug', 'counters', { drops: { loop: 1 } }, 'counters  drops {"loop":1}'],
  ])('at level %s of %s with %j', (level, message, fields, line) => {
    expect(plain(lineFor({ level, message, fields }))).toBe(line);
  });
});

describe('a log line with text of others', () => {
  const EVIL = 'a\nready  peer fc64::1\r\u001b]0;title\u0007\u001b[2Jb\u009b1A\u2028c\u007f';

  test('stays one line that terminals obey nothing of', () => {
    const fields = { to: EVIL, routes: [EVIL], more: { EVIL } };
    const line = lineFor({ level: 'warn', message: `hook: ${EVIL}`, fields });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
    expect(plain(line)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(plain(line)).toMatch(
      /^warning: hook: a\?ready {2}peer fc64::1\?\?\]0;title\?\?\[2Jb\?1A\?c\?/,
    );
  });
});

describe('the log of a daemon', () => {
  beforeAll(requireBuild);
  const folder = mkdtempSync(join(tmpdir(), '6bed4-log-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Starts a router of no use, and returns its first line. */
  async function firstLine(env: NodeJS.ProcessEnv, ...options: readonly string[]): Promise<string> {
    const words = ['router', '--listen', '127.0.0.1', '--no-tun', '--no-control', ...options];
    const daemon = startIn(env, ...words, '--port', String(await freePort()));
    try {
      return await daemon.waitForLine(/./);
    } finally {
      await daemon.stop();
    }
  }

  test('begins with the priority where journald reads it', async () => {
    expect(await firstLine({}, '--log-format', 'journal')).toMatch(/^<6>ready {2}router fc64:/);
  });

  test('has the priority of each level there', async () => {
    const words = ['peer', '--router', `127.0.0.1:${await freePort()}`, '--no-tun', '--no-control'];
    const daemon = start(...words, '--log-format', 'journal', '--verbose');
    await daemon.waitForLine(/^<6>asking 127/);
    await daemon.waitForLine(/^<7>driver/);
    await daemon.waitForLine(/^<4>warning: no router has answered/);
    await daemon.stop();
  });

  test('says nothing less important than its level', async () => {
    expect(await firstLine({}, '--log-level', 'debug')).toMatch(/^driver|^ready/);
    const words = [
      'router',
      '--listen',
      '127.0.0.1',
      '--no-tun',
      '--no-control',
      '--port',
      String(await freePort()),
    ];
    const daemon = start(...words, '--log-level', 'warn');
    await sleep(1_500);
    await daemon.stop();
    expect(daemon.stdout).toEqual([]);
  });

  test('has no addresses where that is wished', async () => {
    const line = await firstLine({}, '--redact');
    expect(line).toMatch(
      /^ready {2}router ipv6-[0-9a-f]{8} {2}prefix ipv6-[0-9a-f]{8}\/64 {2}on ipv4-[0-9a-f]{8}:\d+/,
    );
    const json = JSON.parse(await firstLine({}, '--redact', '--json'));
    expect(json).toMatchObject({
      level: 'info',
      msg: 'ready',
      router: expect.stringMatching(/^ipv6-/),
    });
  });

  test('has the time in files, and where that is wished', async () => {
    const time = /^\d{4}-\d\d-\d\dT[\d:.]{12}Z ready/;
    expect(await firstLine({}, '--log-time')).toMatch(time);
    expect(await firstLine({})).toMatch(/^ready/);
    const file = join(folder, 'log');
    const words = [
      'router',
      '--listen',
      '127.0.0.1',
      '--no-tun',
      '--no-control',
      '--port',
      String(await freePort()),
    ];
    const fd = openSync(file, 'w');
    const daemon = spawn(process.execPath, [COMMAND, ...words], {
      stdio: ['ignore', fd, 'ignore'],
    });
    closeSync(fd);
    await vi.waitUntil(() => readFileSync(file, 'utf8').includes('ready'), { timeout: 20_000 });
    daemon.kill();
    expect(readFileSync(file, 'utf8')).toMatch(time);
  });
});
