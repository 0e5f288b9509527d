import { type CommandName, pathOf } from '@6bed4/testing/command';
import { Lab } from '@6bed4/testing/kernel/lab';
import type { RunningProgram } from '@6bed4/testing/runningProgram';

/** The router that the C peer asks by default. */
export const PUBLIC_ROUTER = '145.136.0.1';
export const LAPTOP = '145.136.0.2';

/** An Internet in which the published instructions can be followed as they are written. */
export class ReferenceLab extends Lab {
  async build(): Promise<void> {
    await this.internet();
    for (const [label, address] of [
      ['server', PUBLIC_ROUTER],
      ['laptop', LAPTOP],
      ['other', '145.136.0.3'],
    ] as const) {
      await this.host(label);
      await this.attach(label, `${address}/24`);
    }
  }

  /** Starts a line with one of the C commands on a host. */
  line(label: string, line: string): RunningProgram {
    const [name, ...args] = line.split(' ');
    return this.spawn(label, [process.execPath, pathOf(name as CommandName), ...args]);
  }

  /** Starts the router of the server by its options, and waits until it works. */
  async router(options = ''): Promise<{ daemon: RunningProgram; address: string; prefix: string }> {
    const daemon = this.line('server', `6bed4router -l ${PUBLIC_ROUTER} ${options}`.trim());
    const ready = await daemon.waitForLine(/^ready/);
    const [, address = '', prefix = ''] = /router (\S+) {2}prefix (\S+)\/64/.exec(ready) ?? [];
    return { daemon, address, prefix };
  }

  /** Starts a line with a peer, and waits until it works; the whole line that says so, too. */
  async peer(
    label: string,
    line: string,
  ): Promise<{ daemon: RunningProgram; address: string; ready: string }> {
    const daemon = this.line(label, line);
    const ready = await daemon.waitForLine(/^ready/);
    return { daemon, address: /peer (\S+?)\//.exec(ready)![1]!, ready };
  }

  /** The sockets of a host, as in the published instructions. */
  async sockets(label: string): Promise<string> {
    return (await this.exec(label, ['netstat', '-puntl'])).stdout;
  }

  /** Starts a TCP service that says hello. */
  async serve(label: string, address: string, port: number): Promise<void> {
    const code =
      'require("net").createServer((socket) => socket.end("hello"))' +
      `.listen(${port}, "${address}", () => console.log("listening"))`;
    await this.spawn(label, [process.execPath, '-e', code]).waitForLine(/listening/);
  }

  /** What a TCP service says. */
  async fetched(label: string, address: string, port: number): Promise<string> {
    const code = `require("net").connect(${port}, "${address}").setTimeout(5000, () => process.exit()).pipe(process.stdout)`;
    return (await this.exec(label, [process.execPath, '-e', code], { mayFail: true })).stdout;
  }
}
