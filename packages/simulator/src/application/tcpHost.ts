import { parseIPv6 } from '@6bed4/codec';
import { NEXT_HEADER_ICMPV6, NEXT_HEADER_OFFSET } from '@6bed4/nd';
import {
  type TcpConnection,
  type TcpEvent,
  type TcpListener,
  TcpStack,
  type TcpStackOptions,
} from '@6bed4/tcp';
import type { SimulationEvent } from '../time/eventQueue.js';
import type { Scheduler } from '../time/scheduler.js';
import { type OnTcpEvent, TcpSocket, type TcpSocketHost } from './tcpSocket.js';

/** The peer whose programs use TCP. */
export interface TcpUser {
  /** Its IPv6 address, RFC 5952; null for none. */
  readonly address: string | null;
  /** Whether its programs do not run for a while. */
  readonly isPaused: boolean;
  /** The time of its clock, in milliseconds. */
  now(): number;
  /** Sends an IPv6 packet, which is the user's to keep. */
  sendPacket(packet: Uint8Array): void;
}

/** Options of one connection that is opened. */
export interface TcpConnectOptions {
  /** 1..65535; default: a free one. */
  readonly localPort?: number;
  /** The IPv6 address to connect from; default: that of the peer. */
  readonly localAddress?: string;
  /** Called for every event. */
  readonly onEvent?: OnTcpEvent;
}

/** Timeouts at one and the same time after which a stack counts as stuck. */
const MOST_TIMEOUTS_AT_ONCE = 1000;
/** Times are multiples of 2^-10 ms: sums with the peer's own clock then stay exact. */
const STEPS_PER_MILLISECOND = 1024;
const nothing: OnTcpEvent = () => {};

/** TCP of a peer: the unchanged `TcpStack` of @6bed4/tcp, whose packets go through the tunnel. */
export class TcpHost implements TcpSocketHost {
  /** The stack itself, for its counters. */
  readonly stack: TcpStack;
  readonly #scheduler: Scheduler;
  readonly #user: TcpUser;
  readonly #sockets = new Map<TcpConnection, TcpSocket>();
  readonly #listeners = new Map<number, TcpListener>();
  readonly #accepts = new Map<TcpListener, (socket: TcpSocket) => void>();
  readonly #outgoing: Uint8Array[] = [];
  readonly #incoming: Uint8Array[] = [];
  readonly #reports: (() => void)[] = [];
  readonly #wake: SimulationEvent = { happen: (now) => this.#wakeUp(now) };
  #armedAt = Number.POSITIVE_INFINITY;
  #isSettling = false;
  #timeoutsAt = -1;
  #timeouts = 0;

  /** @internal */
  constructor(scheduler: Scheduler, user: TcpUser, options: TcpStackOptions) {
    this.#scheduler = scheduler;
    this.#user = user;
    this.stack = new TcpStack(options, {
      // The stack must not be called again while it sends, and what it has written is soon written over.
      sendPacket: (bytes, offset, length) =>
        this.#outgoing.push(bytes.slice(offset, offset + length)),
      event: (connection, event) => this.#reports.push(() => this.#report(connection, event)),
      accepted: (listener) => this.#reports.push(() => this.#accept(listener)),
    });
  }

  /**
   * Opens a connection; the event `open` or `closed` tells how that went.
   *
   * @param to - IPv6 address
   * @returns null when the peer has no address yet
   * @throws TcpUsageError - when the port is in use, or none is free
   */
  connect(to: string, port: number, options: TcpConnectOptions = {}): TcpSocket | null {
    const { localPort = 0, localAddress, onEvent = nothing } = options;
    const from = localAddress ?? this.#user.address;
    if (from === null) return null;
    const local = { address: parseIPv6(from), port: localPort };
    const remote = { address: parseIPv6(to), port };
    const socket = this.#add(this.stack.connect(local, remote, this.now()), onEvent);
    this.settle();
    return socket;
  }

