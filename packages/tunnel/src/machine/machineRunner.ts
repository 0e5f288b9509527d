import type { TunnelEvent } from '../report/events.js';
import type { Machine, TunnelSink } from './machine.js';

/** The part of a driver that a {@link MachineRunner} calls: clock, timer, and both sides. */
export interface MachineHost extends Pick<TunnelSink, 'sendDatagram' | 'deliverPacket'> {
  /** The time of the machine's clock, in milliseconds; never goes back. */
  now(): number;

  /**
   * Sets the only timer: {@link MachineRunner.handleTimeout} is to be called at `at` on that clock, and
   * no more at the time set before, which was later.
   */
  setTimer(at: number): void;

  /** Hands over the packets that were delivered meanwhile. The machine may be used from here. */
  flush(): void;

  /** Takes what the machine reports. The machine may be used from here. */
  eventHappened(event: TunnelEvent): void;
}

const TIMEOUT = (machine: Machine, now: number): void => machine.handleTimeout(now);

/**
 * The loop around a machine that every driver needs: runs the machine, keeps what it reports until it
 * has returned, hands that over, and sets the timer again, as the contract of {@link Machine} says.
 *
 * A machine must not be called while it works. So what comes in meanwhile all the same, because a socket
 * or a listener calls back too early, is copied and waits. Datagrams that the machine sends and packets
 * that it delivers go to the driver at once, which copies what it keeps.
 *
 * @example
 * ```ts
 * const runner = new MachineRunner((sink) => new Peer(options, sink), host);
 * runner.resume();
 * runner.command((peer, now) => peer.start(now));
 * socket.onDatagram = (bytes, address, port) =>
 *   runner.handleDatagram(bytes, 0, bytes.length, address, port);
 * ```
 */
export class MachineRunner<M extends Machine> {
  readonly machine: M;
  readonly #host: MachineHost;
  readonly #events: TunnelEvent[] = [];
  readonly #postponed: (() => void)[] = [];
  #working = false;
  #settling = false;
  #closed = false;
  #timerAt = Number.POSITIVE_INFINITY;

  /**
   * @param make - makes the machine around its sink
   * @throws InvalidArgumentError when the machine refuses its options
   */
  constructor(make: (sink: TunnelSink) => M, host: MachineHost) {
    this.#host = host;
    this.machine = make({
      sendDatagram: (bytes, offset, length, to, tos, ttl) =>
        host.sendDatagram(bytes, offset, length, to, tos, ttl),
      deliverPacket: (bytes, offset, length) => host.deliverPacket(bytes, offset, length),
      event: (event) => {
        this.#events.push(event);
      },
    });
  }

  /** Whether the machine is at work, so that whatever it is given has to wait. */
  get isBusy(): boolean {
    return this.#working;
  }

  /** Begins, or goes on after the clock jumped ahead: sets the timer anew. */
  resume(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#settle();
  }

  /**
   * Calls the machine, at once or when it has finished what it is doing.
   *
   * @returns what the action returns; undefined when it waits, or when the runner was closed
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
      result = action(this.machine, this.#host.now());
    } finally {
      this.#working = false;
    }
    this.#settle();
    return result;
  }

  /**
   * A UDP datagram arrived; see {@link Machine.handleDatagram}.
   *
   * @param bytes - a plain `Uint8Array`, whose `slice` copies
   */
  handleDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
  ): void {
    if (this.#closed) return;
    if (this.#working) {
      const copy = bytes.slice(offset, offset + length);
      this.#postponed.push(() => this.handleDatagram(copy, 0, length, address, port));
      return;
    }
    this.#working = true;
    try {
      this.machine.handleDatagram(bytes, offset, length, address, port, this.#host.now());
    } finally {
      this.#working = false;
    }
    this.#settle();
  }

  /**
   * The local side sends an IPv6 packet; see {@link Machine.handlePacket}.
   *
   * @param bytes - a plain `Uint8Array`, whose `slice` copies
   */
  handlePacket(bytes: Uint8Array, offset: number, length: number): void {
    if (this.#closed) return;
    if (this.#working) {
      const copy = bytes.slice(offset, offset + length);
      this.#postponed.push(() => this.handlePacket(copy, 0, length));
      return;
    }
    this.#working = true;
    try {
      this.machine.handlePacket(bytes, offset, length, this.#host.now());
    } finally {
      this.#working = false;
    }
    this.#settle();
  }

  /** The timer that {@link MachineHost.setTimer} set has expired; earlier does no harm. */
  handleTimeout(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.command(TIMEOUT);
  }

  /** Ends: the machine is not called any more, and what it has reported is dropped. */
  close(): void {
    this.#closed = true;
    this.#events.length = 0;
  }

  /** Does what had to wait for the machine, which may lead to more of it, and sets the timer. */
  #settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    try {
      do {
        // Usually there is nothing, and asking for a length costs least.
        if (this.#postponed.length > 0) this.#postponed.shift()!();
        while (this.#events.length > 0) this.#host.eventHappened(this.#events.shift()!);
        this.#host.flush();
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
    this.#timerAt = at;
    this.#host.setTimer(at);
  }
}
