import type { TcpConnection, TcpEvent } from '@6bed4/tcp';
import type { PolicyName } from '@6bed4/tunnel';
import { nextTick, setImmediate } from '../realTimers.js';
import { streamDestroyed } from './netErrors.js';
import type { ConnectionHandle, ConnectionOwner, TcpLayer } from './tcpLayer.js';

/** Takes the outcome of a write or of an end. */
export type Done = (error?: Error | null) => void;

/** Milliseconds of quiet before the first probe, at least. */
const LEAST_KEEP_ALIVE = 1_000;

/** Takes what a handle has to tell; one for all sockets, so that each is small. */
export interface HandleListener<S> {
  /** The connection is open. */
  opened(socket: S): void;
  /** Bytes can be read. */
  readable(socket: S, handle: TcpHandle<S>): void;
  /** All was read, and the other side has ended. */
  ended(socket: S): void;
  /** Bytes were taken that had waited for room. */
  progressed(socket: S): void;
  /** The connection has ended by an error. */
  failed(socket: S, code: string, note?: string): void;
  /** The tunnel closes. */
  terminated(socket: S): void;
}

/** The connection of a socket; it may go on after the socket, until all that was written has arrived. */
export class TcpHandle<S> implements ConnectionOwner, ConnectionHandle {
  readonly connection: TcpConnection;
  readonly layer: TcpLayer;
  #socket: S | null = null;
  #listener: HandleListener<S> | null = null;
  /** A turn of the event loop will come. */
  #isDue = false;
  #isOpening: boolean;
  #hasOpened = false;
  #isReading = false;
  #hasEnded = false;
  #isRef = true;
  #isHeld = false;
  #isClosed = false;
  #hasPolicy = false;
  #failure: string | null = null;
  /** Says more about the failure. */
  #note: string | undefined = undefined;
  #chunk: Uint8Array | null = null;
  #offset = 0;
  /** Chunks after that one, in reverse order. */
  #chunks: Uint8Array[] | null = null;
  #written: Done | null = null;

  constructor(layer: TcpLayer, connection: TcpConnection, isOpening: boolean) {
    this.layer = layer;
    this.connection = connection;
    this.#isOpening = isOpening;
    connection.owner = this;
    layer.handles.add(this);
    this.#hold();
  }

