import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from './program.mjs';

/** Addresses of the hosts. The reference peer of 2020 has the router's compiled in. */
export const ROUTER = '198.51.100.1';
/** A second address of the router: a Teredo server has two in a row. */
export const ROUTER_SECOND = '198.51.100.5';
export const LEFT = '198.51.100.2';
export const RIGHT = '198.51.100.3';
/** A host whose interface segments before it sends, so that its frames always arrive singly. */
export const CUTTER = '198.51.100.4';
/** Further addresses of the right host: destinations of flows that cannot be sent together. */
export const SPREAD = Array.from({ length: 16 }, (_, index) => `198.51.100.${100 + index}`);
/** Datagrams to this UDP port of the right host are counted by its interface, and dropped. */
export const SINK_PORT = 40_000;

const HOSTS = {
  router: [ROUTER, ROUTER_SECOND],
  left: [LEFT],
  cutter: [CUTTER],
  right: [RIGHT, ...SPREAD],
};
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function ip(...words) {
  try {
    return execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`ip ${words.join(' ')}: ${error.stderr || error.message}`);
  }
}

/**
 * Three hosts on one bridge, in network namespaces whose names contain the id of this process, as
 * those of the kernel tests. `dispose` removes all of it, and runs when the process exits or gets a
 * signal.
 */
export class Lab {
  /** A folder for keys and sockets. */
  folder = join(tmpdir(), `6bed4-lab-${process.pid}-0`);
  /** Files of programs in other folders, which remain when they are killed. */
  strayFiles = [];
  #labels = [];
  #programs = new Set();
  #holders = new Map();
  #onExit = () => this.dispose();
  #onSignal = (signal) => {
    this.dispose();
    process.kill(process.pid, signal);
  };

  constructor() {
    process.once('exit', this.#onExit);
    for (const signal of SIGNALS) process.once(signal, this.#onSignal);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    try {
      this.#build();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  nameOf(label) {
    return `6bed4-${process.pid}-0-${label}`;
  }

  /** Runs `ip` inside a host. */
  ip(label, ...words) {
    return ip('-n', this.nameOf(label), ...words);
  }

  /** Runs a command inside a host until it ends; its standard output. */
  async exec(label, argv, options = {}) {
    const program = this.spawn(label, argv, options);
    const { code } = await program.ended;
    if (code !== 0) throw new Error(program.complaint(`exit code ${code}`));
    return program.stdout;
  }

  /** Starts a program inside a host; its process is the program itself. */
  spawn(label, argv, options = {}) {
    const args = ['netns', 'exec', this.nameOf(label), ...argv];
    const program = new Program('ip', args, `${label}: ${argv.join(' ')}`, options);
    this.#programs.add(program);
    program.ended.finally(() => this.#programs.delete(program)).catch(() => {});
    return program;
  }

  /** Id of an idle process in a host, whose /proc shows the state of the host. */
  holderOf(label) {
    return this.#holders.get(label).pid;
  }

  /** Ends every program that was started here and removes everything. Safe to call again. */
  dispose() {
    for (const program of this.#programs) program.kill();
    this.#programs.clear();
    for (const label of this.#labels.splice(0)) {
      try {
        ip('netns', 'delete', this.nameOf(label));
      } catch {
        // It was never created, or is removed already.
      }
    }
    for (const file of [this.folder, ...this.strayFiles]) {
      rmSync(file, { recursive: true, force: true });
    }
    process.removeListener('exit', this.#onExit);
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal);
  }

  #build() {
    this.#add('internet');
    this.ip('internet', ...'link add br0 type bridge stp_state 0 mcast_snooping 0'.split(' '));
    this.ip('internet', 'link', 'set', 'br0', 'up');
    for (const [label, addresses] of Object.entries(HOSTS)) {
      this.#add(label);
      const host = this.nameOf(label);
      this.ip('internet', ...`link add ${label} type veth peer name eth0 netns ${host}`.split(' '));
      this.ip('internet', ...`link set ${label} master br0 up`.split(' '));
      for (const address of addresses) {
        this.ip(label, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      }
      this.ip(label, 'link', 'set', 'eth0', 'up');
      if (label === 'cutter') this.ip(label, 'link', 'set', 'eth0', 'gso_max_segs', '1');
      this.#holders.set(label, this.spawn(label, ['sleep', 'infinity']));
    }
    this.#run('right', [
      'nft',
      `table ip bench {
        chain incoming {
          type filter hook prerouting priority raw;
          udp dport ${SINK_PORT} drop
        }
      }`,
    ]);
  }

  #add(label) {
    ip('netns', 'add', this.nameOf(label));
    this.#labels.push(label);
    this.#run(label, ['sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad']);
    this.ip(label, 'link', 'set', 'lo', 'up');
  }

  #run(label, argv) {
    ip('netns', 'exec', this.nameOf(label), ...argv);
  }
}
