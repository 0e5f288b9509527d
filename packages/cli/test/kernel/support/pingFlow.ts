import type { Lab } from '@6bed4/testing/kernel/lab';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import type { FlowLoss, FlowWatch } from './eventCost.js';

/** Milliseconds between two echo requests. */
const INTERVAL = 200;
const REPLY = /^\[([\d.]+)\] \d+ bytes from .* icmp_seq=(\d+) /;

/** Echo requests that go on all the time. */
export class PingFlow implements FlowWatch {
  readonly #name: string;
  readonly #ping: RunningProgram;

  private constructor(name: string, ping: RunningProgram) {
    this.#name = name;
    this.#ping = ping;
  }

  static async start(lab: Lab, host: string, address: string): Promise<PingFlow> {
    const interval = String(INTERVAL / 1000);
    const ping = lab.spawn(host, ['ping', '-6', '-n', '-D', '-i', interval, address]);
    await ping.waitForLine(REPLY, 20_000);
    return new PingFlow(`${host} pings ${address}`, ping);
  }

  between(start: number, end: number): FlowLoss {
    const replies = this.#ping.stdout.flatMap((line) => {
      const found = REPLY.exec(line);
      return found === null ? [] : [{ at: Number(found[1]) * 1000, number: Number(found[2]) }];
    });
    const before = replies.filter(({ at }) => at <= start).at(-1)!;
    const inside = replies.filter(({ at }) => at > start && at <= end);
    const highest = Math.max(before.number, ...inside.map(({ number }) => number));
    const lost = highest - before.number - inside.length;
    const times = [before.at, ...inside.map(({ at }) => at)];
    return {
      kind: 'ping',
      name: this.#name,
      lost,
      outage: lost * INTERVAL,
      gap: Math.round(Math.max(0, ...times.slice(1).map((at, index) => at - times[index]!))),
    };
  }
}
