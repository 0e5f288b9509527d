import { parseIPv6 } from '@6bed4/codec';
import { IPV6_HEADER_LENGTH, TCP_FIN, TCP_FLAGS_OFFSET } from '@6bed4/nd';
import { Random } from '@6bed4/testing/random';
import {
  type TcpConnection,
  type TcpEvent,
  type TcpListener,
  TcpStack,
  type TcpStackOptions,
} from '../../src/index.js';

/** One direction of the path. Times in milliseconds. */
export interface PathPlan {
  readonly delay: number;
  /** Further time, up to this, by chance: packets overtake each other. */
  readonly jitter: number;
  /** 0..1 */
  readonly loss: number;
  /** 0..1 */
  readonly duplication: number;
  /** Whether the network marks packets instead of losing them (RFC 3168). */
  readonly marks: boolean;
}

export const CLEAN: PathPlan = { delay: 5, jitter: 0, loss: 0, duplication: 0, marks: false };
export const ADDRESSES = [parseIPv6('fc64::1'), parseIPv6('fc64::2')] as const;

const MOST_EVENTS = 3_000_000;
const MOST_TIMEOUTS_AT_ONCE = 1_000;
/** Times are multiples of this, so that sums with the origins of clocks are exact. */
const STEPS_PER_MILLISECOND = 1_024;
const ECN_MASK = 0x30;
const ECN_CE = 0x30;

interface LabEvent {
  readonly at: number;
  readonly happen: () => void;
}

/** A stack with a clock of its own, and what it has reported. */
export class LabHost {
  readonly stack: TcpStack;
  readonly number: number;
  readonly connections: TcpConnection[] = [];
  readonly events = new Map<TcpConnection, TcpEvent[]>();
  /** Called when the stack has returned. */
  onEvent: (connection: TcpConnection, event: TcpEvent) => void = () => {};
  readonly #lab: Lab;
  readonly #origin: number;
  readonly #reports: (() => void)[] = [];
  #depth = 0;

  /** @param origin - what its clock shows when that of the lab shows 0 */
  constructor(lab: Lab, number: number, options: TcpStackOptions, origin: number) {
    this.#lab = lab;
    this.number = number;
    this.#origin = origin;
    this.stack = new TcpStack(options, {
      sendPacket: (bytes, offset, length) =>
        lab.carry(number, bytes.slice(offset, offset + length)),
      event: (connection, event) => this.#reports.push(() => this.#report(connection, event)),
      accepted: (listener) => this.#reports.push(() => this.#accept(listener)),
    });
  }

  now = (): number => this.#lab.now + this.#origin;

  after = (milliseconds: number, action: () => void): void => {
    this.#lab.at(this.#lab.now + milliseconds, () => this.call(action));
  };

  /** When it has to be woken, on the clock of the lab. */
  get nextTimeout(): number {
    return this.stack.nextTimeout() - this.#origin;
  }

  /** Uses the stack, and then acts on what it has reported. */
  readonly call = (action: () => void): void => {
    this.#depth++;
    action();
    this.#depth--;
    if (this.#depth > 0) return;
    this.#depth++;
    for (let one = this.#reports.shift(); one !== undefined; one = this.#reports.shift()) one();
    this.#depth--;
  };

  #report(connection: TcpConnection, event: TcpEvent): void {
    const events = this.events.get(connection) ?? [];
    this.events.set(connection, events);
    events.push(event);
    this.onEvent(connection, event);
  }

  #accept(listener: TcpListener): void {
    const connection = listener.accept();
    if (connection === null) return;
    this.connections.push(connection);
    this.#report(connection, 'open');
    // What came before it was taken was not reported.
    this.onEvent(connection, 'readable');
    if (connection.state === 'CLOSED') this.onEvent(connection, 'closed');
  }
}

/** Two stacks and the path between them, in virtual time. */
export class Lab {
  now = 0;
  readonly hosts: readonly [LabHost, LabHost];
  /** The path from each host. */
  readonly paths: [PathPlan, PathPlan] = [CLEAN, CLEAN];
  isCut = false;
  /** How many segments with FIN are still to be lost. */
  finsToLose = 0;
  /** Bytes of the largest packet that passes. */
  mtu = Number.POSITIVE_INFINITY;
  /** A packet was too large for the path from a host. */
  onTooBig: (from: LabHost, packet: Uint8Array, mtu: number) => void = () => {};
  /** Sees every packet that a host sends. */
  onPacket: (from: number, packet: Uint8Array) => void = () => {};
  readonly #random: Random;
  readonly #queue: LabEvent[] = [];
  #timeouts = 0;

