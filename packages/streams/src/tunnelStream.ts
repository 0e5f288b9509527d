import { addAbortSignal, Duplex } from 'node:stream';
import type { QuicConnection, RemoteEndpoint } from './quicConnection.js';
import { StreamError } from './streamError.js';

/** Bytes that are read from a connection at once. */
const READ_SIZE = 64 * 1024;
/** A rest of a read buffer smaller than this is not worth another read. */
const LEAST_READ = 4 * 1024;
const HIGH_WATER_MARK = 64 * 1024;
const KEEP_ALIVE_DELAY = 15_000;

/** Options of a {@link TunnelStream}, with the names and defaults of `node:net`. */
export interface TunnelStreamOptions {
  /**
   * Whether the stream stays open for writing when the other side has finished; default false, as in
   * `node:net`: it is ended by itself then.
   */
  readonly allowHalfOpen?: boolean;
  /** Whether an idle connection is probed, so that the disappearance of its peer is noticed; default false. */
  readonly keepAlive?: boolean;
  /** Milliseconds of quiet before the first probe; default 15000. */
  readonly keepAliveInitialDelay?: number;
  /** Destroys the stream with an `AbortError`. */
  readonly signal?: AbortSignal;
}

/** Address of one end of a stream, as `address()` of `node:net` has it. */
export interface StreamAddress {
  readonly address: string;
  readonly family: string;
  readonly port: number;
}

/** The local end of a {@link TunnelStream}: its datagram socket. */
export interface LocalEnd {
  address(): StreamAddress;
  ref(): void;
  unref(): void;
}

/** A write of which not all bytes were taken yet. */
interface PendingWrite {
  rest: Buffer;
  readonly length: number;
  readonly callback: (error?: Error | null) => void;
}

/** State of a stream, as in `node:net`. */
export type StreamReadyState = 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed';

/**
 * A reliable ordered stream of bytes between two peers: a `Duplex` that behaves like `net.Socket`.
 *
 * Events besides those of `Duplex`: `connect` and `ready` when the other side has accepted, `timeout`
 * after {@link TunnelStream.setTimeout}, and `close` with whether there was an error. Errors are
 * {@link StreamError}s. `end()` finishes writing and leaves reading open. `destroy()` aborts, and the
 * other side sees `ECONNRESET`, if there is an error, or data that was not sent or not read yet.
 */
export class TunnelStream extends Duplex {
  readonly #localEnd: LocalEnd;
  #remote: RemoteEndpoint | null;
  #local: StreamAddress | null = null;
  #connection: QuicConnection | null = null;
  #connecting: boolean;
  #wantsData = false;
  #pending: PendingWrite | null = null;
  #ending: ((error?: Error | null) => void) | null = null;
  #finished = false;
  #mustReset = false;
  /** The other side has closed and takes nothing more. */
  #writesRefused = false;
  #bytesRead = 0;
  #bytesTaken = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #idle: NodeJS.Timeout | null = null;
  #timeout = 0;
  #keepAlive: number;

  /** @internal Streams come from `connect()` and from `connection` events. */
  constructor(localEnd: LocalEnd, remote: RemoteEndpoint | null, options: TunnelStreamOptions) {
    super({
      allowHalfOpen: options.allowHalfOpen ?? false,
      emitClose: false,
      readableHighWaterMark: HIGH_WATER_MARK,
      writableHighWaterMark: HIGH_WATER_MARK,
    });
    this.#localEnd = localEnd;
    this.#remote = remote;
    this.#connecting = true;
    this.#keepAlive =
      options.keepAlive === true ? (options.keepAliveInitialDelay ?? KEEP_ALIVE_DELAY) : 0;
    if (options.signal !== undefined) addAbortSignal(options.signal, this);
    this.once('end', () => {
      if (!this.allowHalfOpen) this.write = this.#writeAfterTheirEnd;
    });
  }

