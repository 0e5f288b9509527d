import { EventEmitter } from 'node:events';
import { seededRandom } from '@6bed4/testing/random';
import type { StreamSocket } from '../../src/streamEndpoint.js';

/** Faults of a {@link wire}. */
export interface WireOptions {
  /** Milliseconds one way; default 1. */
  readonly delay?: number;
  /** Share of datagrams lost; default 0. */
  readonly loss?: number;
  /** Share of datagrams that arrive twice; default 0. */
  readonly duplicates?: number;
  /** Share of datagrams that others overtake; default 0. */
  readonly reordering?: number;
  readonly seed?: number;
}

interface Packet {
  readonly bytes: Buffer;
  readonly due: number;
}

/** Traffic at one end of a {@link wire}. */
export interface WireCount {
  datagrams: number;
  bytes: number;
  largest: number;
}

/** One end of a {@link wire}: as much of a `dgram.Socket` as streams use. */
export class WireSocket extends EventEmitter implements StreamSocket {
  readonly sent: WireCount = { datagrams: 0, bytes: 0, largest: 0 };
  /** Sees each datagram before it goes; false keeps it. */
  filter: (bytes: Buffer) => boolean = () => true;
  readonly #address: string;
  readonly #port: number;
  readonly #options: WireOptions;
  readonly #random: () => number;
  #other: WireSocket | null = null;
  #queue: Packet[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(address: string, port: number, options: WireOptions) {
    super();
    this.#address = address;
    this.#port = port;
    this.#options = options;
    this.#random = seededRandom((options.seed ?? 1) + port);
  }

  join(other: WireSocket): void {
    this.#other = other;
  }

  send(
    message: Uint8Array,
    port: number | ((error: Error | null) => void),
    address?: string,
    callback: (error: Error | null) => void = () => {},
  ): void {
    queueMicrotask(() => callback(null));
    const bytes = Buffer.from(message);
    this.sent.datagrams++;
    this.sent.bytes += bytes.length;
    this.sent.largest = Math.max(this.sent.largest, bytes.length);
    const other = this.#other;
    if (other === null || port !== other.#port || address !== other.#address) return;
    if (!this.filter(bytes) || this.#random() < (this.#options.loss ?? 0)) return;
    this.#enqueue(bytes);
    if (this.#random() < (this.#options.duplicates ?? 0)) this.#enqueue(Buffer.from(bytes));
  }

  remoteAddress(): never {
    throw Object.assign(new Error('not connected'), { code: 'ERR_SOCKET_DGRAM_NOT_CONNECTED' });
  }

  address(): { address: string; family: string; port: number } {
    return { address: this.#address, family: 'IPv6', port: this.#port };
  }

  /** Hands a datagram to the listener here, as if it came from the other end. */
  arrive(bytes: Buffer, from = this.#other?.address()): void {
    this.emit('message', bytes, { ...from, size: bytes.length });
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#queue = [];
    this.emit('close');
  }

  #enqueue(bytes: Buffer): void {
    const { delay = 1, reordering = 0 } = this.#options;
    const late = this.#random() < reordering ? delay * (1 + this.#random()) : 0;
    const packet = { bytes, due: performance.now() + delay + late };
    let index = this.#queue.length;
    while (index > 0 && (this.#queue[index - 1]?.due ?? 0) > packet.due) index--;
    this.#queue.splice(index, 0, packet);
    this.#timer ??= setTimeout(() => this.#deliver(), delay);
  }

  #deliver(): void {
    this.#timer = null;
    const now = performance.now();
    let count = 0;
    while ((this.#queue[count]?.due ?? Number.POSITIVE_INFINITY) <= now) count++;
    for (const { bytes } of this.#queue.splice(0, count)) this.#other?.arrive(bytes);
    const next = this.#queue[0];
    if (next !== undefined) this.#timer ??= setTimeout(() => this.#deliver(), next.due - now);
  }
}

/** Two datagram sockets at the ends of a path with these faults. */
export function wire(options: WireOptions = {}): [WireSocket, WireSocket] {
  const left = new WireSocket('2001:db8::1', 1001, options);
  const right = new WireSocket('2001:db8::2', 1002, options);
  left.join(right);
  right.join(left);
  return [left, right];
}
