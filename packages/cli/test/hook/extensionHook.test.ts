import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ExtensionHook } from '../../src/hook/extensionHook.js';
import type { Logger } from '../../src/output/logger.js';

const TIMEOUT = 5_000;
const RANGE = ['add-range-offer', 'fc64::2', 'fc64::3fff'];
const ROUTE = ['add-route-offer', '2000::', '3', 'fc64::'];

describe.runIf(process.platform !== 'win32')('an extension hook', () => {
  let folder: string;
  let logged: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-hook-'));
    logged = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const log = {
    debug() {},
    info: (_fields: object, message: string) => logged.push(message),
    warn: ({ call }: { call: string }, message: string) => logged.push(`${call}: ${message}`),
  } as unknown as Logger;

  function hookOf(body: string, timeout = TIMEOUT): ExtensionHook {
    const path = join(folder, 'hook.sh');
    writeFileSync(path, `${body}\necho "$@" >>${folder}/calls\n`);
    return new ExtensionHook({ hook: `/bin/sh ${path}`, timeout, log });
  }

  /** The calls so far, without the number of this process, which each must have. */
  function calls(): string[] {
    const lines = readFileSync(`${folder}/calls`, 'utf8').trim().split('\n');
    return lines.map((line) => {
      expect(line).toMatch(new RegExp(`^${process.pid} `));
      return line.slice(String(process.pid).length + 1);
    });
  }

  test('is called as by the C peer, in order', async () => {
    const hook = hookOf('');
    hook.offer([RANGE, ROUTE]);
    await sleepUntil(() => calls().length === 3);
    await hook.end();
    expect(calls()).toEqual(['del-offers', RANGE.join(' '), ROUTE.join(' '), 'del-offers']);
    expect(logged).toEqual([]);
  });

  test('is not called again for the same offers, and not at all for none', async () => {
    const idle = hookOf('');
    idle.offer([]);
    await idle.end();
    expect(() => calls()).toThrow('ENOENT');
    const hook = hookOf('');
    hook.offer([RANGE]);
    await sleepUntil(() => calls().length === 2);
    hook.offer([[...RANGE]]);
    await sleep(100);
    expect(calls()).toHaveLength(2);
    await hook.end();
    await hook.end();
    expect(calls()).toEqual(['del-offers', RANGE.join(' '), 'del-offers']);
  });

  test('gets no backlog while it is slow: what is out of date is not offered', async () => {
    const hook = hookOf('sleep 0.3');
    for (let count = 0; count < 50; count++) {
      hook.offer([['add-range-offer', `fc64::${count}`, 'fc64::3fff']]);
    }
    await sleepUntil(() => calls().length === 3);
    await hook.end();
    expect(calls()).toEqual([
      'del-offers',
      'del-offers',
      'add-range-offer fc64::49 fc64::3fff',
      'del-offers',
    ]);
  });

  test('is told all again when an offer was cut short and came back', async () => {
    const hook = hookOf('sleep 0.2');
    hook.offer([RANGE]);
    hook.offer([ROUTE]);
    hook.offer([RANGE]);
    await sleepUntil(() => calls().length === 3);
    expect(calls()).toEqual(['del-offers', 'del-offers', RANGE.join(' ')]);
    await hook.end();
  });

  test('that fails is reported, and called on', async () => {
    const hook = hookOf('test $2 = del-offers || exit 3');
    hook.offer([RANGE, ROUTE]);
    await sleepUntil(() => logged.length === 2);
    expect(logged).toEqual([
      `${RANGE.join(' ')}: hook failed: exit code 3`,
      `${ROUTE.join(' ')}: hook failed: exit code 3`,
    ]);
    await hook.end();
  });

  test('that does not exist is reported', async () => {
    const hook = new ExtensionHook({ hook: '/no/such/hook', timeout: TIMEOUT, log });
    hook.offer([RANGE]);
    await sleepUntil(() => logged.some((line) => line.endsWith('hook failed: exit code 127')));
    await hook.end();
  });

  test.each([
    ['that hangs is ended with what it started', ''],
    ['that hangs and ignores the request to end is killed', `trap '' TERM;`],
  ])('%s', async (_title, trap) => {
    const hook = hookOf(
      `${trap} (trap '' TERM; echo $$; sleep 3; touch ${folder}/later) & wait`,
      300,
    );
    const before = performance.now();
    hook.offer([RANGE]);
    await sleepUntil(() => logged.some((line) => line.startsWith('del-offers')));
    expect(performance.now() - before).toBeLessThan(TIMEOUT);
    expect(logged).toContain('del-offers: hook failed: not done after 0.3 s, ended');
    await hook.end();
    await sleep(3_300 - (performance.now() - before));
    expect(existsSync(`${folder}/later`)).toBe(false);
  });

  test('that leaves a program behind does not hold anything up', async () => {
    const hook = hookOf('sleep 20 &');
    const before = performance.now();
    hook.offer([RANGE]);
    await hook.end();
    expect(performance.now() - before).toBeLessThan(TIMEOUT);
    expect(logged).toEqual([]);
  });

  test('that prints much and leaves a program behind is told of once', async () => {
    const hook = hookOf('test $2 = del-offers && { sleep 20 & seq 100; }');
    hook.offer([RANGE]);
    await sleepUntil(() => calls().length === 2);
    await sleep(300);
    expect(logged.filter((line) => line.includes('more lines'))).toEqual(['hook: … 80 more lines']);
    await hook.end();
  });

  test('that prints without end and line feed is bounded', async () => {
    const hook = hookOf('yes | tr -d "\\n"', 500);
    hook.offer([RANGE]);
    await sleepUntil(() => logged.some((line) => line.includes('not done')));
    await hook.end();
    expect(logged.filter((line) => line.startsWith('hook: y')).length).toBeLessThan(10);
    expect(Math.max(...logged.map(({ length }) => length))).toBeLessThan(250);
  });

  test('that prints is quoted, up to a bound and without control characters', async () => {
    const hook = hookOf(
      `test $2 = del-offers && { printf 'one\\033[31m\\rtwo\\n'; seq 1000 >&2; printf %0999d 7; }`,
    );
    hook.offer([RANGE]);
    await sleepUntil(() => logged.length >= 21);
    expect(logged).toContain('hook: one?[31m?two');
    expect(logged).toContain('hook: … 982 more lines');
    expect(Math.max(...logged.map(({ length }) => length))).toBeLessThan(250);
    await hook.end();
  });
});

async function sleepUntil(condition: () => boolean): Promise<void> {
  for (let count = 0; count < 200; count++) {
    try {
      if (condition()) return;
    } catch {
      // The file is not there yet.
    }
    await sleep(25);
  }
  throw new Error('the condition does not hold after 5 s');
}
