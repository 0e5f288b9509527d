import type { Lab } from '@6bed4/testing/kernel/lab';
import { program } from '@6bed4/testing/kernel/programs';
import type { RunningProgram } from '@6bed4/testing/runningProgram';

/** Whether the packets of a flow pass the routers, or go from peer to peer. */
export type Way = 'relayed' | 'direct';

/** A call from one host to an address of another. */
export interface Call {
  readonly caller: string;
  readonly callee: string;
  readonly address: string;
  readonly port: number;
  readonly way: Way;
}

/** What a flow lost in a time: datagrams of one each 20 ms, and the longest pause in milliseconds. */
export interface FlowLoss {
  readonly name: string;
  readonly way: Way;
  readonly lost: number;
  readonly gap: number;
}

/** One direction of a call: 172 bytes each 20 ms, as G.711 in RTP. */
export class NumberedFlow {
  readonly name: string;
  readonly way: Way;
  readonly #receiver: RunningProgram;

  private constructor(name: string, way: Way, receiver: RunningProgram) {
    this.name = name;
    this.way = way;
    this.#receiver = receiver;
  }

  /** Starts a call; its two directions. */
  static async call(
    lab: Lab,
    { caller, callee, address, port, way }: Call,
  ): Promise<readonly NumberedFlow[]> {
    const called = lab.spawn(callee, program('numberedFlow', '-', port));
    await called.waitForLine(/listening/);
    const calling = lab.spawn(caller, program('numberedFlow', address, port));
    await Promise.all([called, calling].map((one) => one.waitForLine(/^\d+ [1-9]/, 20_000)));
    return [
      new NumberedFlow(`${caller} to ${callee}`, way, called),
      new NumberedFlow(`${callee} to ${caller}`, way, calling),
    ];
  }

  /** What was lost between two times, in milliseconds since 1970. */
  between(start: number, end: number): FlowLoss {
    const reports = this.#receiver.stdout
      .filter((line) => /^\d/.test(line))
      .map((line) => line.split(' ').map(Number) as [number, number, number, number]);
    const before = reports.filter(([at]) => at <= start).at(-1)!;
    const inside = reports.filter(([at]) => at > start && at <= end);
    const last = inside.at(-1) ?? before;
    return {
      name: this.name,
      way: this.way,
      lost: Math.max(0, last[2] - before[2] - (last[1] - before[1])),
      gap: Math.max(0, ...inside.map(([, , , gap]) => gap)),
    };
  }
}
