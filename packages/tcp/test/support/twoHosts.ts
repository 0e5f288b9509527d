import { parseIPv6 } from '@6bed4/codec';
import { seededRandom } from '@6bed4/testing/random';
import {
  type TcpConnection,
  type TcpEvent,
  type TcpListener,
  TcpStack,
  type TcpStackOptions,
} from '../../src/index.js';

/** One direction of the path between two hosts. */
export interface PathOptions {
  /** Milliseconds. */
  readonly delay?: number;
  /** Further milliseconds, up to this, by chance; more than the time between packets reorders them. */
  readonly jitter?: number;
  /** 0..1 */
  readonly loss?: number;
  /** 0..1 */
  readonly duplication?: number;
  /** Bytes in a millisecond; infinite by default. */
  readonly rate?: number;
  /** Bytes that wait at the bottleneck. */
  readonly queue?: number;
}

export const CLIENT = parseIPv6('fc64::1');
export const SERVER = parseIPv6('fc64::2');

/** A host with a stack, and what its connections have reported. */
export class Host {
  readonly stack: TcpStack;
  readonly events: string[] = [];
  readonly accepted: TcpConnection[] = [];
  /** Called for each event when the stack has returned. */
  onEvent: (connection: TcpConnection, event: TcpEvent) => void = () => {};
  readonly #waiting: (() => void)[] = [];

  constructor(options: TcpStackOptions, send: (packet: Uint8Array) => void) {
    this.stack = new TcpStack(options, {
      sendPacket: (bytes, offset, length) => send(bytes.slice(offset, offset + length)),
      event: (connection, event) => {
        this.events.push(event);
        this.#waiting.push(() => this.onEvent(connection, event));
      },
      accepted: (listener: TcpListener) => {
        this.#waiting.push(() => {
          const connection = listener.accept();
          if (connection === null) return;
          this.accepted.push(connection);
          this.onEvent(connection, 'open');
          this.onEvent(connection, 'readable');
        });
      },
    });
  }

  settle(): void {
    for (let run = this.#waiting.shift(); run !== undefined; run = this.#waiting.shift()) run();
  }
}

const MOST_STEPS = 300_000;

interface Arrival {
  readonly at: number;
  readonly number: number;
  readonly to: Host;
  readonly packet: Uint8Array;
}

/** Two hosts and the path between them, in virtual time. */
export class TwoHosts {
  now = 1_000;
  readonly client: Host;
  readonly server: Host;
  /** Packets on their way that are dropped; by default none. */
  drops: (packet: Uint8Array, fromClient: boolean) => boolean = () => false;
  packets = 0;
  readonly #random: () => number;
  readonly #arrivals: Arrival[] = [];
  readonly #busyUntil = new Map<Host, number>();

  constructor(
    path: PathOptions = {},
    options: Partial<TcpStackOptions> & { seed?: number; server?: Partial<TcpStackOptions> } = {},
  ) {
    const { seed = 1, server, ...both } = options;
    this.#random = seededRandom(seed);
    const random = seededRandom(seed + 1_000);
    this.client = new Host({ random, ...both }, (packet) => this.#send(this.server, packet, path));
    this.server = new Host({ random, ...both, ...server }, (packet) =>
      this.#send(this.client, packet, path),
    );
  }

  /** Runs until nothing happens any more, or for so many milliseconds. */
  run(time = Number.POSITIVE_INFINITY): void {
    const end = this.now + time;
    for (let step = 0; ; step++) {
      if (step > MOST_STEPS) throw new Error(`no end after ${step} steps, at ${this.now} ms`);
      this.client.settle();
      this.server.settle();
      const at = Math.min(
        this.#arrivals[0]?.at ?? Number.POSITIVE_INFINITY,
        this.client.stack.nextTimeout(),
        this.server.stack.nextTimeout(),
      );
      if (at === Number.POSITIVE_INFINITY || at > end) break;
      this.now = Math.max(this.now, at);
      this.#step();
    }
    if (time !== Number.POSITIVE_INFINITY) this.now = end;
  }

  #step(): void {
    const next = this.#arrivals[0];
    if (next !== undefined && next.at <= this.now) {
      this.#pop();
      next.to.stack.handlePacket(next.packet, 0, next.packet.length, this.now);
      return;
    }
    this.client.stack.handleTimeout(this.now);
    this.server.stack.handleTimeout(this.now);
  }

  #send(to: Host, packet: Uint8Array, path: PathOptions): void {
    this.packets++;
    if (this.drops(packet, to === this.server)) return;
    const { delay = 1, jitter = 0, loss = 0, duplication = 0, rate, queue = 100_000 } = path;
    let at = this.now + delay + this.#random() * jitter;
    if (rate !== undefined) {
      const free = Math.max(this.now, this.#busyUntil.get(to) ?? 0);
      if ((free - this.now) * rate > queue) return;
      this.#busyUntil.set(to, free + packet.length / rate);
      at += free - this.now + packet.length / rate;
    }
    if (this.#random() < loss) return;
    this.#push({ at, number: this.packets, to, packet });
    if (this.#random() < duplication)
      this.#push({ at: at + 1, number: this.packets, to, packet: packet.slice() });
  }

  #push(arrival: Arrival): void {
    let index = this.#arrivals.length;
    while (index > 0 && this.#arrivals[index - 1]!.at > arrival.at) index--;
    this.#arrivals.splice(index, 0, arrival);
  }

  #pop(): void {
    this.#arrivals.shift();
  }
}

/** The byte at an offset of a stream. */
const byteAt = (offset: number): number => (offset * 31 + (offset >>> 8)) & 255;

/** Writes a stream of so many bytes as fast as it is taken, then ends it. */
export class StreamWriter {
  readonly #length: number;
  #written = 0;

  constructor(length: number) {
    this.#length = length;
  }

  write(connection: TcpConnection, now: number): void {
    while (this.#written < this.#length && connection.writable > 0) {
      const count = Math.min(connection.writable, this.#length - this.#written, 16_384);
      const piece = Uint8Array.from({ length: count }, (_, index) => byteAt(this.#written + index));
      this.#written += connection.write(piece, 0, count, now);
    }
    if (this.#written === this.#length) connection.end(now);
  }
}

/** Reads a stream, and checks each byte. */
export class StreamReader {
  count = 0;
  isSound = true;
  readonly #buffer = new Uint8Array(16_384);

  read(connection: TcpConnection, now: number): void {
    for (;;) {
      const count = connection.read(this.#buffer, 0, this.#buffer.length, now);
      if (count === 0) return;
      for (let index = 0; index < count; index++) {
        if (this.#buffer[index] !== byteAt(this.count + index)) this.isSound = false;
      }
      this.count += count;
    }
  }
}
