import { setTimeout as sleep } from 'node:timers/promises';
import { Conversation } from '@6bed4/testing/kernel/conversation';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { markdownTable } from '@6bed4/testing/markdown';
import { boundOf } from '@6bed4/testing/soak/bounds';
import { numberFrom, recoveryTable, type Sample, writeReport } from '@6bed4/testing/soak/report';
import { slopePerHour } from '@6bed4/testing/soak/statistics';
import { expect, test } from 'vitest';
import { type RealEvent, realEvents } from './soak/events.js';
import { Flow } from './soak/flow.js';
import { ProcessReadings } from './soak/processReadings.js';

/** By default, each event happens once. */
const HOURS = numberFrom('SOAK_HOURS', 0);
/** Milliseconds that a loaded computer adds to any silence. */
const ALLOWANCE = 1_500;
/** Least time between two events, in which everything has to recover. */
const WATCH = 4_000;
const READ_EVERY = 1_000;
/** Megabytes that a process may grow by after its start, and by in each hour of a run of hours. */
const GROWTH = 40;
const GROWTH_PER_HOUR = 8;
/** Of a shorter run, the slope says nothing. */
const LEAST_HOURS = 0.5;
const HOUR = 3_600_000;
const FLOW_PORT = { left: 5101, right: 5102 } as const;

/** A soak of two peers, one with each driver, behind Linux NATs. */
class RealSoak {
  readonly samples: Sample[] = [];
  readonly violations: string[] = [];
  readonly readings = new Map([
    ['left, driver linux', new ProcessReadings()],
    ['right, driver portable', new ProcessReadings()],
    ['router', new ProcessReadings()],
  ]);
  readonly #started = Date.now();
  readonly conversation: Conversation;
  readonly #flows: readonly Flow[];
  #reader: NodeJS.Timeout;

  private constructor(conversation: Conversation, flows: readonly Flow[]) {
    this.conversation = conversation;
    this.#flows = flows;
    this.#reader = setInterval(() => this.#read(), READ_EVERY);
  }

  static async start(): Promise<RealSoak> {
    const conversation = await Conversation.start(
      { left: 'masquerade', right: 'masquerade' },
      'direct',
      { left: ['--driver', 'linux'], right: ['--driver', 'portable'] },
    );
    const { lab, peers } = conversation;
    const flows = [
      await Flow.start(lab, 'left', peers.right.address, FLOW_PORT.left),
      await Flow.start(lab, 'right', peers.left.address, FLOW_PORT.right),
    ];
    return new RealSoak(conversation, flows);
  }

