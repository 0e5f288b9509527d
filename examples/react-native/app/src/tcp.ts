import { parseIPv6 } from '@6bed4/codec';
import { type TcpConnection, type TcpErrorCode, type TcpEvent, TcpStack } from '@6bed4/tcp';
import { random } from './random';

/** Bytes of all connections that are neither acknowledged nor read; a phone has less memory than a server. */
const MEMORY = 8 * 1024 * 1024;
const BUFFER = 256 * 1024;
const LONGEST_DELAY = 0x7fff_ffff;
const CHUNK = 16 * 1024;

/** Listeners of a {@link TcpLink}. */
export interface TcpCallbacks {
  opened?(): void;
  /** Bytes that arrived, which may be kept. */
  data?(bytes: Uint8Array): void;
  /** The other side sends no more. */
  ended?(): void;
  /** It is over; the code says why, null for no error. */
  closed?(error: TcpErrorCode | null): void;
}

/** One TCP connection. */
export class TcpLink {
  callbacks: TcpCallbacks;
  readonly #tcp: Tcp;
  readonly #connection: TcpConnection;
  readonly #unsent: Uint8Array[] = [];
  #isEnding = false;
  #isEnded = false;

  /** @internal */
  constructor(tcp: Tcp, connection: TcpConnection, callbacks: TcpCallbacks) {
    this.#tcp = tcp;
    this.#connection = connection;
    this.callbacks = callbacks;
  }

  /** Bytes that were written and not acknowledged. */
  get buffered(): number {
    return this.#unsent.reduce((sum, { length }) => sum + length, this.#connection.buffered);
  }

  /** Sends bytes, at once or when there is room; they must not be changed. */
  write(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.#tcp.run(() => this.#pump());
  }

  /** Ends the data of this side, after all that was written. */
  end(): void {
    this.#isEnding = true;
    this.#tcp.run(() => this.#pump());
  }

  /** Ends the connection at once. */
  abort(): void {
    this.#tcp.run((now) => this.#connection.abort(now));
  }

  /** @internal */
  happened(event: TcpEvent): void {
    if (event === 'open') this.callbacks.opened?.();
    if (event === 'open' || event === 'writable') this.#tcp.run(() => this.#pump());
    if (event === 'readable') this.#read();
    if (event === 'closed') this.callbacks.closed?.(this.#connection.error);
  }

  #pump(): void {
    const now = performance.now();
    while (this.#unsent.length > 0) {
      const first = this.#unsent[0]!;
      const count = this.#connection.write(first, 0, first.length, now);
      if (count < first.length) {
        this.#unsent[0] = first.subarray(count);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#isEnding) this.#connection.end(now);
  }

  #read(): void {
    while (this.#connection.readable > 0) {
      const bytes = new Uint8Array(Math.min(this.#connection.readable, CHUNK));
      this.#tcp.run((now) => this.#connection.read(bytes, 0, bytes.length, now));
      this.callbacks.data?.(bytes);
    }
    if (!this.#connection.isEnded || this.#isEnded) return;
    this.#isEnded = true;
    this.callbacks.ended?.();
  }
}

/** TCP at the IPv6 address of a tunnel, with the clock and the timers of the phone. */
export class Tcp {
  readonly #stack: TcpStack;
  readonly #send: (packet: Uint8Array) => void;
  readonly #links = new Map<TcpConnection, TcpLink>();
  readonly #accepts = new Map<number, (link: TcpLink) => TcpCallbacks>();
  readonly #outgoing: Uint8Array[] = [];
  readonly #reports: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #isRunning = false;

  /** @param send - sends an IPv6 packet */
  constructor(send: (packet: Uint8Array) => void) {
    this.#send = send;
    const buffers = { sendBuffer: BUFFER, receiveBuffer: BUFFER, maximumMemory: MEMORY };
    this.#stack = new TcpStack(
      { random, ...buffers },
      {
        sendPacket: (bytes, offset, length) => {
          this.#outgoing.push(bytes.slice(offset, offset + length));
        },
        event: (connection, event) => {
          this.#reports.push(() => this.#links.get(connection)?.happened(event));
          if (event === 'closed') this.#reports.push(() => this.#links.delete(connection));
        },
        accepted: (listener) => {
          this.#reports.push(() => this.#accept(listener.port, listener.accept()));
        },
      },
    );
  }

  /**
   * Opens a connection.
   *
   * @param source - the own IPv6 address
   * @throws InvalidArgumentError for what is no IPv6 address
   * @throws TcpUsageError when that address cannot be reached, or no port is free
   */
  connect(source: string, destination: string, port: number, callbacks: TcpCallbacks): TcpLink {
    const local = { address: parseIPv6(source), port: 0 };
    const remote = { address: parseIPv6(destination), port };
    return this.run((now) => this.#add(this.#stack.connect(local, remote, now), callbacks));
  }

  /**
   * Accepts connections at a port.
   *
   * @param accept - returns the listeners of the connection that is given
   * @throws TcpUsageError when the port is in use
   */
  listen(port: number, accept: (link: TcpLink) => TcpCallbacks): void {
    this.#accepts.set(this.#stack.listen(null, port).port, accept);
  }

  /** Takes a TCP segment, as an IPv6 packet, that came for this side. */
  packetArrived(packet: Uint8Array): void {
    this.run((now) => this.#stack.handlePacket(packet, 0, packet.length, now));
  }

  /** Ends all connections at once. */
  abortAll(): void {
    for (const link of [...this.#links.values()]) link.abort();
  }

  /** @internal Calls the stack, sends what it wants sent, then tells what happened, and sets the timer. */
  run<T>(action: (now: number) => T): T {
    const result = action(performance.now());
    this.#settle();
    return result;
  }

  #settle(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#outgoing.length > 0 || this.#reports.length > 0) {
        for (const packet of this.#outgoing.splice(0)) this.#send(packet);
        this.#reports.shift()?.();
      }
    } finally {
      this.#isRunning = false;
    }
    this.#arm();
  }

  #arm(): void {
    const at = this.#stack.nextTimeout();
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.min(Math.max(Math.ceil(at - performance.now()), 0), LONGEST_DELAY);
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.run((now) => this.#stack.handleTimeout(now));
    }, delay);
  }

  #add(connection: TcpConnection, callbacks: TcpCallbacks): TcpLink {
    const link = new TcpLink(this, connection, callbacks);
    this.#links.set(connection, link);
    return link;
  }

  #accept(port: number, connection: TcpConnection | null): void {
    const accept = this.#accepts.get(port);
    if (connection === null || accept === undefined) return;
    const link = this.#add(connection, {});
    link.callbacks = accept(link);
    link.happened('open');
    if (connection.readable > 0 || connection.isEnded) link.happened('readable');
    if (connection.state === 'CLOSED') link.happened('closed');
  }
}
