import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Daemon } from '../runningProgram.js';
import { type RunningPeer, startPeer, startRouter } from './internet.js';
import type { Lab } from './lab.js';
import { buildNats, PEER_PORT, type Place, type Side } from './natTopology.js';
import { program } from './programs.js';

/** Seconds between two echo requests. */
const INTERVAL = 0.1;
const TCP_PORT = 5001;
/** Milliseconds after which nothing is under way any more. */
const IN_FLIGHT = 50;
/** More bytes than any test waits for, and how many a second: the transfer ends when it is told to. */
const TRANSFER = 1 << 30;
const RATE = 128 << 10;

/** For how many seconds nothing came. */
export interface Outage {
  /** Without an answer to echo requests sent all the time. */
  readonly echo: number;
  /** Without a byte of the transfer. */
  readonly transfer: number;
}

function longestGap(times: readonly number[], start: number): number {
  const since = [start, ...times.filter((time) => time > start), Date.now() / 1000];
  return Math.max(...since.slice(1).map((time, index) => time - since[index]!));
}

function timesIn(daemon: Daemon, pattern: RegExp, unit: number): number[] {
  return daemon.stdout.flatMap((line) => {
    const match = pattern.exec(line);
    return match === null ? [] : [Number(match[1]) * unit];
  });
}

/** Two peers of which the left one pings the other and sends it bytes, while things happen on the way. */
export class Conversation {
  readonly lab: Lab;
  readonly peers: Record<Side, RunningPeer>;
  #router: Daemon;
  readonly #echoes: Daemon;
  readonly #receiver: Daemon;
  readonly #sender: Daemon;

  private constructor(
    lab: Lab,
    peers: Record<Side, RunningPeer>,
    router: Daemon,
    echoes: Daemon,
    transfer: { readonly receiver: Daemon; readonly sender: Daemon },
  ) {
    this.lab = lab;
    this.peers = peers;
    this.#router = router;
    this.#echoes = echoes;
    this.#receiver = transfer.receiver;
    this.#sender = transfer.sender;
  }

  /** Begins it, and waits until both sides tell the same path. */
  static async start(place: Place, path: string): Promise<Conversation> {
    const lab = await buildNats(place);
    try {
      const router = await startRouter(lab, 'router');
      const [left, right] = await Promise.all([start(lab, 'left'), start(lab, 'right')]);
      // Into a pipe, ping would write only now and then.
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
      await receiver.waitForLine(/^came/);
      return new Conversation(lab, { left, right }, router, echoes, { receiver, sender });
    } catch (error) {
      lab.dispose();
      throw error;
    }
  }

  /**
   * Lets something happen, waits, and tells how long nothing came. The figures are printed too: not
   * under the name of the test, of which several run at the same time.
   */
  async outage(what: string, fault: () => Promise<unknown>, seconds: number): Promise<Outage> {
    const start = Date.now() / 1000;
    await fault();
    await setTimeout(seconds * 1000);
    const outage = {
      echo: longestGap(timesIn(this.#echoes, /^\[(\d+\.\d+)\] \d+ bytes from/, 1), start),
      transfer: longestGap(timesIn(this.#receiver, /^came (\d+)/, 1e-3), start),
    };
    const [echo, transfer] = [outage.echo.toFixed(1), outage.transfer.toFixed(1)];
    console.log(`outage: ${echo} s for echoes, ${transfer} s for TCP: ${what}`);
    return outage;
  }

  /** Makes the NAT before a peer forget its flows. */
  async forget(side: Side): Promise<void> {
    const label = `${side}Nat`;
    // What is under way when the flows go would open some again at once, or not, as chance has it.
    await this.lab.nft(
      label,
      `table ip pause {
        chain through {
          type filter hook forward priority filter;
          drop
        }
      }`,
    );
    await setTimeout(IN_FLIGHT);
    await this.lab.exec(label, ['conntrack', '-F'], { mayFail: true });
    await this.lab.exec(label, ['nft', 'delete', 'table', 'ip', 'pause']);
  }

  /** Kills the router and starts it again after some seconds. */
  async restartRouter(seconds: number): Promise<void> {
    await this.#router.stop('SIGKILL');
    await setTimeout(seconds * 1000);
    this.#router = await startRouter(this.lab, 'router');
  }

  /** Kills a peer and starts it again; returns for how many seconds there was none. */
  async restartPeer(side: Side): Promise<number> {
    const killed = Date.now();
    await this.peers[side].daemon.stop('SIGKILL');
    this.peers[side] = await start(this.lab, side);
    return (Date.now() - killed) / 1000;
  }

  /** The path that a peer told last about a remote, or undefined. */
  lastPath(side: Side, remote: string = this.peers[opposite(side)].address): string | undefined {
    const told = this.peers[side].daemon.stdout.map((line) =>
      /^path (\w+) .*?remote (\S+)/.exec(line),
    );
    return told.filter((match) => match?.[2] === remote).at(-1)?.[1];
  }

  /** Ends the transfer and compares both ends of it; returns how many bytes it was. */
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

function start(lab: Lab, side: Side): Promise<RunningPeer> {
  return startPeer(lab, side, '--port', String(PEER_PORT[side]));
}