  /** Whether the other side has not accepted yet. */
  get connecting(): boolean {
    return this.#connecting;
  }

  /** Whether there is no connection: not yet, or no more. */
  get pending(): boolean {
    return this.#connecting || this.destroyed;
  }

  get readyState(): StreamReadyState {
    if (this.#connecting && !this.destroyed) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Bytes that were received and passed on to readers or their buffer. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Bytes that were written, those still in buffers included. */
  get bytesWritten(): number {
    return this.#bytesTaken + this.writableLength;
  }

  /** The other side's IPv6 address, once it is known. */
  get remoteAddress(): string | undefined {
    return this.#remote?.address;
  }

  get remotePort(): number | undefined {
    return this.#remote?.port;
  }

  get remoteFamily(): string | undefined {
    return this.#remote === null ? undefined : this.#remote.address.includes(':') ? 'IPv6' : 'IPv4';
  }

  get localAddress(): string | undefined {
    return this.#local?.address;
  }

  get localPort(): number | undefined {
    return this.#local?.port;
  }

  get localFamily(): string | undefined {
    return this.#local?.family;
  }

  /** Milliseconds as given to {@link TunnelStream.setTimeout}, or 0. */
  get timeout(): number {
    return this.#timeout;
  }

  /** The end on this side, or an empty object before the stream is connected. */
  address(): StreamAddress | Record<string, never> {
    return this.#local ?? {};
  }

  /**
   * Emits `timeout` after so many milliseconds without data in either direction; nothing else happens.
   *
   * @param timeout - milliseconds; 0 for never
   * @param listener - for the next `timeout`
   */
  setTimeout(timeout: number, listener?: () => void): this {
    if (!(timeout >= 0 && Number.isFinite(timeout))) {
      throw new RangeError(
        `timeout: found ${timeout}, expected a number of milliseconds from 0 on`,
      );
    }
    this.#timeout = timeout;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    if (timeout > 0 && !this.destroyed) {
      this.#idle = setTimeout(() => this.emit('timeout'), timeout);
      this.#idle.unref();
    }
    if (listener !== undefined) {
      if (timeout > 0) this.once('timeout', listener);
      else this.off('timeout', listener);
    }
    return this;
  }

  /**
   * Probes an idle connection, so that the disappearance of its peer is noticed: the stream fails with
   * ETIMEDOUT.
   *
   * @param enable - default false
   * @param initialDelay - milliseconds of quiet before a probe; 0 or none for 15000
   */
  setKeepAlive(enable = false, initialDelay = 0): this {
    this.#keepAlive = enable ? initialDelay || KEEP_ALIVE_DELAY : 0;
    if (this.#connection !== null) this.#connection.keepAlive = this.#keepAlive;
    return this;
  }

  /** There is nothing to turn off: what is written is sent at once, as in `node:net` with `true`. */
  setNoDelay(_noDelay = true): this {
    return this;
  }

  /** Keeps the process running while the datagram socket below is open. */
  ref(): this {
    this.#localEnd.ref();
    return this;
  }

  /** Lets the process end although the datagram socket below is open. */
  unref(): this {
    this.#localEnd.unref();
    return this;
  }

  /** Destroys the stream when all that was written has been passed on. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Destroys the stream and reports that to the other side, even after {@link Duplex.end}. */
  resetAndDestroy(): this {
    this.#mustReset = true;
    return this.destroy();
  }

  /** @internal */
  bind(connection: QuicConnection): void {
    if (this.destroyed) {
      connection.abort('');
      return;
    }
    this.#connection = connection;
    this.#remote = connection.remote;
    connection.keepAlive = this.#keepAlive;
    connection.attach({
      onConnected: () => this.#onConnected(),
      onReadable: () => this.#pull(),
      onWritable: () => this.#push(),
      onClosed: (error) => this.#onClosed(error),
    });
    if (connection.established) this.#onConnected();
  }

  /** For `node:stream`. */
  override _read(): void {
    this.#wantsData = true;
    this.#pull();
  }

  /** For `node:stream`. */
  override _write(chunk: Buffer, _: string, callback: (error?: Error | null) => void): void {
    this.#pending = { rest: chunk, length: chunk.length, callback };
    this.#push();
  }

  /** For `node:stream`. */
  override _final(callback: (error?: Error | null) => void): void {
    if (this.#connecting) {
      this.#ending = callback;
      return;
    }
    this.#finished = true;
    this.#connection?.finish();
    callback();
  }

  /** For `node:stream`. */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    if (error === null && !this.#mustReset && (this.#finished || this.#isQuiet())) {
      this.#connection?.finish();
      this.#connection?.release();
    } else {
      this.#connection?.abort(error instanceof StreamError ? '' : (error?.message ?? ''));
    }
    this.#connecting = false;
    this.#pending = null;
    callback(error);
    process.nextTick(() => this.emit('close', error !== null));
  }

  /** Fails with EPIPE after the other side has ended the stream, as in `node:net`. */
  #writeAfterTheirEnd(...args: unknown[]): boolean {
    if (!this.writableEnded) return Reflect.apply(Duplex.prototype.write, this, args);
    const error = this.#brokenPipe();
    const callback = args.find((argument) => typeof argument === 'function');
    if (callback !== undefined) process.nextTick(callback as (error: Error) => void, error);
    this.destroy(error);
    return false;
  }

