import type { Lab } from '@6bed4/testing/kernel/lab';
import type { Side } from '@6bed4/testing/kernel/natTopology';
import { program } from '@6bed4/testing/kernel/programs';
import type { RunningProgram } from '@6bed4/testing/runningProgram';

/** Milliseconds between two datagrams, and their bytes. */
const INTERVAL = 20;
const SIZE = 500;
/** The receiver tells each second that datagrams arrive. */
const TOLD = 2_500;

/** A stream of datagrams in one direction, and its gaps. */
export class Flow {
  readonly #receiver: RunningProgram;
  readonly #sender: RunningProgram;

  private constructor(receiver: RunningProgram, sender: RunningProgram) {
    this.#receiver = receiver;
    this.#sender = sender;
  }

  /** Starts to send from one side to the address of the other. */
  static async start(lab: Lab, from: Side, address: string, port: number): Promise<Flow> {
    const to = from === 'left' ? 'right' : 'left';
    const receiver = lab.spawn(to, program('udpFlow', 'receive', port));
    await receiver.waitForLine(/listening/);
    const sender = lab.spawn(from, program('udpFlow', 'send', address, port, INTERVAL, SIZE));
    await receiver.waitForLine(/^at /);
    return new Flow(receiver, sender);
  }

  /** The longest silence since a time, in milliseconds since 1970, and what was lost; `Infinity` while it lasts. */
  since(start: number): { readonly silence: number; readonly lost: number } {
    const gaps = this.#receiver.stdout.flatMap((line) => {
      const [word, from, to, lost] = line.split(' ');
      return word === 'gap' && Number(to) > start
        ? [{ silence: Number(to) - Math.max(start, Number(from)), lost: Number(lost) }]
        : [];
    });
    const arrivals = this.#receiver.stdout.filter((line) => line.startsWith('at '));
    const last = Number(arrivals.at(-1)?.split(' ')[1]);
    return {
      silence: Math.max(
        0,
        Date.now() - last > TOLD ? Number.POSITIVE_INFINITY : 0,
        ...gaps.map(({ silence }) => silence),
      ),
      lost: gaps.reduce((sum, { lost }) => sum + lost, 0),
    };
  }

  /** Ends it; how many datagrams arrived, and how many did not. */
  async finish(): Promise<{ readonly received: number; readonly lost: number }> {
    await this.#sender.stop();
    await this.#receiver.stop();
    return JSON.parse(this.#receiver.stdout.at(-1)!) as { received: number; lost: number };
  }
}
