import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadCommands } from '../src/commands/commands.js';
import { main } from '../src/main.js';
import { buildProgram } from '../src/program.js';
import { REFERENCE_COMMANDS } from '../src/reference/commands.js';

const VERSION = '1.2.3';
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

afterEach(() => vi.restoreAllMocks());

/** Runs a command in this process; none of these starts anything. */
async function run(words: readonly string[], name?: string): Promise<Outcome> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0);
  vi.spyOn(console, 'error').mockImplementation((text) => void stderr.push(`${text}\n`));
  const code = await main(words, VERSION, name);
  vi.restoreAllMocks();
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

/** The words of a command and of all below it. */
function pathsOf(command: Command, words: readonly string[] = []): string[][] {
  const below = command.commands.flatMap((one) => pathsOf(one, [...words, one.name()]));
  return [[...words], ...below];
}

const PATHS = pathsOf(await buildProgram({ version: VERSION, load: loadCommands }));
const BRANCHES = PATHS.filter((path) =>
  PATHS.some((other) => other.length === path.length + 1 && path.every((w, i) => other[i] === w)),
);

test('all commands are looked at', () => {
  const flat = PATHS.map((words) => words.join(' '));
  expect(flat).toEqual(expect.arrayContaining(['', 'router', 'address decode', 'check', 'ping']));
});

describe.each(PATHS.map((words) => [words.join(' '), words] as const))('6bed4 %s', (_, words) => {
  test('has one help, on standard output', async () => {
    const help = await run([...words, '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^Usage: ${['6bed4', ...words].join(' ')}[ \n]`));
    expect(help.stdout).toMatch(/^Examples/m);
    expect(await run([...words, '-h'])).toEqual(help);
    const [last, ...before] = [...words].reverse();
    if (last !== undefined) {
      expect(await run([...before.reverse(), 'help', last])).toEqual(help);
    }
  });

  test('has the version of the package', async () => {
    const version = { code: 0, stdout: `${VERSION}\n`, stderr: '' };
    expect(await run([...words, '--version'])).toEqual(version);
    expect(await run([...words, '-v'])).toEqual(version);
  });

  test('says what is wrong in one line, and what was meant', async () => {
    const { code, stdout, stderr } = await run([...words, '--hlep']);
    const path = ['6bed4', ...words].join(' ');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      `${path}: unknown option '--hlep', did you mean --help? (see ${path} --help)\n`,
    );
  });
});

describe.each(BRANCHES.map((words) => [words.join(' '), words] as const))(
  '6bed4 %s without a command',
  (_, words) => {
    test('prints its help on standard error', async () => {
      const { stdout } = await run([...words, '--help']);
      expect(await run(words)).toEqual({ code: 2, stdout: '', stderr: stdout });
      expect(await run([...words, 'help'])).toEqual({ code: 0, stdout, stderr: '' });
    });

    test('knows which command was meant', async () => {
      const name = PATHS.find(
        (path) => path.length === words.length + 1 && path[0] === (words[0] ?? path[0]),
      )!.at(-1)!;
      const { code, stderr } = await run([...words, `${name}e`]);
      expect(code).toBe(2);
      expect(stderr).toContain(`unknown command '${name}e', did you mean ${name}? (see `);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    });
  },
);

describe.each(REFERENCE_COMMANDS.map(({ name }) => name))('%s', (name) => {
  test('has help and version, and nothing else is needed or told for them', async () => {
    const help = await run(['--help'], name);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^Usage: ${name} `));
    expect(help.stdout).toMatch(/^ {2}-v, --version +print the version$/m);
    for (const words of [['-h'], ['help'], ['-f', '--help'], ['-fh']]) {
      if (name === '6bed4router' && words.join().includes('f')) continue;
      expect(await run(words, name)).toEqual(help);
    }
    for (const word of ['--version', '-v']) {
      expect(await run([word], name)).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
    }
  });

  test('says what is wrong in one line', async () => {
    const needed = name === '6bed4router' ? ['-l', '192.0.2.1'] : [];
    for (const wrong of [['-Z'], ['--hlep'], ['--router'], ['more']]) {
      const { code, stdout, stderr } = await run([...needed, ...wrong], name);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(`^${name}: [^\n]*\n$`));
    }
  });
});

describe('exit codes', () => {
  test('are in the help of the command, and of those that have others', async () => {
    const { stdout } = await run(['--help']);
    expect(stdout).toContain(
      'Exit codes: 0 ended as asked, 1 could not start or go on, 2 wrong arguments.',
    );
    expect((await run(['check', '--help'])).stdout).toMatch(/^Exit codes: 0 .* 1 .* 2 .* 3 /m);
    expect((await run(['ping', '--help'])).stdout).toMatch(/^Exit codes: 0 .* 1 .* 2 /m);
  });

  test('are in the README', () => {
    expect(README).toMatch(/^\| exit code +\| meaning +\|$/m);
    for (const code of [0, 1, 2, 3]) expect(README).toMatch(new RegExp(`^\\| ${code} +\\| `, 'm'));
  });

  test.each([
    [1, ['status', '/nowhere/of.sock']],
    [1, ['monitor', '/nowhere/of.sock']],
    [1, ['capture', '-', '/nowhere/of.sock']],
    [2, ['check', '--router', '::1']],
    [2, ['ping', 'x']],
    [2, ['check-config', '/nowhere/x.toml']],
    [2, ['completion', 'csh']],
    [2, ['address', 'decode', 'x']],
    [2, ['wireshark-plugin', 'x']],
  ])('are %i for %j, with one line', async (code, words) => {
    const outcome = await run(words);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toMatch(/^6bed4 [a-z- ]+: [^\n]+\n$/);
  });
});
