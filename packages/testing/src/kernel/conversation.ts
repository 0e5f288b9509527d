import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { RunningProgram } from '../runningProgram.js';
import { type RunningPeer, startPeer, startRouter } from './daemons.js';
import type { Lab } from './lab.js';
import {
  buildNatTopology,
  forgetMappings,
  type NatTopology,
  PEER_PORT,
  type Side,
} from './natTopology.js';
import { program } from './programs.js';

/** Seconds between two echo requests. */
const INTERVAL = 0.1;
const TCP_PORT = 5001;
/** Length of the transfer in bytes, more than any test waits for, and its rate in bytes a second. */
const TRANSFER = 2 ** 40;
const RATE = 128 << 10;

/** Longest gaps in the traffic, in seconds. */
export interface Outage {
  /** Between two echo replies. */
  readonly echo: number;
  /** Between two bytes of the transfer. */
  readonly transfer: number;
}

function longestGap(times: readonly number[], start: number): number {
  const since = [start, ...times.filter((time) => time > start), Date.now() / 1000];
  return Math.max(...since.slice(1).map((time, index) => time - since[index]!));
}

function timesIn(daemon: RunningProgram, pattern: RegExp, unit: number): number[] {
  return daemon.stdout.flatMap((line) => {
    const match = pattern.exec(line);
    return match === null ? [] : [Number(match[1]) * unit];
  });
}

/** Two peers, of which the left one pings the other and sends to it by TCP while tests cause faults. */
export class Conversation {
  readonly lab: Lab;
  readonly peers: Record<Side, RunningPeer>;
  #router: RunningProgram;
  readonly #echoes: RunningProgram;
  readonly #receiver: RunningProgram;
  readonly #sender: RunningProgram;

  private constructor(
    lab: Lab,
    peers: Record<Side, RunningPeer>,
    router: RunningProgram,
    echoes: RunningProgram,
    transfer: { readonly receiver: RunningProgram; readonly sender: RunningProgram },
  ) {
    this.lab = lab;
    this.peers = peers;
    this.#router = router;
    this.#echoes = echoes;
    this.#receiver = transfer.receiver;
    this.#sender = transfer.sender;
  }

  /**
   * Starts pings and transfer, and waits until both peers log the path.
   *
   * @param options - further options of the command of each peer
   */
  static async start(
    topology: NatTopology,
    path: string,
    options: Partial<Record<Side, readonly string[]>> = {},
  ): Promise<Conversation> {
    const lab = await buildNatTopology(topology);
    try {
      const router = await startRouter(lab, 'router');
      const [left, right] = await Promise.all([
        start(lab, 'left', options.left),
        start(lab, 'right', options.right),
      ]);
      // ping buffers what it writes to a pipe.
      const ping = ['stdbuf', '-oL', 'ping', '-6', '-n', '-D', '-i', String(INTERVAL)];
      const echoes = lab.spawn('left', [...ping, right.address]);
      await left.daemon.waitForLine(new RegExp(`^path ${path}`), 15_000);
      await right.daemon.waitForLine(new RegExp(`^path ${path}`), 15_000);
      const receiver = lab.spawn('right', program('tcpReceiver', TCP_PORT, 'progress'));
      await receiver.waitForLine(/listening/);
      const sender = lab.spawn(
        'left',
        program('tcpSender', right.address, TCP_PORT, TRANSFER, RATE),
      );
      await receiver.waitForLine(/^received/);
      return new Conversation(lab, { left, right }, router, echoes, { receiver, sender });
    } catch (error) {
      lab.dispose();
      throw error;
    }
  }

  /**
   * Causes a fault, waits, and measures the gaps in the traffic. The figures are printed, too, with a
   * description of the fault, since several tests run at the same time.
   */
  async measureOutage(
    what: string,
    fault: () => Promise<unknown>,
    seconds: number,
  ): Promise<Outage> {
    const start = Date.now() / 1000;
    await fault();
    await setTimeout(seconds * 1000);
    const outage = this.outageSince(start);
    const [echo, transfer] = [outage.echo.toFixed(1), outage.transfer.toFixed(1)];
    console.log(`outage: ${echo} s for echoes, ${transfer} s for TCP: ${what}`);
    return outage;
  }

  /** The longest gaps in the traffic since a time, in seconds since 1970. */
  outageSince(start: number): Outage {
    return {
      echo: longestGap(timesIn(this.#echoes, /^\[(\d+\.\d+)\] \d+ bytes from/, 1), start),
      transfer: longestGap(timesIn(this.#receiver, /^received (\d+)/, 1e-3), start),
    };
  }

  /** The router's process. */
  get router(): RunningProgram {
    return this.#router;
  }

  /** Flushes the mappings of the NAT of a peer. */
  async flushMappings(side: Side): Promise<void> {
    await forgetMappings(this.lab, side);
  }

  /** Kills the router and starts it again after some seconds. */
  async restartRouter(seconds: number): Promise<void> {
    await this.#router.stop('SIGKILL');
    await setTimeout(seconds * 1000);
    this.#router = await startRouter(this.lab, 'router');
  }

  /** Kills a peer and starts it again; returns the seconds without it. */
  async restartPeer(side: Side): Promise<number> {
    const killed = Date.now();
    await this.peers[side].daemon.stop('SIGKILL');
    this.peers[side] = await start(this.lab, side);
    return (Date.now() - killed) / 1000;
  }

  /** The path to a remote that a peer logged last, or undefined. */
  lastPath(side: Side, remote: string = this.peers[opposite(side)].address): string | undefined {
    const logged = this.peers[side].daemon.stdout.map((line) =>
      /^path (\w+) .*?remote (\S+)/.exec(line),
    );
    return logged.filter((match) => match?.[2] === remote).at(-1)?.[1];
  }

  /** Ends the transfer and compares both ends of it; returns its length in bytes. */
  async finish(): Promise<number> {
    await this.#sender.stop('SIGTERM', 20_000);
    const received = JSON.parse(await this.#receiver.waitForLine(/sha256/)) as { bytes: number };
    expect(received).toEqual(JSON.parse(await this.#sender.waitForLine(/sha256/)));
    return received.bytes;
  }

  dispose(): void {
    this.lab.dispose();
  }
}

function opposite(side: Side): Side {
  return side === 'left' ? 'right' : 'left';
}

/** The path to a remote that begins, as the left peer does, is a detail of the log. */
function start(lab: Lab, side: Side, options: readonly string[] = []): Promise<RunningPeer> {
  const port = ['--port', String(PEER_PORT[side])];
  return startPeer(lab, side, '--lan-search', '--verbose', ...port, ...options);
}