  constructor(
    seed: number,
    options: readonly [Partial<TcpStackOptions>, Partial<TcpStackOptions>],
    origins: readonly [number, number] = [0, 0],
  ) {
    this.#random = new Random(seed);
    const make = (number: 0 | 1): LabHost =>
      new LabHost(
        this,
        number,
        { random: stackRandom(seed, number), ...options[number] },
        origins[number],
      );
    this.hosts = [make(0), make(1)];
  }

  at(time: number, happen: () => void): void {
    const at = Math.ceil(Math.max(time, this.now) * STEPS_PER_MILLISECOND) / STEPS_PER_MILLISECOND;
    let index = this.#queue.length;
    while (index > 0 && this.#queue[index - 1]!.at > at) index--;
    this.#queue.splice(index, 0, { at, happen });
  }

  /** Runs until a time, or until nothing happens any more; `look` is called after each event. */
  run(until: number, look: () => void = () => {}): void {
    for (let events = 0; ; events++) {
      if (events > MOST_EVENTS) throw new Error(`no end after ${events} events, at ${this.now} ms`);
      const [one, other] = this.hosts;
      const timeout = Math.min(one.nextTimeout, other.nextTimeout);
      const at = Math.min(this.#queue[0]?.at ?? Number.POSITIVE_INFINITY, timeout);
      if (at > until || at === Number.POSITIVE_INFINITY) break;
      this.#advance(at);
      if ((this.#queue[0]?.at ?? Number.POSITIVE_INFINITY) <= this.now) {
        this.#queue.shift()!.happen();
      } else {
        for (const host of this.hosts) if (host.nextTimeout <= this.now) this.#expire(host);
      }
      look();
    }
    if (until !== Number.POSITIVE_INFINITY) this.now = Math.max(this.now, until);
  }

  /** Takes a packet from a host. */
  carry(from: number, packet: Uint8Array): void {
    this.onPacket(from, packet);
    if (this.isCut) return;
    if (packet.length > this.mtu) {
      this.onTooBig(this.hosts[from]!, packet, this.mtu);
      return;
    }
    const isFin = (packet[IPV6_HEADER_LENGTH + TCP_FLAGS_OFFSET]! & TCP_FIN) !== 0;
    if (isFin && this.finsToLose > 0) {
      this.finsToLose--;
      return;
    }
    const { loss, duplication, marks } = this.paths[from]!;
    if (this.#random.fraction() < loss) {
      if (!marks || (packet[1]! & ECN_MASK) === 0) return;
      packet[1]! |= ECN_CE;
    }
    this.deliver(1 - from, packet, from);
    if (this.#random.fraction() < duplication) this.deliver(1 - from, packet.slice(), from);
  }

  /** Delivers a packet over the path from a host, whoever sent it. */
  deliver(to: number, packet: Uint8Array, from: number): void {
    const { delay, jitter } = this.paths[from]!;
    const host = this.hosts[to]!;
    this.at(this.now + delay + jitter * this.#random.fraction(), () =>
      host.call(() => host.stack.handlePacket(packet, 0, packet.length, host.now())),
    );
  }

  #advance(at: number): void {
    const now = Math.ceil(Math.max(at, this.now) * STEPS_PER_MILLISECOND) / STEPS_PER_MILLISECOND;
    if (now > this.now) this.#timeouts = 0;
    this.now = now;
  }

  #expire(host: LabHost): void {
    if (++this.#timeouts > MOST_TIMEOUTS_AT_ONCE) {
      const states = host.connections.map(({ state }) => state);
      throw new Error(`${this.#timeouts} timeouts at ${this.now} ms, in ${states.join()}`);
    }
    host.call(() => host.stack.handleTimeout(host.now()));
  }
}

/** The chance of the stack of a host. */
export function stackRandom(seed: number, number: number): () => number {
  return new Random(seed + 0x1234_5670 + number).fraction;
}
