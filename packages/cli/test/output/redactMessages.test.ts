import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireBuild, start } from '@6bed4/testing/command';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { freePort } from '@6bed4/testing/sockets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedaction } from '../../src/output/redact.js';

const SOURCES = ['../../src', '../../../node/src', '../../../tunnel/src'];
/** What writes files for other programs has no messages. */
const WRITERS = /^fleet\//;
const TEMPLATE = /`((?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^{}`]|\{[^{}]*\})*\})*)`/g;
const PLACE = /\$\{(?:[^{}`]|\{[^{}]*\})*\}/g;

/** Addresses as messages have them, and what of them must not be left. */
const ADDRESSES = [
  ['192.0.2.77', '192.0.2.77'],
  ['192.0.2.77:25790', '192.0.2.77'],
  ['192.0.2.0/24', '192.0.2.0'],
  ['2001:db8::77', '2001:db8'],
  ['[2001:db8::77]:80', '2001:db8'],
  ['2001:db8:77::/48', '2001:db8'],
  ['fc64:bed:c633:6401:c433:6402:e49e:8001', 'fc64:bed'],
  ['fe80::77', 'fe80'],
  ['::ffff:192.0.2.77', '192.0.2.77'],
] as const;

/** All texts with places for values in the sources: every message is one, or is made of these. */
function templates(): string[] {
  const files = SOURCES.flatMap((path) => {
    const folder = fileURLToPath(new URL(path, import.meta.url));
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names
      .filter((name) => name.endsWith('.ts') && !WRITERS.test(name))
      .map((name) => join(folder, name));
  });
  const all = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(TEMPLATE)]);
  const texts = all.map(([, text]) => text!);
  // What people read has words; names of files and rules have none.
  return [...new Set(texts.filter((text) => / /.test(text) && text.match(PLACE) !== null))];
}

/**
 * The texts with an address in one of their places, and a word in others. What is glued to a place is part of a value
 * that is none, such as the name of an option, or a value that may be empty.
 */
function filled(template: string, address: string): string[] {
  return [...template.matchAll(PLACE)].flatMap(({ 0: place, index }) => {
    const [before, after] = [template.slice(0, index), template.slice(index + place.length)];
    if (/[\w.}-]$/.test(before) || /^(?:[\w-]|\.\w|\$)/.test(after)) return [];
    return [`${before.replace(PLACE, 'word')}${address}${after.replace(PLACE, 'word')}`];
  });
}

test('no message of the sources keeps an address, wherever in it that is', () => {
  const redacted = createRedaction();
  const all = templates();
  expect(all.length).toBeGreaterThan(150);
  const kept: string[] = [];
  let count = 0;
  for (const template of all) {
    for (const [address, secret] of ADDRESSES) {
      for (const text of filled(template, address)) {
        count++;
        if (redacted(text).includes(secret)) kept.push(text);
        // The same as a value in JSON, and behind a name.
        for (const line of [JSON.stringify({ msg: text }), `x  remote ${text}`]) {
          if (redacted(line).includes(secret)) kept.push(line);
        }
      }
    }
  }
  expect(kept).toEqual([]);
  expect(count).toBeGreaterThan(1500);
});

// Windows has no signals: there a daemon is ended by force.
describe.runIf(process.platform !== 'win32')('a daemon with --redact', { timeout: 60_000 }, () => {
  const daemons: RunningProgram[] = [];
  let port: number;

  function launch(...words: readonly string[]): RunningProgram {
    const program = start(...words, '--no-control', '--redact', '--verbose');
    daemons.push(program);
    return program;
  }

  beforeAll(async () => {
    requireBuild();
    port = await freePort();
    launch('router', '--listen', '127.0.0.1', '--port', String(port), '--no-tun');
    await daemons[0]!.waitForLine(/^ready/, 60_000);
  }, 60_000);
  afterAll(() => Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL'))));

  /** What looks like an address, by another rule than that of the redaction. */
  const leftIn = (lines: readonly string[]): string[] =>
    lines
      .map((line) => line.replace(/"time":"[^"]*"|^\d{4}-\S+Z /, ''))
      .filter((line) => /\d+\.\d+\.\d+\.\d+|[0-9a-f]+:[0-9a-f]*:[0-9a-f]+/i.test(line));

  test.each([
    ['peer', () => ['--no-tun', '--log-time']],
    ['peer', () => ['--no-tun', '--json']],
    ['peer', () => ['--no-tun', '--log-format', 'journal']],
    ['proxy', async () => ['--socks', String(await freePort())]],
    ['serve', () => ['80=127.0.0.1:9', '90=[::1]:9']],
  ] as const)('shows no address in any line: %s', async (command, options) => {
    const more = await options();
    const daemon = launch(command, '--router', `127.0.0.1:${port}`, ...more);
    await daemon.waitForLine(/ready/, 60_000);
    process.kill(daemon.pid, 'SIGUSR1');
    await daemon.waitForLine(/counters/);
    await daemon.stop();
    expect(daemon.stdout.length).toBeGreaterThan(2);
    expect(leftIn([...daemon.stdout, ...daemon.stderr])).toEqual([]);
    const names = daemon.stdout.join().match(/ipv[46]-[0-9a-f]{8}/g) ?? [];
    expect(names.length).toBeGreaterThan(2);
  });

  test('shows none of a router, and none when it cannot start', async () => {
    const place = ['--listen', '127.0.0.1', '--port', String(port), '--no-tun'];
    const second = launch('router', ...place);
    const { code, stdout, stderr } = await second.outcome();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^6bed4 router: .*ipv4-[0-9a-f]{8}/);
    const [router] = daemons;
    expect(leftIn([...router!.stdout, ...router!.stderr, stderr])).toEqual([]);
  });
});
