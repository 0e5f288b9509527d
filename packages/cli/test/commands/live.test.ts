import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { COMMAND, type RunningProgram, requireBuild, run, start } from '@6bed4/testing/command';
import { RunningProgram as Program } from '@6bed4/testing/runningProgram';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const LOOPBACK = ['--listen', '127.0.0.1', '--no-tun'];
/** Milliseconds for programs to start and end on a busy machine. */
const PATIENCE = 60_000;
const POLL = { timeout: 20_000 };
const PERMISSIONS = 0o777;
const SCRIPT = '/usr/bin/script';
/** Of a Section Header Block. */
const FIRST_WORD = 0x0a0d_0d0a;
const STATISTICS = 5;

beforeAll(requireBuild);

// Windows has no such sockets.
describe.runIf(process.platform !== 'win32')(
  'a daemon that is watched',
  { timeout: PATIENCE },
  () => {
    const programs: RunningProgram[] = [];
    let folder: string;
    let port: number;
    let router: RunningProgram;

    const socket = (name: string): string => join(folder, `${name}.sock`);

    async function launch(name: string, ...args: readonly string[]): Promise<RunningProgram> {
      const program = start(...args, ...LOOPBACK, '--control', socket(name));
      programs.push(program);
      await program.waitForLine(/ready/);
      return program;
    }

    const launchPeer = (name: string) => launch(name, 'peer', '--router', `127.0.0.1:${port}`);

    function follow(...args: readonly string[]): RunningProgram {
      const program = start(...args);
      programs.push(program);
      return program;
    }

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), '6bed4-live-'));
      port = await freePort();
      router = await launch('router', 'router', '--port', String(port));
    }, PATIENCE);

    afterEach(async () => {
      await Promise.all(programs.splice(0).map((program) => program.stop()));
      rmSync(folder, { recursive: true, force: true });
    }, PATIENCE);

    const ping = (address: string) =>
      run(
        'ping',
        address,
        '--router',
        `127.0.0.1:${port}`,
        '--listen',
        '127.0.0.1',
        '--count',
        '2',
      );

    async function addressOf(peer: RunningProgram): Promise<string> {
      return /peer[= ](\S+?)\//.exec(await peer.waitForLine(/ready/))![1]!;
    }

    describe('by monitor', () => {
      test('prints its paths and its end as JSON, one object a line', async () => {
        const peer = await launchPeer('peer');
        const monitor = follow('monitor', '--json', socket('peer'));
        await monitor.waitForLine(/watching/);
        await ping(await addressOf(peer));
        await monitor.waitForLine(/"path":"direct"/);
        await peer.stop();
        const { code, stdout, stderr } = await monitor.outcome();
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        const events = stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
        for (const { daemon, time } of events) {
          expect(daemon).toBe(socket('peer'));
          expect(new Date(time).toISOString()).toBe(time);
        }
        expect(events).toContainEqual(
          expect.objectContaining({ event: 'path', direction: 'inbound', path: 'direct' }),
        );
        expect(events.at(-1)).toMatchObject({ event: 'closed' });
      });

      test('prints a line for each event for people', async () => {
        const peer = await launchPeer('peer');
        const monitor = follow('monitor', socket('peer'));
        await monitor.waitForLine(/watching/);
        await peer.stop();
        await monitor.ended;
        expect(monitor.stdout).toEqual([
          expect.stringContaining(`  watching            process ${peer.pid}, version `),
          expect.stringMatching(/^[0-9:.]{12} {2}address-lost {8}fc64:\S+ by 127\.0\.0\.1:/),
          expect.stringMatching(/^[0-9:.]{12} {2}closed$/),
        ]);
      });
    });

    describe('by capture', () => {
      test('writes a file for its owner only, until a signal ends that', async () => {
        const file = join(folder, 'trace.pcapng');
        const capture = follow('capture', '--side', 'both', file, socket('router'));
        await expect.poll(() => existsSync(file) && statSync(file).size > 0, POLL).toBe(true);
        await launchPeer('peer');
        // Nothing is lost by the end.
        process.kill(capture.pid, 'SIGINT');
        expect(await capture.ended).toEqual({ code: 0, signal: null });
        expect(statSync(file).mode & PERMISSIONS).toBe(0o600);
        const bytes = readFileSync(file);
        expect(bytes.readUInt32LE(0)).toBe(FIRST_WORD);
        expect(typesIn(bytes)).toEqual([FIRST_WORD, 1, 1, 6, 6, STATISTICS, STATISTICS]);
      });

      test('ends after so many packets, and with the daemon', async () => {
        const file = join(folder, 'one.pcapng');
        const counted = follow('capture', '--count', '1', file, socket('router'));
        await expect.poll(() => existsSync(file) && statSync(file).size > 0, POLL).toBe(true);
        await launchPeer('peer');
        expect(await counted.ended).toMatchObject({ code: 0 });
        expect(typesIn(readFileSync(file))).toEqual([FIRST_WORD, 1, 6, STATISTICS]);
        const other = join(folder, 'other.pcapng');
        const whole = follow('capture', other, socket('router'));
        await expect.poll(() => existsSync(other) && statSync(other).size > 0, POLL).toBe(true);
        await router.stop();
        expect(await whole.ended).toMatchObject({ code: 0 });
        expect(typesIn(readFileSync(other)).at(-1)).toBe(STATISTICS);
      });

      test('is refused while another one runs', async () => {
        const first = join(folder, 'first.pcapng');
        follow('capture', first, socket('router'));
        await expect.poll(() => existsSync(first), POLL).toBe(true);
        expect(await run('capture', join(folder, 'second.pcapng'), socket('router'))).toEqual({
          code: 1,
          stdout: '',
          stderr: '6bed4 capture: another capture of this daemon is running\n',
        });
        expect(existsSync(join(folder, 'second.pcapng'))).toBe(false);
      });

      test('ends by itself after a duration', async () => {
        const file = join(folder, 'brief.pcapng');
        const outcome = await run('capture', '--duration', '1', file, socket('router'));
        expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' });
        expect(typesIn(readFileSync(file))).toEqual([FIRST_WORD, 1, STATISTICS]);
      });

      test('tells why it cannot be', async () => {
        const file = join(folder, 'missing', 'trace.pcapng');
        const failures: [readonly string[], number, string][] = [
          [['capture', file, socket('router')], 1, `${file} cannot be written: ENOENT\n`],
          [['monitor', socket('none')], 1, `nothing is running at ${socket('none')}\n`],
          [['capture', '--snaplen', '10', 'x'], 2, '--snaplen'],
          [['capture', '--side', 'left', 'x'], 2, 'outer, inner, both'],
          [['capture'], 2, 'FILE'],
        ];
        const outcomes = await Promise.all(failures.map(([args]) => run(...args)));
        for (const [index, [, code, text]] of failures.entries()) {
          expect(outcomes[index]).toMatchObject({ code, stdout: '' });
          expect(outcomes[index]!.stderr).toContain(text);
        }
      });
    });

    describe('by status --watch', () => {
      test('prints the view each second where there is no terminal, also after the end of the daemon', async () => {
        const watch = follow('status', '--watch', socket('router'));
        await watch.waitForLine(/ {2}received {4}/);
        expect(watch.stdout[0]).toMatch(/^[0-9-]{10}T[0-9:.]{12}Z$/);
        expect(watch.stdout.join()).not.toContain('\x1b');
        for (const line of watch.stdout) expect(line.length).toBeLessThanOrEqual(80);
        await router.stop();
        await watch.waitForLine(/waiting for one/);
      });

      test('ends quietly when nobody reads it any more, also as JSON, one status a line', async () => {
        const read = (words: string, lines: number) => {
          const line = `${process.execPath} ${COMMAND} ${words} ${socket('router')} | head -n ${lines}`;
          return new Program('bash', ['-c', `set -o pipefail; ${line}`], words).outcome();
        };
        const [text, json] = await Promise.all([
          read('status --watch', 1),
          read('status --watch --json', 2),
        ]);
        for (const { code, stderr } of [text, json]) {
          expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        }
        const statuses = json.stdout.trimEnd().split('\n');
        expect(statuses.map((line) => JSON.parse(line).role)).toEqual(['router', 'router']);
      });

      test.runIf(existsSync(SCRIPT))('gives a terminal back as it was', async () => {
        const line = `${process.execPath} ${COMMAND} status --watch ${socket('router')}; stty -a`;
        const child = spawn(SCRIPT, ['-qec', `stty rows 24 cols 80; ${line}`, '/dev/null'], {
          env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
        });
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        await expect.poll(() => text, POLL).toContain('received');
        child.stdin.write('q');
        const [code] = await once(child, 'close');
        expect(code).toBe(0);
        const [entered, left] = ['\x1b[?1049h', '\x1b[?1049l'].map((one) => text.indexOf(one));
        expect(entered).toBeGreaterThanOrEqual(0);
        expect(left).toBeGreaterThan(entered!);
        expect(text.indexOf('\x1b[?25h')).toBeGreaterThan(entered!);
        // The terminal's own settings, which stty tells.
        expect(text.slice(left)).toMatch(/ icanon .* echo /s);
        for (const drawn of text.slice(entered, left).replaceAll('\x1b[H', '\n').split(/\r*\n/)) {
          expect(stripVTControlCharacters(drawn).length).toBeLessThanOrEqual(80);
        }
      });
    });
  },
);

/** The types of the blocks of a file, in their order. */
function typesIn(file: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
    types.push(file.readUInt32LE(at));
  }
  return types;
}
