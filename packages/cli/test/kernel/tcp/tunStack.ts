import { NEXT_HEADER_ICMPV6, NEXT_HEADER_OFFSET } from '@6bed4/nd';
import { loadLibc } from '../../../../node/src/drivers/kernel/libc.js';
import { Tun } from '../../../../node/src/drivers/tun/tunDevice.js';
import {
  type TcpConnection,
  type TcpEvent,
  TcpStack,
  type TcpStackOptions,
} from '../../../../tcp/src/index.js';

/** Options of a {@link TunStack}. */
export interface TunStackOptions extends Omit<TcpStackOptions, 'random'> {
  /** Name of the network interface. */
  readonly device: string;
  /** Milliseconds that each packet waits, in each direction; default 0. */
  readonly delay?: number;
}

/** Takes what happens to a connection; it is called when the stack has returned. */
export type EventHandler = (connection: TcpConnection, event: TcpEvent) => void;

/** A stack whose packets go to the kernel through a TUN interface and come from there. */
export class TunStack {
  readonly stack: TcpStack;
  readonly #tun: Tun;
  readonly #delay: number;
  readonly #onEvent: EventHandler;
  readonly #events: (readonly [TcpConnection, TcpEvent])[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #isSettling = false;

  private constructor(tun: Tun, options: TunStackOptions, onEvent: EventHandler) {
    this.#tun = tun;
    this.#delay = options.delay ?? 0;
    this.#onEvent = onEvent;
    this.stack = new TcpStack(
      { ...options, random: Math.random },
      {
        sendPacket: (bytes, offset, length) => this.#send(bytes, offset, length),
        event: (connection, event) => this.#events.push([connection, event]),
        accepted: (listener) => {
          const connection = listener.accept();
          if (connection !== null)
            this.#events.push([connection, 'open'], [connection, 'readable']);
        },
      },
    );
    tun.start(
      (bytes, offset, length) => this.#receive(bytes, offset, length),
      () => process.exit(1),
    );
  }

  static async open(options: TunStackOptions, onEvent: EventHandler): Promise<TunStack> {
    return new TunStack(Tun.open(await loadLibc(), options.device), options, onEvent);
  }

  /** Does something with the stack, and what follows from it. */
  run(action: (now: number) => void): void {
    action(performance.now());
    this.#settle();
  }

  #send(bytes: Uint8Array, offset: number, length: number): void {
    if (this.#delay === 0) {
      this.#tun.write(bytes, offset, length);
      return;
    }
    const packet = bytes.slice(offset, offset + length);
    setTimeout(() => this.#tun.write(packet, 0, length), this.#delay);
  }

  #receive(bytes: Uint8Array, offset: number, length: number): void {
    if (this.#delay === 0) {
      this.#handle(bytes, offset, length);
      return;
    }
    const packet = bytes.slice(offset, offset + length);
    setTimeout(() => this.#handle(packet, 0, length), this.#delay);
  }

  #handle(bytes: Uint8Array, offset: number, length: number): void {
    const now = performance.now();
    if (bytes[offset + NEXT_HEADER_OFFSET] === NEXT_HEADER_ICMPV6) {
      this.stack.handleIcmpError(bytes, offset, length, now);
    } else {
      this.stack.handlePacket(bytes, offset, length, now);
    }
    this.#settle();
  }

  #settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      this.#onEvent(next[0], next[1]);
    }
    this.#isSettling = false;
    const at = this.stack.nextTimeout();
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.run((now) => this.stack.handleTimeout(now));
      },
      Math.max(0, Math.ceil(at - performance.now())),
    );
  }
}
