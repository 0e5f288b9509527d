import { readInt32 } from '@6bed4/codec';
import { buildIcmpError, IPV6_HEADER_LENGTH, TCP_SEQUENCE_OFFSET } from '@6bed4/nd';
import { StreamProgram } from '@6bed4/testing/streamProgram';
import { type TcpConnection, TcpStack, type TcpStackOptions } from '../../src/index.js';
import { ADDRESSES, CLEAN, Lab, type LabHost, stackRandom } from './lab.js';
import type { HostPlan, Plan, Step } from './plan.js';

const PORTS = [50_000, 80] as const;
const HOUR = 3_600_000;
/** Steps of initial sequence numbers in a millisecond (RFC 6528 §3). */
const STEPS = 250;
/** Longer than any network is cut, so that no retransmission comes after it. */
const TIME_WAIT = 4 * 60_000;
const KEEP_ALIVE = { idle: 30_000, interval: 15_000, count: 8 };
/** Longer than all cuts of a plan together, with the retransmission after them. */
const PATIENCE = 30 * 60_000;
const CLOCK_UNIT = 1_024;
const LEAST_RING = 4_096;

const endpoint = (host: number): { address: Uint8Array; port: number } => ({
  address: ADDRESSES[host]!,
  port: PORTS[host]!,
});

/** What the clock of a host shows when the lab begins, so that its first sequence number is near 2^32. */
function originOf(plan: Plan, number: 0 | 1): number {
  const { untilWrap } = plan.hosts[number];
  if (untilWrap === null) return 1_000 * number;
  let hash = 0;
  const probe = new TcpStack(
    { random: stackRandom(plan.seed, number) },
    {
      sendPacket: (bytes) => {
        hash = readInt32(bytes, IPV6_HEADER_LENGTH + TCP_SEQUENCE_OFFSET);
      },
      event: () => {},
      accepted: () => {},
    },
  );
  probe.connect(endpoint(number), endpoint(1 - number), 0);
  const waits = number === 0 ? 0 : (plan.secondOpens ?? CLEAN.delay);
  const wanted = (-untilWrap - hash - waits * STEPS) >>> 0;
  return Math.ceil((wanted / STEPS) * CLOCK_UNIT) / CLOCK_UNIT;
}

function optionsOf(host: HostPlan): Partial<TcpStackOptions> {
  const { sendBuffer, receiveBuffer, timestamps, sack, ecn, mtu } = host;
  return {
    ...{ sendBuffer, receiveBuffer, timestamps, sack, ecn, mtu },
    ...{ timeWait: TIME_WAIT, userTimeout: PATIENCE, connectTimeout: PATIENCE },
  };
}

/** What a router says that cannot forward a packet (RFC 4443 §3.2). */
function tooBig(packet: Uint8Array, mtu: number): Uint8Array {
  const [source, destination] = [packet.slice(24, 40), packet.slice(8, 24)];
  return buildIcmpError({
    type: 'packet-too-big',
    mtu,
    source,
    destination,
    invoking: packet,
  });
}

/** Bytes of memory that a buffer of this size may take: a power of two. */
const ringOf = (size: number): number =>
  Math.max(LEAST_RING, 2 ** Math.ceil(Math.log2(Math.max(size, 1))));

/** What one end of the connection came to. */
export interface End {
  readonly opened: boolean;
  readonly closed: number;
  readonly error: string | null;
  readonly read: number;
  readonly expected: number;
  readonly wrongAt: number;
  readonly sawEnd: boolean;
}

/** Carries out a plan. */
export class PlanRun {
  readonly lab: Lab;
  readonly plan: Plan;
  readonly programs: [StreamProgram | null, StreamProgram | null] = [null, null];
  /** The time in the lab when both ends were over. */
  closedAt = 0;
  readonly #connections: [TcpConnection | null, TcpConnection | null] = [null, null];
  readonly #aborts: boolean;

  constructor(plan: Plan) {
    this.plan = plan;
    this.#aborts = plan.steps.some(({ type }) => type === 'abort');
    const options = [optionsOf(plan.hosts[0]), optionsOf(plan.hosts[1])] as const;
    this.lab = new Lab(plan.seed, options, [originOf(plan, 0), originOf(plan, 1)]);
    this.lab.onTooBig = ({ stack, now, after }, packet, mtu) => {
      const error = tooBig(packet, mtu);
      after(CLEAN.delay, () => stack.handleIcmpError(error, 0, error.length, now()));
    };
    for (const host of this.lab.hosts) {
      host.onEvent = (connection, event) => this.#happened(host, connection, event);
    }
  }

