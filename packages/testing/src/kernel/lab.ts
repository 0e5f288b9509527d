import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, RunningProgram } from '../runningProgram.js';

export interface ExecOptions {
  /** Milliseconds until the command is killed; default 20 s. */
  readonly timeout?: number;
  /** Do not throw when the exit code is not 0. */
  readonly mayFail?: boolean;
  /** Environment; default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Options of a masquerading router. */
export interface MasqueradeOptions {
  /** Maps to another public port for every destination (RFC 4787 §4.1: address- and port-dependent). */
  readonly fullyRandom?: boolean;
  /** Maps all UDP to one public port. */
  readonly udpPort?: number;
}

const PREFIX = '6bed4';
const BRIDGE = 'br0';

let labsOfThisProcess = 0;

function run(command: string, args: readonly string[], options: ExecOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      {
        ...{ timeout: options.timeout ?? 20_000, killSignal: 'SIGKILL', maxBuffer: 256 << 20 },
        env: options.env ?? process.env,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        if (code !== 0 && options.mayFail !== true) {
          const what = `${command} ${args.join(' ')}`;
          reject(new Error(`${what}: exit code ${code}\n${stdout}${stderr}`));
        } else {
          resolve({ code, stdout, stderr });
        }
      },
    );
  });
}

function runNow(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends every process in a network namespace and removes its name. */
function removeNamespace(name: string): void {
  try {
    for (const pid of runNow('ip', ['netns', 'pids', name]).split('\n')) {
      if (pid !== '') kill(Number(pid));
    }
  } catch {
    // It is gone already.
  }
  try {
    runNow('ip', ['netns', 'delete', name]);
  } catch {
    // Likewise.
  }
}

/** Names of the network namespaces that labs made, of this process and others. */
export function labNamespaces(): { readonly name: string; readonly pid: number }[] {
  const found: { name: string; pid: number }[] = [];
  for (const line of runNow('ip', ['netns', 'list']).split('\n')) {
    const match = /^(6bed4-(\d+)-\d+-\S+)/.exec(line);
    if (match !== null) found.push({ name: match[1]!, pid: Number(match[2]) });
  }
  return found;
}

/** Removes namespaces and folders of labs whose processes were killed. */
export function removeLeftovers(): void {
  for (const { name, pid } of labNamespaces()) {
    if (!existsSync(`/proc/${pid}`)) removeNamespace(name);
  }
  for (const name of readdirSync(tmpdir())) {
    const match = /^6bed4-lab-(\d+)-\d+$/.exec(name);
    if (match !== null && !existsSync(`/proc/${match[1]}`)) removeFolder(join(tmpdir(), name));
  }
}

function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/**
 * Network namespaces for one test: a bridge as the IPv4 Internet, hosts on it, and direct links between
 * hosts. All names contain the number of this process; `dispose` removes everything, and also runs when
 * the process ends, or gets SIGINT, SIGTERM or SIGHUP.
 */
export class Lab {
  readonly #id = ++labsOfThisProcess;
  readonly #labels = new Set<string>();
  readonly #ports = new Map<string, number>();
  readonly #onExit = (): void => this.dispose();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.dispose();
    process.kill(process.pid, signal);
  };
  /** A folder for the files of this lab. */
  readonly folder = join(tmpdir(), `${PREFIX}-lab-${process.pid}-${this.#id}`);
  #internet: string | null = null;
  #limitsSegments = false;
  #portCount = 0;

  constructor() {
    removeLeftovers();
    mkdirSync(this.folder, { recursive: true });
    process.once('exit', this.#onExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, this.#onSignal);
    }
  }

  /** The kernel's name of a namespace of this lab. */
  nameOf(label: string): string {
    return `${PREFIX}-${process.pid}-${this.#id}-${label}`;
  }

  /** Makes a namespace with loopback up, whose interfaces can use their addresses at once. */
  async host(label: string): Promise<void> {
    this.#labels.add(label);
    await run('ip', ['netns', 'add', this.nameOf(label)], {});
    await this.sysctl(label, 'net.ipv6.conf.default.accept_dad', 0);
    await this.ip(label, 'link set lo up');
  }

  /** Makes the namespace whose bridge connects the hosts that are attached. */
  async internet(label = 'internet'): Promise<void> {
    await this.host(label);
    await this.ip(label, `link add name ${BRIDGE} type bridge stp_state 0 mcast_snooping 0`);
    await this.ip(label, `link set ${BRIDGE} up`);
    this.#internet = label;
  }

  /** Interface that all traffic of the Internet passes, for captures. */
  get bridge(): { readonly label: string; readonly device: string } {
    if (this.#internet === null) throw new Error('this lab has no Internet');
    return { label: this.#internet, device: BRIDGE };
  }

  /** Gives a host an interface on the Internet, `eth0` unless named; the address as `a.b.c.d/len`. */
  async attach(label: string, address: string, device = 'eth0'): Promise<void> {
    const { label: internet } = this.bridge;
    const port = `port${++this.#portCount}`;
    const host = this.nameOf(label);
    await this.ip(internet, `link add ${port} type veth peer name ${device} netns ${host}`);
    await this.ip(internet, `link set ${port} master ${BRIDGE} up`);
    await this.address(label, device, address);
    this.#ports.set(`${label}/${device}`, this.#portCount);
    if (this.#limitsSegments) await this.#limitSegments(label, device);
  }

  /** Connects two hosts directly; each side is [label, device, address...]. */
  async link(
    left: readonly [string, string, ...string[]],
    right: readonly [string, string, ...string[]],
  ): Promise<void> {
    const peer = this.nameOf(right[0]);
    await this.ip(left[0], `link add ${left[1]} type veth peer name ${right[1]} netns ${peer}`);
    await this.address(...left);
    await this.address(...right);
  }

  /** Adds addresses and brings the interface up. */
  async address(label: string, device: string, ...addresses: string[]): Promise<void> {
    for (const address of addresses) {
      await this.ip(label, `addr add ${address} dev ${device}`);
    }
    await this.ip(label, `link set ${device} up`);
  }

  /**
   * Makes every interface on the Internet, also later ones, send single datagrams, as network cards do.
   * Virtual Ethernet carries several as one, which captures would show.
   */
  async disableSegmentation(): Promise<void> {
    this.#limitsSegments = true;
    for (const port of this.#ports.keys()) {
      const [label, device] = port.split('/') as [string, string];
      await this.#limitSegments(label, device);
    }
  }

  #limitSegments(label: string, device: string): Promise<unknown> {
    return this.ip(label, `link set ${device} gso_max_segs 1`);
  }

  /** Disconnects a host from the Internet, or connects it again. */
  async plug(label: string, connected: boolean, device = 'eth0'): Promise<void> {
    const port = this.#ports.get(`${label}/${device}`);
    if (port === undefined) throw new Error(`${label} has no ${device} on the Internet`);
    await this.ip(this.bridge.label, `link set port${port} ${connected ? 'up' : 'down'}`);
  }

  /** Runs `ip` inside a host, for instance `ip('peer', '-6 route')`; its standard output. */
  async ip(label: string, words: string): Promise<string> {
    const args = ['-n', this.nameOf(label), ...words.split(' ')];
    return (await run('ip', args, {})).stdout;
  }

  /** Sets a kernel parameter of a host, for instance `net.ipv6.conf.all.forwarding`. */
  async sysctl(label: string, key: string, value: number | string): Promise<void> {
    const path = `/proc/sys/${key.replaceAll('.', '/')}`;
    await this.exec(label, ['sh', '-c', `echo ${value} > ${path}`]);
  }

  /** Loads an nftables script into a host. */
  async nft(label: string, script: string): Promise<void> {
    await this.exec(label, ['nft', script]);
  }

  /** Makes a host forward and masquerade IPv4 out of one of its interfaces. */
  async masquerade(label: string, device: string, options: MasqueradeOptions = {}): Promise<void> {
    await this.sysctl(label, 'net.ipv4.ip_forward', 1);
    const flags = options.fullyRandom === true ? ' fully-random' : '';
    const toPort =
      options.udpPort === undefined
        ? ''
        : `oifname "${device}" ip protocol udp masquerade to :${options.udpPort}`;
    await this.nft(
      label,
      `table ip nat {
        chain outbound {
          type nat hook postrouting priority srcnat;
          ${toPort}
          oifname "${device}" masquerade${flags}
        }
      }`,
    );
  }

  /** Runs a command inside a host until it ends. */
  exec(label: string, argv: readonly string[], options: ExecOptions = {}): Promise<Outcome> {
    const env = this.#environmentOf(label);
    return run('ip', ['netns', 'exec', this.nameOf(label), ...argv], { env, ...options });
  }

  /** Ends every program inside a host, and removes its rules of nftables; the host stays. */
  async clear(label: string): Promise<void> {
    const { stdout } = await run('ip', ['netns', 'pids', this.nameOf(label)], {});
    for (const pid of stdout.split('\n').filter((line) => line !== '')) kill(Number(pid));
    await this.exec(label, ['nft', 'flush', 'ruleset']);
  }

  /** Starts a program inside a host. */
  spawn(label: string, argv: readonly string[]): RunningProgram {
    const args = ['netns', 'exec', this.nameOf(label), ...argv];
    return new RunningProgram(
      'ip',
      args,
      `${label}: ${argv.join(' ')}`,
      this.#environmentOf(label),
    );
  }

  /** A host has the files of this computer, but what daemons remember between their runs is its own. */
  #environmentOf(label: string): NodeJS.ProcessEnv {
    return { ...process.env, STATE_DIRECTORY: join(this.folder, 'state', label) };
  }

  /** Ends every program in the lab and removes it. Safe to call again. */
  dispose(): void {
    for (const label of this.#labels) removeNamespace(this.nameOf(label));
    this.#labels.clear();
    removeFolder(this.folder);
    process.removeListener('exit', this.#onExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.removeListener(signal, this.#onSignal);
    }
  }
}
