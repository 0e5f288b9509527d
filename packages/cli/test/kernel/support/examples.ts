import { join } from 'node:path';
import { Lab } from '@6bed4/testing/kernel/lab';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { installCommand } from './installCommand.js';

/** Addresses of the examples: the router, a laptop, and IPv6 beyond the router. */
export const ROUTER = '192.0.2.1';
const LAPTOP = '192.0.2.2';
export const NATIVE = '2001:db8:beef::2';

/** A lab in which the lines of examples are run as they are written. */
export class Examples {
  readonly lab = new Lab();

  async build(): Promise<void> {
    const { lab } = this;
    await lab.internet();
    for (const [label, address] of [
      ['router', ROUTER],
      ['laptop', LAPTOP],
      ['other', '192.0.2.3'],
    ] as const) {
      await lab.host(label);
      await lab.attach(label, `${address}/24`);
    }
    installCommand(lab.folder);
  }

  /** Starts a line on a host, as root or as nobody. */
  start(label: string, line: string, user: 'root' | 'nobody' = 'root'): RunningProgram {
    return this.lab.spawn(label, this.#shell(`exec ${line}`, user));
  }

  /** Starts a daemon by a line and waits until it works. */
  async daemon(
    label: string,
    line: string,
    user: 'root' | 'nobody' = 'root',
  ): Promise<RunningProgram> {
    const program = this.start(label, line, user);
    await program.waitForLine(/^ready/);
    return program;
  }

  /** Runs a line to its end; what it prints. */
  async output(label: string, line: string, user: 'root' | 'nobody' = 'root'): Promise<string> {
    const options = { timeout: 60_000 };
    return (await this.lab.exec(label, this.#shell(line, user), options)).stdout;
  }

  /** The address of a peer, from what it prints. */
  async addressOf(daemon: RunningProgram): Promise<string> {
    const line = await daemon.waitForLine(/^ready/);
    return /peer[= ](\S+?)\//.exec(line)![1]!;
  }

  /** Gives the router a native network behind it. */
  async addNative(): Promise<void> {
    const { lab } = this;
    await lab.host('native');
    await lab.sysctl('router', 'net.ipv6.conf.all.forwarding', 1);
    await lab.link(['router', 'lan', '2001:db8:beef::1/64'], ['native', 'eth0', `${NATIVE}/64`]);
    await lab.ip('native', '-6 route add default via 2001:db8:beef::1');
  }

  /** Lets a process find the daemons of this lab only; its mounts are its own, as `ip netns exec` makes them. */
  #ownSockets(): string {
    const folder = join(this.lab.folder, 'sockets');
    return `mkdir -p ${folder} /run/6bed4 && mount --bind ${folder} /run/6bed4`;
  }

  #shell(line: string, user: 'root' | 'nobody'): string[] {
    const path = `PATH=${this.lab.folder}:${process.env['PATH']}`;
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const settings = [path, `HOME=${this.lab.folder}`, 'NO_COLOR=1'];
    if (user === 'nobody') return ['env', ...settings, ...nobody, 'sh', '-c', line];
    return ['env', ...settings, 'sh', '-c', `${this.#ownSockets()} && ${line}`];
  }
}
