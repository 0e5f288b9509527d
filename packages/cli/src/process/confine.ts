import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { configArguments, tablesIn } from '../config/configArguments.js';
import { Capability, capabilitySet } from './capabilities.js';
import { bindPrivileges, type Privileges } from './privileges.js';

const FIRST_UNPRIVILEGED_PORT = 1024;
const DEVICE = '/dev/net/tun';
/** The policy for inbound packets that needs no rules. */
const OPEN = 'open';

/**
 * Leaves a daemon the capabilities that it needs, and no way to others: CAP_NET_ADMIN with an interface,
 * CAP_NET_BIND_SERVICE for a port of this computer below 1024. Capabilities belong to threads, and Node.js has several
 * before the first line of a program runs, so that root's are taken from the bounding set, and the program is executed
 * anew in the same process: then no thread ever had them.
 *
 * Must be called before anything else is done or opened. Does nothing where there is nothing to drop, and with an
 * extension hook, which has the privileges of the daemon.
 *
 * @param wishes - what the daemon will do
 */
export async function confine(wishes: Wishes): Promise<void> {
  if (process.platform !== 'linux') return;
  // What an extension hook does needs privileges that only its author knows.
  if (wishes.hasHook) return;
  const privileges = await bindPrivileges();
  if (privileges === null) return;
  const status = readFileSync('/proc/self/status', 'latin1');
  const permitted = capabilitySet(status, 'CapPrm');
  const wanted = needed(wishes) & permitted;
  // What programs that this process might execute could gain is of no use to it.
  privileges.forbidNewOnes();
  const passOn = wishes.filters ? wanted & Capability.netAdmin : 0n;
  if (permitted === wanted && passOn === 0n) return;
  const keep = process.geteuid?.() === 0 ? wanted | fileAccess(privileges, wishes, wanted) : wanted;
  if (isRestartable() && privileges.limit(keep)) restart(privileges);
  // At least the threads that are yet to start have no more.
  privileges.drop(keep & permitted, passOn);
}

/** Root is given the bounding set on execution. A channel to the parent process would be closed by it. */
function isRestartable(): boolean {
  const isNode = !('bun' in process.versions || 'deno' in process.versions);
  return process.geteuid?.() === 0 && process.channel === undefined && isNode;
}

function restart(privileges: Privileges): void {
  const [, script, ...args] = process.argv;
  if (script === undefined) return;
  privileges.execute(process.execPath, [process.argv0, ...process.execArgv, script, ...args]);
}

/** Commands that never have an interface. */
const WITHOUT_TUN: readonly unknown[] = ['proxy', 'serve', 'gateway'];

/** The few options that matter here; whether they are right is found out later. */
export interface Wishes {
  readonly isWithoutTun: boolean;
  /** Whether packets will most likely have a thread: that of the Linux driver. */
  readonly hasThread: boolean;
  /** Ports of this computer to listen on; NaN for none. */
  readonly ports: readonly number[];
  readonly control: string | undefined;
  /** Whether nftables will be told rules, by its own program. */
  readonly filters: boolean;
  /** Whether it has an extension hook. */
  readonly hasHook: boolean;
  /** Files that are read, now and perhaps later. */
  readonly files: readonly string[];
  /** Names of the commands that its configuration file is for. */
  readonly tables: readonly string[];
}

/** @param args - the arguments after the command's name */
export async function wishesIn(args: readonly string[]): Promise<Wishes> {
  const [command = ''] = args;
  const line = parse(args);
  const path = textOf(line.config);
  const tables = path === undefined ? [] : await tablesIn(path);
  const file = parse(configArguments(tables, command));
  // What the command line says about the interface wins, be it a name or that there is none.
  const noTun = line.tun === undefined ? (line['no-tun'] ?? file['no-tun']) : false;
  const isWithoutTun = noTun === true || WITHOUT_TUN.includes(command);
  const inbound = line.inbound ?? file.inbound ?? OPEN;
  return {
    isWithoutTun,
    hasThread: !isWithoutTun && (line.driver ?? file.driver) !== 'portable',
    ports: PORTS.map((name) => portOf(line[name] ?? file[name])),
    control: textOf(line.control ?? file.control),
    // A configuration may say something else later.
    filters: inbound !== OPEN || (path !== undefined && !isWithoutTun),
    hasHook: (line.hook ?? file.hook) !== undefined,
    files: [path, ...FILES.map((name) => textOf(line[name] ?? file[name]))].filter(
      (one) => one !== undefined,
    ),
    tables: tables.map(({ name }) => name),
  };
}

const PORTS = ['port', 'socks', 'http', 'metrics', 'web'] as const;
/** Files that only some users can read, perhaps. */
const FILES = ['cert', 'key', 'token-file', 'gateway-token-file'] as const;

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      config: { type: 'string' },
      tun: { type: 'string' },
      'no-tun': { type: 'boolean' },
      port: { type: 'string' },
      socks: { type: 'string' },
      http: { type: 'string' },
      metrics: { type: 'string' },
      web: { type: 'string' },
      cert: { type: 'string' },
      key: { type: 'string' },
      'token-file': { type: 'string' },
      'gateway-token-file': { type: 'string' },
      control: { type: 'string' },
      inbound: { type: 'string' },
      hook: { type: 'string' },
      driver: { type: 'string' },
    },
  });
  return values;
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The port at the end of a value; NaN for none. */
function portOf(value: string | boolean | undefined): number {
  return Number(/\d+$/.exec(String(value))?.[0]);
}

function needed({ isWithoutTun, ports }: Wishes): bigint {
  const forInterface = isWithoutTun ? 0n : Capability.netAdmin;
  const isLow = ports.some((port) => port < FIRST_UNPRIVILEGED_PORT);
  return forInterface | (isLow ? Capability.netBindService : 0n);
}

/**
 * What root needs to read a program that belongs to somebody else, or to use files of others: most often
 * nothing.
 */
function fileAccess(privileges: Privileges, wishes: Wishes, wanted: bigint): bigint {
  const { control, isWithoutTun, files } = wishes;
  return privileges.without(wanted, () => {
    if (control !== undefined && !isWritableByRoot(dirname(control))) {
      return Capability.dacOverride;
    }
    if (!isWithoutTun && isRefused(DEVICE, 'r+')) return Capability.dacOverride;
    return [...programFiles(), ...files].some((path) => isRefused(path, 'r'))
      ? Capability.dacReadSearch
      : 0n;
  });
}

function programFiles(): string[] {
  const own = fileURLToPath(import.meta.url);
  const library = createRequire(import.meta.url).resolve('koffi');
  return [process.execPath, ...process.argv.slice(1, 2), own, library];
}

function isRefused(path: string, flags: string): boolean {
  try {
    closeSync(openSync(path, flags));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

function isWritableByRoot(folder: string): boolean {
  try {
    const { uid, mode } = statSync(folder);
    return uid === 0 || (mode & 0o002) !== 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
