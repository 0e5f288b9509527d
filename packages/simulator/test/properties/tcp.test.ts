import type { Profile } from '@6bed4/codec';
import { StreamProgram } from '@6bed4/testing/streamProgram';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type PeerNode, showTraceOnFailure, type TcpSocket } from '../../src/index.js';
import { profiles } from '../support/dialects.js';
import { byteStream, HASTE, timerOf } from '../support/tcp.js';
import { examples } from './examples.js';
import { type Plan, PlanRun, plans } from './planRun.js';
import { type Talk, talk } from './talk.js';

/** Plans, unless the environment multiplies them: `RUNS=10 npx vitest run properties/tcp`. */
const MULTIPLE = Number(process.env['RUNS'] ?? 1);
const PORT = 80;
const START = 5_000;
/** So many probes that some are answered, though links may lose seven of eight. */
const KEEP_ALIVE = { idle: 30_000, interval: 5_000, count: 200 };
/** Longer than any outage that plans cause, and the silence that follows it. */
const PATIENCE = 20 * 60_000;
/** How long connections may last when all faults are over: patience, and the last retransmission before it. */
const LIMIT = 2 * PATIENCE;
const TIME_WAIT = 60_000;
/** A failure is reported before the test is given up, though a smaller one might be found. */
const REPORT = { interruptAfterTimeLimit: 200_000 * MULTIPLE, examples };
const TCP = { userTimeout: PATIENCE, connectTimeout: PATIENCE, timeWait: TIME_WAIT };

/** One end of a connection. */
interface End {
  readonly name: string;
  /** Number of the connection. */
  readonly connection: number;
  readonly socket: TcpSocket;
  readonly program: StreamProgram;
  readonly expected: number;
  readonly openedAt: number;
  /** When nothing more could pass: TIME-WAIT follows, if there is one. */
  closedAt: number;
  /** Both sides. */
  readonly peers: readonly [PeerNode, PeerNode];
}

/** Connections between the peers of a plan. */
class Talks {
  readonly ends: End[] = [];
  readonly #run: PlanRun;

  constructor(run: PlanRun, talks: readonly Talk[]) {
    this.#run = run;
    talks.forEach((each, index) => {
      run.net.at(run.net.now + each.at, () => this.#open(each, index));
    });
  }

  get areOver(): boolean {
    const { peers, net } = this.#run;
    return net.now >= START && peers.every(({ tcp }) => tcp.stack.connectionCount === 0);
  }

  #open(each: Talk, index: number): void {
    const { peers } = this.#run;
    const from = each.from % peers.length;
    const to = (from + 1 + (each.to % (peers.length - 1))) % peers.length;
    const [caller, called] = [peers[from]!, peers[to]!];
    if (called.address === null) return;
    const port = PORT + index;
    const pair = [caller, called] as const;
    called.tcp.listen(port, (socket) => this.#begin(pair, socket, each, 2 * index + 1));
    const socket = caller.tcp.connect(called.address, port);
    if (socket !== null) this.#begin(pair, socket, each, 2 * index);
  }

  #begin(
    peers: readonly [PeerNode, PeerNode],
    socket: TcpSocket,
    each: Talk,
    writes: number,
  ): void {
    const number = writes & 1;
    const { writeEvery, readEvery } = each;
    const program = new StreamProgram(
      byteStream(socket),
      timerOf(this.#run.net),
      { writes, reads: writes ^ 1 },
      { ...HASTE, piece: 1_000, length: each.lengths[number]!, writeEvery, readEvery },
    );
    const end: End = {
      name: `${peers[number]!.name}, connection ${writes >> 1}`,
      connection: writes >> 1,
      socket,
      program,
      expected: each.lengths[1 - number]!,
      // The one that accepts it may do so when the other one has moved already.
      openedAt: START + each.at,
      closedAt: Number.NaN,
      peers,
    };
    this.ends.push(end);
    socket.setKeepAlive(KEEP_ALIVE);
    socket.onEvent = (event) => {
      if (event === 'open') program.opened();
      if (event === 'readable') program.readable();
      if (event === 'writable') program.writable();
      if (event === 'closed') end.closedAt = this.#run.net.now;
    };
  }
}

/**
 * Whether an end was reset because all acknowledgments of its FIN were lost for the whole TIME-WAIT of the other
 * end, which then knew nothing of the connection any more (RFC 9293 §3.6, §3.10.7.1). The other end has
 * read everything by then.
 *
 * @param jumps - milliseconds by which clocks were ahead at most
 */
function outlivesOther(end: End, ends: readonly End[], jumps: number): boolean {
  if (end.socket.error !== 'ECONNRESET') return false;
  return ends.some(
    ({ connection, socket, program, expected, closedAt }) =>
      connection === end.connection &&
      socket.error === null &&
      program.sawEnd &&
      program.read === expected &&
      end.closedAt - closedAt >= TIME_WAIT - jumps,
  );
}

/** Whether both sides still have the addresses that the connection was opened between. */
function keepsAddresses({ peers, openedAt }: End): boolean {
  const changes = peers.flatMap(({ events }) =>
    events.filter(({ at, event }) => at > openedAt && event.type.startsWith('address-')),
  );
  return changes.length === 0;
}

function carryOut(plan: Plan, talks: readonly Talk[], profile: Profile): void {
  const run = new PlanRun(plan, profile, { tcp: TCP });
  showTraceOnFailure(run.net, (net) => {
    net.run(START);
    const running = new Talks(run, talks);
    for (const step of plan.steps) run.carryOut(step);
    run.removeLinkFaults();
    net.run(START);
    net.runUntil(() => running.areOver, LIMIT);
    const left = running.ends.filter(({ socket }) => socket.state !== 'CLOSED');
    expect(left.map(({ name, socket }) => `${name}: ${socket.state}`)).toEqual([]);
    const jumps = plan.steps.reduce(
      (sum, step) => (step.type === 'jump' ? sum + step.milliseconds : sum),
      0,
    );
    for (const end of running.ends) {
      const { name, program, socket, expected } = end;
      expect(`${name}: ${program.wrongAt}`).toBe(`${name}: -1`);
      expect(program.read).toBeLessThanOrEqual(expected);
      if (!keepsAddresses(end)) continue;
      const error = outlivesOther(end, running.ends, jumps) ? null : socket.error;
      expect({ name, error, read: program.read, sawEnd: program.sawEnd }).toEqual({
        ...{ name, error: null, read: expected, sawEnd: true },
      });
    }
  });
}

const talks = fc.array(talk, { minLength: 1, maxLength: 4 });
const someProfile = fc.constantFrom(...profiles);
/** What gives a peer another address, or makes it believe that it has waited for hours. */
const upheavals: readonly string[] = ['move', 'rebind', 'jump'];
const calmPlans: fc.Arbitrary<Plan> = plans.map((plan) => ({
  ...plan,
  steps: plan.steps.filter(({ type }) => !upheavals.includes(type)),
}));

describe('connections between peers', () => {
  test.prop([calmPlans, talks, someProfile], {
    numRuns: 40 * MULTIPLE,
    ...REPORT,
  })(
    'survive NATs and routers that forget, wherever both keep their addresses',
    (plan, list, [, profile]) => carryOut(plan, list, profile),
    240_000 * MULTIPLE,
  );

  test.prop([plans, talks, someProfile], {
    numRuns: 40 * MULTIPLE,
    ...REPORT,
  })(
    'deliver what is written, in order and once, and are over in bounded time wherever peers go',
    (plan, list, [, profile]) => carryOut(plan, list, profile),
    240_000 * MULTIPLE,
  );
});