  /** Runs until the connection is forgotten. @throws Error when it is not, in hours */
  run(): void {
    const { lab, plan } = this;
    const [first, second] = lab.hosts;
    if (plan.secondOpens === null) second.stack.listen(null, PORTS[1]);
    else lab.at(plan.secondOpens, () => this.#open(second));
    lab.at(0, () => this.#open(first));
    // The SYN of the first one must find the other one opening, too.
    let at = plan.secondOpens === null ? 0 : CLEAN.delay;
    for (const step of plan.steps) {
      at += step.wait;
      lab.at(at, () => this.#carryOut(step));
      if (step.type === 'cut') at += step.milliseconds;
    }
    lab.at(at + 1, () => {
      lab.paths[0] = { ...lab.paths[0], loss: 0 };
      lab.paths[1] = { ...lab.paths[1], loss: 0 };
      lab.finsToLose = 0;
    });
    lab.run(5 * HOUR, () => this.#checkMemory());
    if (lab.hosts.some(({ stack }) => stack.connectionCount > 0)) {
      throw new Error(`after 5 hours: ${this.#story()}`);
    }
  }

  /** How both ends fared. */
  ends(): [End, End] {
    return [this.#end(0), this.#end(1)];
  }

  #end(number: 0 | 1): End {
    const program = this.programs[number];
    const other = this.programs[1 - number];
    const connection = this.#connections[number];
    const events = connection === null ? [] : (this.lab.hosts[number].events.get(connection) ?? []);
    return {
      opened: events.includes('open'),
      closed: events.filter((event) => event === 'closed').length,
      error: connection?.error ?? null,
      read: program?.read ?? 0,
      expected: other?.written ?? 0,
      wrongAt: program?.wrongAt ?? -1,
      sawEnd: program?.sawEnd ?? false,
    };
  }

  #open(host: LabHost): void {
    host.call(() => {
      const { number, stack } = host;
      const connection = stack.connect(endpoint(number), endpoint(1 - number), host.now());
      host.connections.push(connection);
      this.#adopt(host, connection);
    });
  }

  #adopt(host: LabHost, connection: TcpConnection): StreamProgram {
    const number = host.number as 0 | 1;
    const { habits, noDelay } = this.plan.hosts[number];
    connection.noDelay = noDelay;
    if (this.#aborts) connection.setKeepAlive(KEEP_ALIVE, host.now());
    this.#connections[number] = connection;
    const streams = { writes: number, reads: 1 - number };
    this.programs[number] = new StreamProgram(connection, host, streams, habits);
    return this.programs[number];
  }

  #happened(host: LabHost, connection: TcpConnection, event: string): void {
    const number = host.number as 0 | 1;
    const isKnown = this.#connections[number] === connection;
    if (!isKnown && this.#connections[number] !== null) throw new Error('a second connection');
    const program = isKnown ? this.programs[number]! : this.#adopt(host, connection);
    if (event === 'open') program.opened();
    else if (event === 'readable') program.readable();
    else if (event === 'writable') program.writable();
    else this.closedAt = this.lab.now;
  }

  #carryOut(step: Step): void {
    const { lab } = this;
    switch (step.type) {
      case 'path':
        lab.paths[step.from] = step.path;
        break;
      case 'cut':
        lab.isCut = true;
        lab.at(lab.now + step.milliseconds, () => {
          lab.isCut = false;
        });
        break;
      case 'mtu':
        lab.mtu = step.size;
        break;
      case 'lose FINs':
        lab.finsToLose += step.count;
        break;
      case 'abort': {
        const host = lab.hosts[step.host];
        host.call(() => this.#connections[step.host]?.abort(host.now()));
        break;
      }
    }
  }

  #checkMemory(): void {
    for (const number of [0, 1] as const) {
      const connection = this.#connections[number];
      if (connection === null || connection.opening !== null) continue;
      const { sendBuffer, receiveBuffer } = this.plan.hosts[number];
      const { sender, receiver } = connection;
      if (sender.queue.memory > ringOf(sendBuffer)) throw new Error('too much memory for sending');
      if (receiver.queue.memory > ringOf(receiveBuffer)) {
        throw new Error('too much memory for receiving');
      }
    }
  }

  #story(): string {
    return this.lab.hosts
      .map(({ number, stack }) => {
        const connection = this.#connections[number as 0 | 1];
        const program = this.programs[number as 0 | 1];
        return JSON.stringify({
          count: stack.connectionCount,
          state: connection?.state,
          error: connection?.error,
          buffered: connection?.buffered,
          readable: connection?.readable,
          written: program?.written,
          read: program?.read,
        });
      })
      .join(' ');
  }
}
