import type { Lab } from '@6bed4/testing/kernel/lab';
import { program } from '@6bed4/testing/kernel/programs';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import type { FlowKind, FlowLoss, FlowWatch } from './eventCost.js';

/** Milliseconds between two datagrams, as in the program. */
const INTERVAL = 20;

/** One direction of a call: 172 bytes each 20 ms, as G.711 in RTP. */
export class NumberedFlow implements FlowWatch {
  /** Whether it goes by way of routers. */
  kind: FlowKind = 'relayed';
  readonly #name: string;
  readonly #receiver: RunningProgram;

  private constructor(name: string, receiver: RunningProgram) {
    this.#name = name;
    this.#receiver = receiver;
  }

  /** Starts a call from a host to an address and port of another; its two directions. */
  static async call(
    lab: Lab,
    caller: string,
    callee: string,
    address: string,
    port: number,
  ): Promise<readonly NumberedFlow[]> {
    const called = lab.spawn(callee, program('numberedFlow', '-', port));
    await called.waitForLine(/listening/);
    const calling = lab.spawn(caller, program('numberedFlow', address, port));
    await Promise.all([called, calling].map((one) => one.waitForLine(/^\d+ [1-9]/, 20_000)));
    return [
      new NumberedFlow(`${caller} to ${callee}`, called),
      new NumberedFlow(`${callee} to ${caller}`, calling),
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
    const lost = Math.max(0, last[2] - before[2] - (last[1] - before[1]));
    return {
      kind: this.kind,
      name: this.#name,
      lost,
      outage: lost * INTERVAL,
      gap: Math.max(0, ...inside.map(([, , , gap]) => gap)),
    };
  }
}
