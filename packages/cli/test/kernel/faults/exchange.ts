import { TUN } from '@6bed4/testing/kernel/interfaces';
import type { Lab } from '@6bed4/testing/kernel/lab';
import type { Side } from '@6bed4/testing/kernel/natTopology';
import { program } from '@6bed4/testing/kernel/programs';
import type { RunningProgram } from '@6bed4/testing/runningProgram';

const PORT = 5001;
/** Milliseconds in which all that is under way arrives, on a slow computer and after outages. */
const PATIENCE = 60_000;

/** What one end says of one of the three connections. */
interface Result {
  readonly connection: number;
  readonly sent: number;
  readonly received: number;
  readonly wrongAt: number | null;
}

/** What arrived, and what is wrong with it. */
interface Finding {
  /** Bytes received at both sides. */
  readonly bytes: Readonly<Record<Side, number>>;
  /** Empty if all is as it was sent. */
  readonly faults: readonly string[];
}

/** Data on three TCP connections between the two peers at once, in both directions. */
export class Exchange {
  readonly #lab: Lab;
  readonly #programs: Readonly<Record<Side, RunningProgram>>;

  private constructor(lab: Lab, programs: Readonly<Record<Side, RunningProgram>>) {
    this.#lab = lab;
    this.#programs = programs;
  }

  /** Starts it from the left peer to the address of the right one. */
  static async start(lab: Lab, address: string): Promise<Exchange> {
    const right = lab.spawn('right', program('tcpExchange', 'listen', PORT));
    await right.waitForLine(/listening/);
    return new Exchange(lab, {
      left: lab.spawn('left', program('tcpExchange', address, PORT)),
      right,
    });
  }

  /** Bytes that came out of the tunnel so far at the side where they are fewer. */
  async progress(): Promise<number> {
    const counts = (['left', 'right'] as const).map(async (side) => {
      const shown = await this.#lab.ip(side, `-s -json link show dev ${TUN}`);
      const [link] = JSON.parse(shown) as { stats64: { rx: { bytes: number } } }[];
      return link!.stats64.rx.bytes;
    });
    return Math.min(...(await Promise.all(counts)));
  }

  /** Ends it in order and compares both ends. */
  async finish(): Promise<Finding> {
    const { left, right } = this.#programs;
    await Promise.all([left, right].map((one) => one.stop('SIGTERM', PATIENCE)));
    const [lefts, rights] = [resultsOf(left), resultsOf(right)];
    const faults = [...left.stderr, ...right.stderr];
    for (const [index, ours] of lefts.entries()) {
      const theirs = rights[index];
      if (theirs === undefined) break;
      for (const [from, to] of [
        [ours, theirs],
        [theirs, ours],
      ] as const) {
        const way = `connection ${index}, ${from === ours ? 'left to right' : 'right to left'}`;
        if (to.wrongAt !== null) faults.push(`${way}: wrong after byte ${to.wrongAt}`);
        if (to.received !== from.sent) faults.push(`${way}: ${to.received} of ${from.sent} bytes`);
      }
    }
    if (lefts.length !== 3 || rights.length !== 3) faults.push('a connection is missing');
    return { bytes: { left: receivedBy(lefts), right: receivedBy(rights) }, faults };
  }
}

function resultsOf({ stdout }: RunningProgram): Result[] {
  return stdout
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Result)
    .sort((one, other) => one.connection - other.connection);
}

function receivedBy(results: readonly Result[]): number {
  return results.reduce((sum, { received }) => sum + received, 0);
}