  /** Accepts connections at a port of all addresses of the peer. @throws TcpUsageError - when it is in use */
  listen(port: number, accept: (socket: TcpSocket) => void, backlog?: number): void {
    const listener = this.stack.listen(null, port, backlog);
    this.#listeners.set(port, listener);
    this.#accepts.set(listener, accept);
  }

  /** Accepts no more connections at a port; those that were accepted go on. */
  unlisten(port: number): void {
    const listener = this.#listeners.get(port);
    if (listener === undefined) return;
    this.#listeners.delete(port);
    this.stack.unlisten(listener, this.now());
    this.#accepts.delete(listener);
    this.settle();
  }

  /** @internal A segment, or an ICMPv6 message, came out of the tunnel. */
  packetArrived(packet: Uint8Array): void {
    this.#incoming.push(packet);
    this.settle();
  }

  /** @internal The clock jumped, or the peer goes on. */
  resume(): void {
    this.#armedAt = Number.POSITIVE_INFINITY;
    this.settle();
  }

  /** @internal */
  now(): number {
    return this.#user.now();
  }

  /** @internal */
  settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    try {
      while (this.#settleOne());
    } finally {
      this.#isSettling = false;
    }
    this.#arm();
  }

  /** Does what was asked for first; returns whether there may be more. */
  #settleOne(): boolean {
    const outgoing = this.#outgoing.shift();
    if (outgoing !== undefined) {
      this.#user.sendPacket(outgoing);
      return true;
    }
    const report = this.#reports.shift();
    if (report !== undefined) {
      report();
      return true;
    }
    const incoming = this.#incoming.shift();
    if (incoming === undefined) return false;
    if (incoming[NEXT_HEADER_OFFSET] === NEXT_HEADER_ICMPV6) {
      this.stack.handleIcmpError(incoming, 0, incoming.length, this.now());
    } else {
      this.stack.handlePacket(incoming, 0, incoming.length, this.now());
    }
    return true;
  }

  #add(connection: TcpConnection, onEvent: OnTcpEvent): TcpSocket {
    const socket = new TcpSocket(this, connection, onEvent);
    this.#sockets.set(connection, socket);
    return socket;
  }

  #accept(listener: TcpListener): void {
    const connection = listener.accept();
    const accept = this.#accepts.get(listener);
    if (connection === null || accept === undefined) return;
    const socket = this.#add(connection, nothing);
    accept(socket);
    this.#tell(socket, 'open');
    if (connection.readable > 0 || connection.isEnded) this.#tell(socket, 'readable');
    if (connection.state === 'CLOSED') this.#tell(socket, 'closed');
  }

  #report(connection: TcpConnection, event: TcpEvent): void {
    const socket = this.#sockets.get(connection);
    // Of one that waits to be accepted.
    if (socket === undefined) return;
    this.#tell(socket, event);
  }

  #tell(socket: TcpSocket, event: TcpEvent): void {
    if (event === 'closed') this.#sockets.delete(socket.connection);
    socket.events.push(event);
    socket.onEvent(event, socket);
  }

  #arm(): void {
    const { now } = this.#scheduler;
    const at = Math.max(now, now + this.stack.nextTimeout() - this.now());
    const exact = Math.ceil(at * STEPS_PER_MILLISECOND) / STEPS_PER_MILLISECOND;
    if (exact >= this.#armedAt) return;
    this.#armedAt = exact;
    this.#scheduler.at(exact, this.#wake);
  }

  #wakeUp(now: number): void {
    if (now < this.#armedAt || this.#user.isPaused) return;
    this.#armedAt = Number.POSITIVE_INFINITY;
    if (this.stack.nextTimeout() <= this.now()) {
      this.#watch(now);
      this.stack.handleTimeout(this.now());
    }
    this.settle();
  }

  #watch(now: number): void {
    this.#timeouts = this.#timeoutsAt === now ? this.#timeouts + 1 : 0;
    this.#timeoutsAt = now;
    if (this.#timeouts > MOST_TIMEOUTS_AT_ONCE) {
      throw new Error(`TCP sets one timeout after another at ${now}`);
    }
  }
}