  #onConnected(): void {
    if (!this.#connecting) return;
    this.#connecting = false;
    this.#local = this.#localEnd.address();
    this.#active();
    this.emit('connect');
    this.emit('ready');
    this.#push();
    if (this.#ending !== null) {
      const callback = this.#ending;
      this.#ending = null;
      this._final(callback);
    }
  }

  #pull(): void {
    const connection = this.#connection;
    if (connection === null || this.#connecting) return;
    while (this.#wantsData && !this.destroyed) {
      if (this.#buffer.length < LEAST_READ) this.#buffer = Buffer.allocUnsafe(READ_SIZE);
      const result = connection.read(this.#buffer);
      if (result === null) break;
      const [length, last] = result;
      if (length > 0) {
        const data = this.#buffer.subarray(0, length);
        this.#buffer = this.#buffer.subarray(length);
        this.#bytesRead += length;
        this.#active();
        this.#wantsData = this.push(data);
      }
      if (last) {
        this.#wantsData = false;
        this.push(null);
      }
    }
  }

  #push(): void {
    const pending = this.#pending;
    if (pending === null || this.#connecting || this.#connection === null) return;
    if (this.#writesRefused) {
      this.#pending = null;
      pending.callback(this.#brokenPipe());
      return;
    }
    const length = this.#connection.write(pending.rest);
    // Writing may have found the connection dead.
    if (this.#pending !== pending) return;
    if (length > 0) this.#active();
    if (length < pending.rest.length) {
      pending.rest = pending.rest.subarray(length);
      return;
    }
    this.#pending = null;
    this.#bytesTaken += pending.length;
    pending.callback();
  }

  #onClosed(error: StreamError | null): void {
    if (error !== null) {
      this.destroy(error);
      return;
    }
    // What has arrived before stays readable; what was to be written has nowhere to go.
    this.#writesRefused = true;
    this.#pull();
    this.#push();
  }

  #active(): void {
    this.#idle?.refresh();
  }

  /** Whether nothing would get lost by ending here: all was sent that was written, and all read. */
  #isQuiet(): boolean {
    const { writableLength, readableLength } = this;
    const isUnread = this.#connection?.isReadable !== false;
    return !this.#connecting && writableLength === 0 && readableLength === 0 && !isUnread;
  }

  #brokenPipe(): StreamError {
    return new StreamError(
      'EPIPE',
      'write',
      'the other side has closed the stream',
      this.#remote ?? undefined,
    );
  }
}