  get hours(): number {
    return (Date.now() - this.#started) / HOUR;
  }

  /** Lets an event happen and judges what it did to all traffic. */
  async cause(event: RealEvent): Promise<void> {
    const bound = boundOf(event.name, 'both send', 'neighbor-discovery');
    const began = Date.now();
    await event.happen(this.conversation);
    // What is not over at once counts from its end, all else from its begin.
    const since = event.lasts > 0 ? Date.now() : began;
    const { transfer: interrupted } = this.conversation.outageSince(began / 1000);
    await sleep(Math.max(WATCH, bound + ALLOWANCE + WATCH / 2));
    for (const flow of this.#flows) {
      const { silence, lost } = flow.since(since);
      this.#judge(event, 'UDP', silence, lost, bound + ALLOWANCE);
    }
    const { echo, transfer } = this.conversation.outageSince(since / 1000);
    this.#judge(event, 'pings', echo * 1000, 0, bound + ALLOWANCE);
    // TCP waits twice as long before each retransmission.
    const most = 2 * (bound + ALLOWANCE) + (event.lasts > 0 ? interrupted * 1000 : 0);
    this.#judge(event, 'TCP', transfer * 1000, 0, most);
  }

  /** Ends all programs in order, and judges the whole. */
  async finish(): Promise<string> {
    clearInterval(this.#reader);
    const { peers, router } = this.conversation;
    const bytes = await this.conversation.finish().catch(({ message }: Error) => {
      this.violations.push(`TCP: ${message}`);
      return 0;
    });
    const flows = await Promise.all(this.#flows.map((flow) => flow.finish()));
    const endings: string[] = [];
    for (const [name, daemon] of [
      ['left', peers.left.daemon],
      ['right', peers.right.daemon],
      ['router', router],
    ] as const) {
      const { code } = await daemon.stop('SIGTERM');
      if (code !== 0) this.violations.push(`${name} ended with exit code ${code}`);
      const errors = daemon.stderr.length;
      if (errors > 0) this.violations.push(`${name} wrote: ${daemon.stderr.join(' | ')}`);
      endings.push(`${name}: ${daemon.stdout.length} lines of log, exit code ${code}`);
    }
    const datagrams = flows.map(({ received, lost }) => `${received} received, ${lost} lost`);
    this.#judgeReadings();
    return [
      `${(this.hours * 60).toFixed(1)} minutes; TCP ${(bytes / 1e6).toFixed(1)} MB in order; datagrams: ` +
        `${datagrams.join('; ')}. ${endings.join('; ')}.`,
      `Bounds have ${ALLOWANCE} ms added for a loaded computer; those of TCP are twice as long, since it waits ` +
        'twice as long before each retransmission.',
      recoveryTable(this.samples),
      this.#readingsTable(),
    ].join('\n\n');
  }

  dispose(): void {
    clearInterval(this.#reader);
    this.conversation.dispose();
  }

  #judge(event: RealEvent, traffic: string, silence: number, lost: number, bound: number): void {
    const { name } = event;
    this.samples.push({ event: name, usage: 'both send', strategy: traffic, silence, lost, bound });
    if (silence <= bound) return;
    this.violations.push(
      `${traffic} was silent for ${Math.round(silence)} ms after ${name} (${event.what}), at most ${bound}`,
    );
  }

  #read(): void {
    const { peers, router } = this.conversation;
    const pids = [peers.left.daemon.pid, peers.right.daemon.pid, router.pid];
    for (const [index, readings] of [...this.readings.values()].entries()) {
      readings.read(pids[index]!, Date.now());
    }
  }

  #judgeReadings(): void {
    for (const [name, { memory, descriptors }] of this.readings) {
      // The router is another process after each restart.
      if (name === 'router') continue;
      const later = memory.slice(memory.length >> 2);
      const growth = (later.at(-1)?.value ?? 0) - (memory[0]?.value ?? 0);
      if (growth > GROWTH + GROWTH_PER_HOUR * this.hours) {
        this.violations.push(`${name} grew by ${growth.toFixed(1)} MB`);
      }
      if (this.hours > LEAST_HOURS && slopePerHour(later) > GROWTH_PER_HOUR) {
        this.violations.push(`${name} grows by ${slopePerHour(later).toFixed(1)} MB an hour`);
      }
      const [first, last] = [descriptors[0]?.value, descriptors.at(-1)?.value];
      if (first !== last) this.violations.push(`${name} had ${first}, now ${last} descriptors`);
    }
  }

  #readingsTable(): string {
    const rows = [...this.readings].map(([name, { memory, descriptors }]) => {
      const values = memory.map(({ value }) => value);
      const megabytes = [values[0]!, values.at(-1)!, Math.max(...values)];
      return [
        name,
        ...megabytes.map((value) => `${value.toFixed(1)} MB`),
        `${slopePerHour(memory.slice(memory.length >> 2)).toFixed(1)} MB/h`,
        `${descriptors[0]!.value} to ${descriptors.at(-1)!.value}`,
      ];
    });
    const head = ['process', 'memory at start', 'at end', 'most', 'slope', 'descriptors'];
    return markdownTable([head, ...rows]);
  }
}

describeKernel('a soak of real daemons', () => {
  test('carries all traffic on after each event in time, without growing', {
    timeout: 600_000 + HOURS * HOUR * 1.2,
  }, async () => {
    const soak = await RealSoak.start();
    try {
      do {
        for (const event of realEvents) await soak.cause(event);
      } while (soak.hours < HOURS);
      const text = await soak.finish();
      const { violations, samples } = soak;
      writeReport({ title: 'On real kernels', text, violations, samples });
      console.log(text);
      expect(violations).toEqual([]);
    } finally {
      soak.dispose();
    }
  });
});
