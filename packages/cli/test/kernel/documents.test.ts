import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run } from '@6bed4/testing/command';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const MAN = join(DIST, 'man');
const COMPLETION = join(DIST, 'completion');
/** Milliseconds within which a shell starts, and answers the Tab key. */
const PATIENCE = 20_000;
/** What the stand-in for the command prints before its arguments. */
const GOT = 'got:';

describeKernel('the built man pages', () => {
  const pages = readdirSync(MAN).map((name) => join(MAN, name));

  test('are formatted without a warning', () => {
    for (const page of pages) {
      const script = 'man --local-file --warnings "$1" 2>&1 >/dev/null';
      const env = { ...process.env, MANWIDTH: '80', LC_ALL: 'C.UTF-8' };
      expect(execFileSync('sh', ['-c', script, 'sh', page], { env, encoding: 'utf8' })).toBe('');
    }
    const lint = ['-Tlint', '-Wwarning', ...pages];
    expect(execFileSync('mandoc', lint, { encoding: 'utf8' })).toBe('');
  });

  test('show options and examples as they are typed', () => {
    const page = join(MAN, '6bed4-peer.8');
    const text = execFileSync('mandoc', ['-Tutf8', page], { encoding: 'utf8' });
    // Bold type is struck twice.
    const plain = text.split('\b').map(withoutLast).join('');
    expect(plain).toContain('--router <HOST[:port]>');
    expect(plain).toContain('6bed4 peer --router 192.0.2.1 --tun 6bed4b');
    expect(plain).not.toContain('\\');
  });
}, ['man', 'mandoc']);

function withoutLast(part: string, index: number, parts: readonly string[]): string {
  return index < parts.length - 1 ? part.slice(0, -1) : part;
}

/** A shell on a terminal, as a person would use it, with a function in the place of the command. */
class Terminal {
  readonly #shell;
  #output = '';

  constructor(shell: readonly string[], home: string) {
    const env = { ...process.env, HOME: home, TERM: 'dumb', INPUTRC: '/dev/null' };
    const argv = ['-qfec', shell.join(' '), '/dev/null'];
    this.#shell = spawn('script', argv, { cwd: DIST, env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#shell.stdout.on('data', (data: Buffer) => {
      this.#output += data.toString('latin1');
    });
  }

  /** Types a line, and waits until a pattern is in what is shown from then on. */
  async type(line: string, pattern: RegExp): Promise<string> {
    this.#output = '';
    this.#shell.stdin.write(line);
    await expect.poll(() => this.#output, { timeout: PATIENCE }).toMatch(pattern);
    return pattern.exec(this.#output)![1] ?? '';
  }

  close(): void {
    this.#shell.kill('SIGKILL');
  }
}

describeKernel('the completion', () => {
  let home: string;
  let terminal: Terminal | null = null;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), '6bed4-home-'));
  });
  afterEach(() => {
    terminal?.close();
    terminal = null;
    rmSync(home, { recursive: true, force: true });
  });

  test.each([
    ['bash', '6bed4'],
    ['zsh', '_6bed4'],
    ['fish', '6bed4.fish'],
  ])('of %s in the package is what the command prints', async (shell, file) => {
    const { stdout } = await run('completion', shell);
    expect(execFileSync('cat', [join(COMPLETION, file)], { encoding: 'utf8' })).toBe(stdout);
  });

  const TYPED = [
    ['6bed4 wiresh\t--inst\t', 'wireshark-plugin --install'],
    ['6bed4 peer --dialect dr\t4', 'peer --dialect draft04'],
    ['6bed4 address dec\t--js\t', 'address decode --json'],
    ['6bed4 wireshark-plugin --folder complet\t', 'wireshark-plugin --folder completion'],
  ] as const;

  const SHELLS = [
    [
      'bash',
      ['bash', '--norc', '--noprofile', '-i'],
      `source completion/6bed4; 6bed4() { echo "${GOT}$*"; }`,
    ],
    [
      'zsh',
      ['zsh', '-f', '-i'],
      `fpath=($PWD/completion $fpath); autoload -U compinit; compinit -u -D; 6bed4() { echo "${GOT}$*"; }`,
    ],
  ] as const;

  test.each(SHELLS)('works in %s', async (_, shell, setUp) => {
    terminal = new Terminal(shell, home);
    await terminal.type(`${setUp}; echo se''t\n`, /^set\r/m);
    for (const [keys, expected] of TYPED) {
      // What the Tab key shows is part of the line that follows.
      const [before, ...after] = keys.split(/(?<=\t)/);
      await terminal.type(before!, /6bed4/);
      for (const more of after) {
        await sleep(200);
        await terminal.type(more, /./);
      }
      await sleep(300);
      const given = await terminal.type('\n', /^got:(.*?)\/?\s*\r/m);
      expect(given).toBe(expected);
    }
  });

  test('works in bash with a value after an equals sign', async () => {
    const [, shell, setUp] = SHELLS[0];
    terminal = new Terminal(shell, home);
    await terminal.type(`${setUp}; echo se''t\n`, /^set\r/m);
    await terminal.type('6bed4 peer --peering=pro\t', /probe/);
    expect(await terminal.type('\n', /^got:(.*?)\s*\r/m)).toBe('peer --peering=probe-and-seen');
  });

  test('works in fish', () => {
    const complete = (line: string): string[] => {
      const script = `source completion/6bed4.fish; complete -C '${line}'`;
      const env = { ...process.env, HOME: home };
      const options = { cwd: DIST, env, encoding: 'utf8' } as const;
      const lines = execFileSync('fish', ['--no-config', '-c', script], options).trim().split('\n');
      return lines.map((one) => one.split('\t')[0]!);
    };
    expect(complete('6bed4 wiresh')).toEqual(['wireshark-plugin']);
    expect(complete('6bed4 peer --dialect draft0')).toContain('draft04');
    expect(complete('6bed4 peer --dialect ')).toHaveLength(5);
    expect(complete('6bed4 address ')).toEqual(['decode', 'encode']);
    expect(complete('6bed4 wireshark-plugin --folder complet')).toContain('completion/');
    expect(complete('6bed4 router --listen ')).toEqual(['']);
  });
}, ['bash', 'zsh', 'fish', 'script']);
