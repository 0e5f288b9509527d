import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '@6bed4/testing/kernel/lab';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect } from 'vitest';
import { installCommand, installScript } from './installCommand.js';
import { SYSTEMCTL } from './systemctl.js';

const PACKAGE = fileURLToPath(new URL('../../..', import.meta.url));
const GUIDES = fileURLToPath(new URL('../../../../../docs/guides', import.meta.url));
/** Pages whose blocks are run from the first to the last, and not line by line. */
export const GUIDE_PAGES = [
  'run-a-router.md',
  'run-a-fleet.md',
  'ipv6-anywhere.md',
  'raspberry-pi.md',
] as const;

/** A block with the host that the comment before it names, and what it prints, if that is said. */
const BLOCK =
  /^<!-- test: not-run: a kernel test runs it on the (\w+) -->\n\n```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm;
/** Lines of shell that run until they are ended, and what they print once they work. */
const RUNNING: readonly (readonly [RegExp, RegExp])[] = [
  [/^6bed4 (?:router|peer|proxy|serve) /m, /^ready /],
  [/^6bed4 status --watch/m, /^ {2}received /],
];
/** Milliseconds in which a program works, on a slow machine. */
const PATIENCE = 30_000;
/** Programs that need the whole computer, and what takes their place. */
const STAND_INS: Readonly<Record<string, string>> = {
  sudo: 'exec "$@"',
  // Installs nothing: the command is on the path.
  npm: `case "$*" in
    "install --global 6bed4") ;;
    "root --global") echo "$LAB/modules" ;;
    *) exit 1 ;;
  esac`,
  // Likewise: programs of the system.
  apt: `case "$*" in
    update | "install --yes nodejs npm" | "install --yes nftables") ;;
    *) exit 1 ;;
  esac`,
  systemctl: SYSTEMCTL,
  journalctl: '[ "$1" = -u ] && cat "$LAB/$HOST-$2.log"',
};

interface Block {
  readonly host: string;
  readonly code: string;
  /** Lines that it prints, with `…` for what is not said; null where nothing is said. */
  readonly output: string | null;
}

/** A page whose commands are run as they are written, each block on the host that the page names. */
export class Guide {
  readonly #lab: Lab;
  readonly #running = new Map<string, RunningProgram>();

  private constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Prepares hosts of a lab for it: what is installed, and a /etc of their own. */
  static async prepare(lab: Lab, hosts: readonly string[]): Promise<Guide> {
    const bin = join(lab.folder, 'bin');
    await mkdir(bin);
    for (const part of ['systemd', 'grafana']) {
      const to = join(lab.folder, 'modules/6bed4', part);
      await cp(join(PACKAGE, part), to, { recursive: true });
    }
    installCommand(bin);
    for (const [name, script] of Object.entries(STAND_INS)) installScript(bin, name, script);
    for (const host of hosts) {
      for (const part of ['run', 'bird', 'etc/sysctl.d', 'etc/systemd/system']) {
        await mkdir(join(lab.folder, host, part), { recursive: true });
      }
      const names = '127.0.0.1 localhost\n192.0.2.1 router.example.com\n';
      await writeFile(join(lab.folder, host, 'etc/hosts'), names);
      for (const file of ['nsswitch.conf', 'passwd', 'group', 'ld.so.cache', 'alternatives']) {
        if (existsSync(`/etc/${file}`)) {
          await cp(`/etc/${file}`, join(lab.folder, host, 'etc', file), { recursive: true });
        }
      }
    }
    return new Guide(lab);
  }

  /** The blocks of a page; every one of its shell blocks has to be among them. */
  static async blocks(page: string): Promise<Block[]> {
    const text = await readFile(join(GUIDES, page), 'utf8');
    const blocks = [...text.matchAll(BLOCK)].map(([, host, code, output]) => ({
      ...{ host: host!, code: code!, output: output ?? null },
    }));
    expect(blocks).toHaveLength(text.match(/^```sh$/gm)!.length);
    return blocks;
  }

  /** The text of a fenced block of a kind. */
  static async fenced(page: string, kind: string): Promise<string> {
    const text = await readFile(join(GUIDES, page), 'utf8');
    return new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)![1]!;
  }

  /** Runs a block as a user types it, and compares what it prints with what the page says. */
  async run({ host, code, output }: Block): Promise<void> {
    const running = RUNNING.find(([line]) => line.test(typed(code)));
    if (running === undefined) {
      if (code.includes('systemctl enable')) await this.interrupt(host);
      const { stdout, stderr } = await this.#lab.exec(host, this.#shell(host, code), {
        timeout: 60_000,
      });
      expectLines(code, output, `${stdout}${stderr}`.split('\n'));
      return;
    }
    const isDaemon = running[1].source.includes('ready');
    if (isDaemon) await this.interrupt(host);
    const program = this.#lab.spawn(host, this.#shell(host, code));
    await program.waitForLine(running[1], PATIENCE);
    if (isDaemon) this.#running.set(host, program);
    else await program.stop('SIGINT');
    for (const line of linesOf(output)) await program.waitForLine(line, PATIENCE);
  }

  /** Ends what runs in the terminal of a host. */
  async interrupt(host: string): Promise<void> {
    const program = this.#running.get(host);
    this.#running.delete(host);
    if (program !== undefined)
      expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
  }

  #shell(host: string, code: string): string[] {
    const { folder } = this.#lab;
    const path = `PATH=${folder}/bin:${process.env['PATH']}`;
    const mounts = [
      'mkdir -p /run/6bed4 /run/bird',
      `mount --bind ${folder}/${host}/run /run/6bed4`,
      `mount --bind ${folder}/${host}/bird /run/bird`,
      `mount --bind ${folder}/${host}/etc /etc`,
    ].join(' && ');
    // What runs until it is ended is the last line, and gets the signals itself.
    const lines = code.trim().split('\n');
    if (RUNNING.some(([line]) => line.test(typed(code)))) lines.push(`exec ${lines.pop()}`);
    const script = [`${mounts} || exit`, ...lines].join('\n');
    return [
      'env',
      path,
      `LAB=${folder}`,
      `HOST=${host}`,
      `HOME=${folder}`,
      'NO_COLOR=1',
      'NODE_EXTRA_CA_CERTS=',
      'sh',
      '-ec',
      script,
    ];
  }
}

/** What is typed without the word that gives privileges. */
function typed(code: string): string {
  return code.replaceAll(/^sudo /gm, '');
}

/** Patterns of the lines that a page promises. */
function linesOf(output: string | null): RegExp[] {
  return (output ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const parts = line
        .split('…')
        .map((part) => part.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      return new RegExp(`^${parts.join('.*')}$`);
    });
}

function expectLines(code: string, output: string | null, printed: readonly string[]): void {
  for (const line of linesOf(output)) {
    expect(printed, code).toContainEqual(expect.stringMatching(line));
  }
}
