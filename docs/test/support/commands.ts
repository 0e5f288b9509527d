import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAsPromised } from './output.js';
import type { CommandsPlan } from './plan.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMMAND = join(ROOT, 'packages/cli/bin/6bed4.js');
const PATIENCE_MS = 20_000;
/** What a daemon prints once it works. */
const READY = /^ready /m;

/** Addresses for documentation (RFC 5737), perhaps with a port. */
const DOCUMENTATION = /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+(?::\d+)?$/;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Manifest {
  readonly name?: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** What follows from the commands before: where they are run. */
class Shell {
  folder: string;
  stdout = '';

  constructor(folder: string) {
    this.folder = folder;
  }
}

/** Words of a command line; quotes hold words together. Commands of pages use nothing more. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare!,
  );
}

function commandLines(code: string): string[] {
  return code
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** Takes away what only gives privileges or sets the environment. */
function withoutPrefixes(words: readonly string[]): string[] {
  const rest = [...words];
  while (['sudo', 'env', '-E'].includes(rest[0] ?? '') || /^\w+=/.test(rest[0] ?? '')) rest.shift();
  return rest;
}

/**
 * Runs the commands of a page; what went wrong, or null. `6bed4` is run as built. Of commands that
 * install something or run other tests it is checked that what they name exists.
 *
 * @param folder - where a reader is meant to be
 */
export async function runCommands(folder: string, plan: CommandsPlan): Promise<string | null> {
  const shell = new Shell(folder);
  for (const line of commandLines(plan.code)) {
    const [program = '', ...args] = withoutPrefixes(wordsOf(line));
    const command = COMMANDS[program];
    if (command === undefined) {
      return `${line}: nobody knows how to run ${program}; mark the block as not-run with a reason`;
    }
    const fault = await command(shell, args);
    if (fault !== null) return `${line}: ${fault}`;
  }
  const { output } = plan;
  if (output === null || isAsPromised(shell.stdout, output)) return null;
  return `promised:\n${output}\nbut printed:\n${shell.stdout}`;
}

/** Commands that run until they are ended. */
const DAEMONS: readonly unknown[] = ['router', 'peer', 'proxy', 'serve'];

type Command = (shell: Shell, args: readonly string[]) => Promise<string | null> | string | null;

const COMMANDS: Readonly<Record<string, Command>> = {
  '6bed4': tunnelCommand,
  cd: (shell, [folder = '']) => {
    const fromRoot = join(ROOT, folder);
    shell.folder = existsSync(fromRoot) ? fromRoot : join(shell.folder, folder);
    return existsSync(shell.folder) ? null : 'there is no such folder';
  },
  npm: (shell, args) =>
    args[0] === 'install' ? checkInstall(args.slice(1)) : checkScript(shell, args),
  npx: (shell, [tool = '', ...args]) => {
    if (!existsSync(join(ROOT, 'node_modules/.bin', tool))) return `there is no tool ${tool}`;
    const config = args[args.findIndex((arg) => ['--config', '-c', '-p'].includes(arg)) + 1];
    const named = args.some((arg) => ['--config', '-c', '-p'].includes(arg));
    return named && !existsSync(join(shell.folder, config ?? '')) ? `there is no ${config}` : null;
  },
};

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Packages that a page has its reader install are ours and public, or what the blocks run with. */
function checkInstall(args: readonly string[]): string | null {
  const { dependencies, devDependencies } = readManifest(join(ROOT, 'docs'));
  const known = new Set(Object.keys({ ...dependencies, ...devDependencies }));
  for (const name of args.filter((arg) => !arg.startsWith('-'))) {
    if (!known.has(name)) return `${name} is not what the blocks of the guides run with`;
    const [, ours] = /^@6bed4\/(.*)$/.exec(name) ?? [];
    if (ours !== undefined && readManifest(join(ROOT, 'packages', ours)).private === true) {
      return `${name} is not published`;
    }
  }
  return null;
}

function checkScript(shell: Shell, [first = '', second = '']: readonly string[]): string | null {
  const name = first === 'run' ? second : first;
  return readManifest(shell.folder).scripts?.[name] === undefined ? `no script ${name}` : null;
}

/**
 * Runs `6bed4`. Addresses for documentation become 127.0.0.1, and a daemon goes without an interface;
 * it has to become ready, and is ended then.
 */
async function tunnelCommand(shell: Shell, args: readonly string[]): Promise<string | null> {
  const [subcommand] = args;
  if (subcommand === 'status') return statusCommand(shell, args);
  if (!DAEMONS.includes(subcommand)) {
    const { code, stdout, stderr } = await spawnCommand(args, null);
    shell.stdout += stdout;
    return code === 0 ? null : `exit code ${code}\n${stderr}`;
  }
  const port = await freePort();
  const place = subcommand === 'router' ? '127.0.0.1' : `127.0.0.1:${port}`;
  const options = args
    .map((arg) => (DOCUMENTATION.test(arg) ? place : arg))
    .filter((arg, index) => arg !== '--tun' && args[index - 1] !== '--tun' && arg !== '--no-tun');
  if (subcommand === 'router') {
    const own = options.includes('--port') ? [] : ['--port', port];
    return readiness(await spawnCommand([...options, ...own, '--no-tun'], READY));
  }
  const own = subcommand === 'peer' ? ['--no-tun'] : await freeListeners(subcommand, options);
  return besideRouter(['--port', port, '--no-control'], async () =>
    readiness(await spawnCommand([...options, ...own], READY)),
  );
}

/** Options that have a proxy listen where nobody else does. */
async function freeListeners(
  subcommand: string | undefined,
  options: readonly string[],
): Promise<string[]> {
  if (subcommand !== 'proxy') return [];
  const socks = ['--socks', await freePort()];
  return options.includes('--http') ? [...socks, '--http', await freePort()] : socks;
}

/** Does something while a router runs; what went wrong, or null. */
async function besideRouter(
  options: readonly string[],
  action: () => Promise<string | null>,
): Promise<string | null> {
  let result: string | null = null;
  const router = ['router', '--listen', '127.0.0.1', '--no-tun', ...options];
  const outcome = await spawnCommand(router, READY, async () => {
    result = await action();
  });
  return readiness(outcome) ?? result;
}

/** Runs `6bed4 status` about a router of its own: others may come and go on this computer. */
async function statusCommand(shell: Shell, args: readonly string[]): Promise<string | null> {
  const name = `6bed4-docs-${process.pid}`;
  const socket =
    process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
  return besideRouter(['--port', await freePort(), '--control', socket], async () => {
    const { code, stdout, stderr } = await spawnCommand([...args, socket], null);
    shell.stdout += stdout;
    return code === 0 ? null : `exit code ${code}\n${stderr}`;
  });
}

/** A UDP port of 127.0.0.1 that was free a moment ago. */
async function freePort(): Promise<string> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return String(port);
}

function readiness({ code, stdout, stderr }: Outcome): string | null {
  // Windows knows no signal that a program could answer by an exit code.
  const endedWell = code === 0 || (process.platform === 'win32' && code === null);
  if (endedWell && READY.test(stdout)) return null;
  return `did not become ready (exit code ${code})\n${stdout}${stderr}`;
}

/** Runs the built command; once it has printed the pattern, waits for `then` and ends it. */
function spawnCommand(
  args: readonly string[],
  until: RegExp | null,
  then: () => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let seen = false;
    const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (seen || until === null || !until.test(stdout)) return;
      seen = true;
      then().then(() => child.kill('SIGTERM'), reject);
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(patience);
      resolve({ code, stdout, stderr });
    });
  });
}
