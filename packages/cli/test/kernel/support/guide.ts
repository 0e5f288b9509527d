import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '@6bed4/testing/kernel/lab';
import type { Ending } from '@6bed4/testing/runningProgram';
import { expect } from 'vitest';
import { installCommand, installScript } from './installCommand.js';
import { SystemdHost } from './systemdHost.js';

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
/** Lines of shell that run until they are ended, what they print once they work, and whether others need them. */
const RUNNING: readonly { line: RegExp; working: RegExp; isDaemon: boolean }[] = [
  { line: /^6bed4 (?:router|peer|proxy|serve) /m, working: /^ready /, isDaemon: true },
  { line: /^6bed4 status --watch/m, working: /^ {2}received /, isDaemon: false },
  { line: /^journalctl .*--follow$/m, working: / ready /, isDaemon: false },
];
/** Milliseconds in which a program works, on a slow machine. */
const PATIENCE = 30_000;
/** What /etc/hosts says besides. */
const NAMES = '192.0.2.1 router.example.com';
/** Programs that need a person or the network, and what takes their place. */
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
  readonly #hosts: ReadonlyMap<string, SystemdHost>;
  /** What ends that which runs in the terminal of a host. */
  readonly #running = new Map<string, () => Promise<Ending>>();
  #started = 0;

  private constructor(lab: Lab, hosts: ReadonlyMap<string, SystemdHost>) {
    this.#lab = lab;
    this.#hosts = hosts;
  }

  /** Starts systemd on hosts of a lab, and prepares what is installed there. */
  static async prepare(lab: Lab, hosts: readonly string[]): Promise<Guide> {
    const bin = join(lab.folder, 'bin');
    const standIns = join(lab.folder, 'stand-ins');
    for (const each of [bin, standIns]) await mkdir(each);
    for (const part of ['systemd', 'grafana']) {
      const to = join(lab.folder, 'modules/6bed4', part);
      await cp(join(PACKAGE, part), to, { recursive: true });
    }
    installCommand(bin);
    for (const [name, script] of Object.entries(STAND_INS)) installScript(standIns, name, script);
    const booted = new Map<string, SystemdHost>();
    await Promise.all(
      hosts.map(async (host) => booted.set(host, await SystemdHost.boot(lab, host, NAMES))),
    );
    return new Guide(lab, booted);
  }

  /** Ends what runs on the hosts, and removes what is outside the lab. */
  async dispose(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.dispose()));
  }

  /** The system of a host. */
  system(host: string): SystemdHost {
    return this.#hosts.get(host)!;
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
    const running = RUNNING.find(({ line }) => line.test(typed(code)));
    if (running?.isDaemon || code.includes('systemctl enable')) await this.interrupt(host);
    const system = this.system(host);
    if (running === undefined) {
      const argv = this.#shell(code.trim());
      const { stdout, stderr } = await system.exec(argv, { timeout: 60_000 });
      expectLines(code, output, `${stdout}${stderr}`.split('\n'));
      return;
    }
    // What runs until it is ended is the last line, and gets the signals itself.
    const pidFile = join(this.#lab.folder, `${++this.#started}.pid`);
    const lines = code.trim().split('\n');
    lines.push(`echo $$ >${pidFile}`, `exec ${lines.pop()}`);
    const program = this.#lab.spawn(host, system.words(this.#shell(lines.join('\n'))));
    await program.waitForLine(running.working, PATIENCE);
    for (const line of linesOf(output)) await program.waitForLine(line, PATIENCE);
    const end = async (): Promise<Ending> => {
      await system.run(`kill -INT "$(cat ${pidFile})"`);
      return program.ended;
    };
    if (running.isDaemon) this.#running.set(host, end);
    else await end();
  }

  /** Ends what runs in the terminal of a host. */
  async interrupt(host: string): Promise<void> {
    const end = this.#running.get(host);
    this.#running.delete(host);
    if (end !== undefined) expect(await end()).toEqual({ code: 0, signal: null });
  }

  #shell(script: string): string[] {
    const { folder } = this.#lab;
    return [
      'env',
      `PATH=${folder}/stand-ins:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      `LAB=${folder}`,
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
