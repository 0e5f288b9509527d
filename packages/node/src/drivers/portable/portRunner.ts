import type { Machine, TunnelEvent, TunnelSink } from '@6bed4/tunnel';
import { plainBytes } from '../../plainBytes.js';
import type { DatagramPort } from '../ports/datagramPort.js';
import type { PacketPort } from '../ports/packetPort.js';

/** The longest delay that `setTimeout` takes, in milliseconds. */
const LONGEST_DELAY = 0x7fff_ffff;

/** What a {@link PortRunner} connects. */
export interface PortRunnerOptions<M extends Machine> {
  /** Makes the machine around its sink. */
  readonly machine: (sink: TunnelSink) => M;
  readonly datagrams: DatagramPort;
  readonly packets: PacketPort;
  /** Is told what the machine tells, once the machine has finished. */
  readonly onEvent: (event: TunnelEvent) => void;
  /** Milliseconds that never go back; default `performance.now`. */
  readonly clock?: () => number;
}

/**
 * Connects a machine with sockets, local side, clock and timer. Knows nothing of the protocol.
 *
 * A machine must not be called while it works. So packets and events for users are handed over after
 * it has returned, and what comes in meanwhile all the same waits.
 */
export class PortRunner<M extends Machine> {
  readonly machine: M;
  readonly #datagrams: DatagramPort;
  readonly #packets: PacketPort;
  readonly #onEvent: (event: TunnelEvent) => void;
  readonly #clock: () => number;
  readonly #events: TunnelEvent[] = [];
  readonly #postponed: (() => void)[] = [];
  #working = false;
  #settling = false;
  #closed = false;
  #isRef = true;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  /** @throws whatever the machine has to say about its options */
  constructor(options: PortRunnerOptions<M>) {
    const { datagrams, packets } = options;
    this.#datagrams = datagrams;
    this.#packets = packets;
    this.#onEvent = options.onEvent;
    this.#clock = options.clock ?? (() => performance.now());
    this.machine = options.machine({
      sendDatagram: (bytes, offset, length, to, tos, ttl) =>
        datagrams.send(bytes, offset, length, to, tos, ttl),
      deliverPacket: (bytes, offset, length) => packets.deliver(bytes, offset, length),
      event: (event) => {
        this.#events.push(event);
      },
    });
  }

  /** Begins to carry packets. */
  start(): void {
    this.#datagrams.start(this.#datagramArrived);
    this.#packets.start(this.#packetArrived);
    this.#settle();
  }

  /**
   * Calls the machine, at once or when it has finished what it is doing.
   *
   * @returns what the action does, if it was done at once
   */
  command<T>(action: (machine: M, now: number) => T): T | undefined {
    if (this.#closed) return undefined;
    if (this.#working) {
      this.#postponed.push(() => this.command(action));
      return undefined;
    }
    let result: T;
    this.#working = true;
    try {
      result = action(this.machine, this.#clock());
    } finally {
      this.#working = false;
    }
    this.#settle();
    return result;
  }

  /** Whether the machine is at work, so that a command would have to wait. */
  get isBusy(): boolean {
    return this.#working;
  }

  /** Lets the timer keep the process alive, as it does at first. */
  ref(): void {
    this.#isRef = true;
    this.#timer?.ref();
  }

  /** Lets the process end though the timer is set. */
  unref(): void {
    this.#isRef = false;
    this.#timer?.unref();
  }

  /** Stops the clock and gives both sides back. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#postponed.length = 0;
    this.#events.length = 0;
    this.#packets.close();
    await this.#datagrams.close();
  }

  readonly #datagramArrived = (
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
  ): void => {
    if (this.#closed) return;
    if (this.#working) {
      const copy = plainBytes(bytes).slice(offset, offset + length);
      this.#postponed.push(() => this.#datagramArrived(copy, 0, length, address, port));
      return;
    }
    this.#working = true;
    try {
      const plain = plainBytes(bytes);
      this.machine.handleDatagram(plain, offset, length, address, port, this.#clock());
    } finally {
      this.#working = false;
    }
    this.#settle();
  };

  readonly #packetArrived = (bytes: Uint8Array, offset: number, length: number): void => {
    if (this.#closed) return;
    if (this.#working) {
      const copy = plainBytes(bytes).slice(offset, offset + length);
      this.#postponed.push(() => this.#packetArrived(copy, 0, length));
      return;
    }
    this.#working = true;
    try {
      this.machine.handlePacket(plainBytes(bytes), offset, length, this.#clock());
    } finally {
      this.#working = false;
    }
    this.#settle();
  };

  /** Does what had to wait for the machine, which may lead to more of it, and sets the timer. */
  #settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    try {
      do {
        this.#postponed.shift()?.();
        for (let event = this.#events.shift(); event; event = this.#events.shift()) {
          this.#onEvent(event);
        }
        this.#packets.flush();
      } while (this.#events.length > 0 || this.#postponed.length > 0);
    } finally {
      this.#settling = false;
      this.#setTimer();
    }
  }

  /**
   * Sets the timer to an earlier time only. Data that goes out pushes keepalives into the future with
   * every packet; a timer that comes too early costs less than setting it again as often.
   */
  #setTimer(): void {
    if (this.#closed) return;
    const at = this.machine.nextTimeout();
    if (at >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const delay = Math.min(Math.max(at - this.#clock(), 0), LONGEST_DELAY);
    this.#timerAt = at;
    this.#timer = setTimeout(this.#timeout, Math.ceil(delay));
    if (!this.#isRef) this.#timer.unref();
  }

  readonly #timeout = (): void => {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.command((machine, now) => machine.handleTimeout(now));
  };
}