  /** Sets the socket that it belongs to. */
  attach(socket: S, listener: HandleListener<S>): void {
    this.#socket = socket;
    this.#listener = listener;
    if (this.#failure !== null) this.#schedule();
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  set policy(policy: PolicyName) {
    this.#hasPolicy = true;
    this.layer.policies.set(this.connection, policy);
  }

  happened(event: TcpEvent): void {
    if (event === 'open') this.#isOpening = false;
    if (event === 'closed') this.#failure = this.connection.error;
    this.#schedule();
  }

  /** The connection cannot go on. */
  fail(code: string, note: string): void {
    this.connection.abort(this.layer.clock());
    this.#failure = code;
    this.#note = note;
    this.#schedule();
  }

  terminate(): void {
    if (this.#socket === null) this.reset();
    else this.#listener?.terminated(this.#socket);
  }

  startReading(): void {
    this.#isReading = !this.#hasEnded;
    this.#hold();
    const { connection } = this;
    if (connection.readable > 0 || connection.isEnded || this.#failure !== null) this.#schedule();
  }

  stopReading(): void {
    this.#isReading = false;
    this.#hold();
  }

  /** Copies bytes that have arrived. */
  read(into: Uint8Array, offset: number, length: number): number {
    const count = this.connection.read(into, offset, length, this.layer.clock());
    this.layer.settle();
    return count;
  }

  /** Writes one chunk, or several in reverse order; `done` is called when all bytes were taken. */
  write(chunk: Uint8Array, rest: Uint8Array[] | null, done: Done): void {
    this.#chunk = chunk;
    this.#chunks = rest;
    this.#offset = 0;
    this.#written = done;
    this.#push();
    this.#hold();
  }

  /** Ends the data of this side. */
  end(done: Done): void {
    this.connection.end(this.layer.clock());
    this.layer.settle();
    nextTick(done);
  }

  /** The socket is gone; what was written still arrives, unless there is data that nobody will read. */
  close(): void {
    if (this.#isClosed) return;
    const { connection, layer } = this;
    this.#leave();
    connection.close(layer.clock());
    layer.settle();
    layer.orphans.add(connection, this.#isRef);
  }

  /** Gives the connection up. */
  reset(): void {
    if (this.#isClosed) return;
    this.#leave();
    this.connection.abort(this.layer.clock());
    this.layer.settle();
  }

  /** @param idle - milliseconds of quiet before the first probe; 0 for two hours, less for no probes */
  setKeepAlive(idle: number): void {
    const options = idle > 0 ? { idle: Math.max(idle, LEAST_KEEP_ALIVE) } : {};
    this.connection.setKeepAlive(idle < 0 ? null : options, this.layer.clock());
    this.layer.settle();
  }

  ref(): void {
    this.#isRef = true;
    this.#hold();
  }

  unref(): void {
    this.#isRef = false;
    this.#hold();
  }

  #leave(): void {
    this.#isClosed = true;
    this.#isReading = false;
    this.#socket = null;
    this.connection.owner = null;
    this.layer.handles.delete(this);
    if (this.#hasPolicy) this.layer.policies.set(this.connection, null);
    const written = this.#written;
    this.#written = null;
    this.#chunk = null;
    this.#chunks = null;
    this.#hold();
    if (written !== null) nextTick(written, streamDestroyed());
  }

  /** A socket keeps the process alive while it opens, reads or writes. */
  #hold(): void {
    const isActive = this.#isOpening || this.#isReading || this.#written !== null;
    const isHeld = this.#isRef && !this.#isClosed && isActive;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.layer.retain();
    else this.layer.release();
  }

  /** What happens is handled in a turn of its own, so that what listeners defer runs before the next. */
  #schedule(): void {
    if (this.#isDue || this.#isClosed) return;
    this.#isDue = true;
    setImmediate(takeTurn, this);
  }

  /** @internal */
  turn(): void {
    this.#isDue = false;
    if (this.#isClosed) return;
    if (!this.#hasOpened && !this.#isOpening) this.#open();
    if (this.#written !== null) this.#progress();
    if (this.#isReading) this.#pull();
    if (this.#failure !== null) this.#end(this.#failure);
  }

  #open(): void {
    this.#hasOpened = true;
    this.#hold();
    this.#listener?.opened(this.#socket!);
  }

  #progress(): void {
    const before = this.connection.buffered;
    this.#push();
    if (this.connection.buffered !== before && this.#socket !== null) {
      this.#listener?.progressed(this.#socket);
    }
    this.#hold();
  }

  #push(): void {
    const { connection, layer } = this;
    const now = layer.clock();
    while (this.#chunk !== null) {
      const chunk = this.#chunk;
      const left = chunk.length - this.#offset;
      const count = connection.write(chunk, this.#offset, left, now, true);
      if (count < left) {
        this.#offset += count;
        layer.flushStack();
        return;
      }
      this.#offset = 0;
      this.#chunk = this.#chunks?.pop() ?? null;
    }
    layer.flushStack();
    const written = this.#written;
    this.#written = null;
    this.#chunks = null;
    written?.();
  }

  #pull(): void {
    const { connection } = this;
    if (connection.readable > 0) {
      this.#listener?.readable(this.#socket!, this);
      if (this.#isReading && (connection.readable > 0 || connection.isEnded)) this.#schedule();
    } else if (connection.isEnded && !this.#hasEnded) {
      this.#hasEnded = true;
      this.#isReading = false;
      this.#hold();
      this.#listener?.ended(this.#socket!);
    }
  }

  /** What has arrived before the error is read before. */
  #end(code: string): void {
    if (this.#isClosed || this.#socket === null) return;
    if (this.connection.readable > 0) return;
    this.#failure = null;
    this.#listener?.failed(this.#socket, code, this.#note);
  }
}

function takeTurn(handle: TcpHandle<unknown>): void {
  handle.turn();
}
