import type { EventEmitter } from 'node:events';
import { addAbortSignal, Duplex } from 'node:stream';
import { nextTick, setImmediate } from '../realTimers.js';
import { Dial, type Dialer } from './dial.js';
import { IdleTimer } from './idleTimer.js';
import { closedBeforeConnection, netError, socketClosed } from './netErrors.js';
import { SocketEnds, type TcpAddress } from './socketEnds.js';
import {
  checkConnectOptions,
  checkSocketOptions,
  connectArguments,
  streamOptions,
  type TcpConnectOptions,
  type TcpSocketOptions,
} from './socketOptions.js';
import { SocketReader } from './socketReader.js';
import { refuseWrites, SocketWriter } from './socketWriter.js';
import type { Done, HandleListener, TcpHandle } from './tcpHandle.js';
import type { TcpLayer } from './tcpLayer.js';
import { layerOf } from './tunnelLayers.js';

/** State of a socket, as in `node:net`. */
export type TcpReadyState = 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed';

/** @internal The server that a socket was accepted by. */
export interface SocketKeeper {
  socketClosed(): void;
}

/** @internal What makes a socket out of a connection that was accepted. */
export interface Acceptance extends TcpSocketOptions {
  readonly handle: TcpHandle<unknown>;
  readonly keeper: SocketKeeper;
  readonly isPaused: boolean;
}

type Options = Readonly<Record<string, unknown>>;

/** What handles call; one for all sockets, so that each is small. */
let LISTENER: HandleListener<TcpSocket>;

/** A TCP socket over a tunnel, with the interface of `net.Socket`. */
export class TcpSocket extends Duplex {
  /** The server that has accepted the connection; null for other sockets. */
  server: EventEmitter | null = null;
  /** The addresses that were tried, as `address:port`, where a name had several. */
  autoSelectFamilyAttemptedAddresses?: string[];

  /** Milliseconds as given to {@link setTimeout}; undefined before. */
  timeout: number | undefined;

  readonly #layer: TcpLayer;
  #keeper: SocketKeeper | null = null;
  #handle: TcpHandle<unknown> | null = null;
  #dial: Dial | null = null;
  #connecting = false;
  #wantsData = false;
  #isRef = true;
  #mustReset = false;
  #isResetDue = false;
  #noDelay: boolean;
  #keepAlive: number;
  readonly #reader: SocketReader;
  readonly #writer = new SocketWriter();
  readonly #ends = new SocketEnds();
  #idle: IdleTimer | null = null;

  /**
   * Makes a socket that is not connected; see {@link connect}. Others come from `tunnel.connect` and from
   * the events `connection` of servers.
   *
   * @param tunnel - the tunnel that carries it
   * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE for options that cannot be used
   */
  constructor(tunnel: object, options: TcpSocketOptions = {}) {
    checkSocketOptions(options as Options);
    const { signal, onread, ...others } = options;
    super({
      ...streamOptions(others),
      allowHalfOpen: Boolean(options.allowHalfOpen),
      emitClose: false,
      autoDestroy: true,
    });
    this.#layer = layerOf(tunnel);
    this.#noDelay = Boolean(options.noDelay);
    this.#keepAlive = options.keepAlive ? Math.max(0, options.keepAliveInitialDelay ?? 0) : -1;
    this.#reader = new SocketReader(onread);
    this.on('end', refuseWrites);
    if (signal !== undefined) addAbortSignal(signal, this);
    const { handle, keeper, isPaused } = options as Partial<Acceptance>;
    if (handle === undefined) return;
    this.server = keeper as SocketKeeper & EventEmitter;
    this.#keeper = keeper!;
    this.#take(handle);
    if (isPaused) this.pause();
    else this.read(0);
  }

  /** Whether {@link connect} was called, and the other side has not accepted yet. */
  get connecting(): boolean {
    return this.#connecting;
  }

  /** Whether there is no connection: not yet, or no more. */
  get pending(): boolean {
    return this.#connecting || this.#handle === null;
  }

  /** The state of the socket in one word. */
  get readyState(): TcpReadyState {
    if (this.#connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Bytes that wait to be taken by TCP. */
  get bufferSize(): number | undefined {
    return this.#handle === null && this.#dial === null ? undefined : this.writableLength;
  }

  /** Bytes that were received. */
  get bytesRead(): number {
    return this.#reader.bytesRead;
  }

  /** Bytes that were written, those in buffers included. */
  get bytesWritten(): number {
    // The prototype itself is looked at, too.
    if (!(#handle in this)) return undefined as unknown as number;
    return this.#writer.bytesTaken + this.writableLength;
  }

  /** The IPv6 address of the other side; undefined without a connection. */
  get remoteAddress(): string | undefined {
    return this.#remoteEnd()?.address;
  }

  get remotePort(): number | undefined {
    return this.#remoteEnd()?.port;
  }

  get remoteFamily(): string | undefined {
    return this.#remoteEnd()?.family;
  }

  /** The IPv6 address of this side; undefined without a connection. */
  get localAddress(): string | undefined {
    return this.#localEnd()?.address;
  }

  get localPort(): number | undefined {
    return this.#localEnd()?.port;
  }

  get localFamily(): string | undefined {
    return this.#localEnd()?.family;
  }

  /** This side of the connection; an empty object without one. */
  address(): TcpAddress | Record<string, never> {
    return this.#localEnd() ?? {};
  }

  connect(options: TcpConnectOptions, listener?: () => void): this;
  connect(port: number | string, host?: string, listener?: () => void): this;
  connect(port: number | string, listener?: () => void): this;
  /**
   * Connects to a port. Emits `lookup` when a name was looked up, `connect` and `ready` when the other side
   * has accepted, or else `error`. A socket that was closed may connect again.
   *
   * @throws ERR_MISSING_ARGS, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_IP_ADDRESS,
   * ERR_SOCKET_BAD_PORT for arguments that cannot be used
   */
  connect(...args: unknown[]): this {
    const [given, listener] = connectArguments(args);
    const options = checkConnectOptions(given);
    if (this.write !== TcpSocket.prototype.write) this.write = TcpSocket.prototype.write;
    if (this.#dial === null && this.#handle === null) this.#renew();
    if (listener !== null) this.once('connect', listener);
    if (this.#handle !== null) {
      const { host: address = 'localhost', port } = options;
      const error = netError('EISCONN', 'connect', { address, port: Number(port) });
      nextTick(() => this.destroy(error));
      return this;
    }
    this.#dial?.cancel();
    this.#idle?.refresh();
    this.#connecting = true;
    const lanip = this.#layer.lanipFor(options.lanip);
    this.#dial = new Dial(this.#layer, options, lanip, this.#isRef, this.#dialer());
    this.#dial.start();
    return this;
  }

  /** Sends small segments at once, or with false by Nagle's algorithm. */
  setNoDelay(noDelay = true): this {
    this.#noDelay = Boolean(noDelay);
    if (this.#handle !== null) this.#handle.connection.noDelay = this.#noDelay;
    return this;
  }

  /**
   * Probes the connection while it is idle, so that a peer that is gone is noticed.
   *
   * @param initialDelay - milliseconds of quiet before the first probe; 0 for two hours
   */
  setKeepAlive(enable: boolean | undefined = false, initialDelay: number | undefined = 0): this {
    this.#keepAlive = enable ? Math.max(0, Math.trunc(initialDelay) || 0) : -1;
    this.#handle?.setKeepAlive(this.#keepAlive);
    return this;
  }

  /**
   * Emits `timeout` after a time without data in either direction; nothing else happens.
   *
   * @param timeout - milliseconds; 0 for never
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
   */
  setTimeout(timeout: number, listener?: () => void): this {
    if (this.destroyed) return this;
    this.timeout = timeout;
    this.#idle ??= new IdleTimer(() => this.emit('timeout'), this.#layer.timers);
    this.#idle.set(timeout, listener);
    if (listener !== undefined) {
      if (timeout === 0) this.off('timeout', listener);
      else this.once('timeout', listener);
    }
    return this;
  }

  /** Keeps the process alive while the socket connects, reads or writes, as at first. */
  ref(): this {
    this.#isRef = true;
    this.#handle?.ref();
    return this;
  }

  /** Lets the process end although the socket is in use. */
  unref(): this {
    this.#isRef = false;
    this.#handle?.unref();
    return this;
  }

  /** Ends the socket, and destroys it when all that was written has been taken. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Destroys the socket and resets the connection, so that the other side gets `ECONNRESET`. */
  resetAndDestroy(): this {
    if (this.#connecting) this.#isResetDue = true;
    else if (this.#handle === null) this.destroy(socketClosed());
    else {
      this.#mustReset = true;
      this.destroy();
    }
    return this;
  }

  override pause(): this {
    if (this.#reader.hasCallback) this.#handle?.stopReading();
    return super.pause();
  }

  override resume(): this {
    if (this.#reader.hasCallback) this.#startReading();
    return super.resume();
  }

  override read(size?: number): unknown {
    if (this.#reader.hasCallback) this.#startReading();
    return super.read(size);
  }

  /** For `node:stream`. */
  override _read(): void {
    if (this.#handle === null) this.#wantsData = true;
    else this.#startReading();
  }

  /** For `node:stream`. */
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#send(chunk, null, chunk.length, done);
  }

  /** For `node:stream`. */
  override _writev(
    parts: { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (let index = parts.length - 1; index >= 0; index--) {
      const { chunk } = parts[index]!;
      size += chunk.length;
      chunks.push(chunk);
    }
    this.#send(chunks.pop()!, chunks, size, done);
  }

  /** For `node:stream`. */
  override _final(done: (error?: Error | null) => void): void {
    if (this.#connecting) this.#writer.delayEnd(done);
    else if (this.#handle === null) done();
    else this.#handle.end(done);
  }

  /** For `node:stream`. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const handle = this.#handle;
    const reason = this.#connecting ? closedBeforeConnection : socketClosed;
    this.#connecting = false;
    this.#idle?.cancel();
    this.#dial?.cancel();
    this.#dial = null;
    this.#handle = null;
    if (this.#mustReset) handle?.reset();
    else handle?.close();
    const refuse = this.#writer.drop();
    const closed = (): void => {
      this.emit('close', error !== null);
      refuse?.(reason());
    };
    done(error);
    if (handle === null) nextTick(closed);
    else setImmediate(closed);
    const keeper = this.#keeper;
    this.#keeper = null;
    keeper?.socketClosed();
  }

  #send(chunk: Uint8Array, rest: Uint8Array[] | null, size: number, done: Done): void {
    if (this.#connecting) {
      this.#writer.delay(() => this.#send(chunk, rest, size, done), done);
      return;
    }
    const handle = this.#handle;
    if (handle === null) {
      done(socketClosed());
      return;
    }
    this.#idle?.refresh();
    this.#writer.write(handle, chunk, rest, { size, done });
  }

  #take(handle: TcpHandle<unknown>): void {
    this.#handle = handle;
    this.#ends.clear();
    handle.attach(this, LISTENER as HandleListener<unknown>);
    handle.connection.noDelay = this.#noDelay;
    handle.setKeepAlive(this.#keepAlive);
    if (!this.#isRef) handle.unref();
  }

  /** Makes a socket that was closed as good as new. */
  #renew(): void {
    (this as unknown as { _undestroy?(): void })._undestroy?.();
    this.#mustReset = false;
    this.#isResetDue = false;
    this.#wantsData = false;
    this.#reader.clear();
    this.#writer.clear();
    this.#ends.clear();
  }

  #dialer(): Dialer {
    return {
      report: (event, ...args) => void this.emit(event, ...args),
      connected: (handle) => this.#connected(handle),
      refused: (error) => {
        this.#noteAttempts();
        this.destroy(error);
      },
    };
  }

  #noteAttempts(): void {
    const attempted = this.#dial?.attempted ?? [];
    if (attempted.length > 0) this.autoSelectFamilyAttemptedAddresses = attempted;
    this.#dial = null;
  }

  #connected(handle: TcpHandle<unknown>): void {
    this.#noteAttempts();
    this.#connecting = false;
    this.#take(handle);
    this.#idle?.refresh();
    this.emit('connect');
    this.emit('ready');
    if (this.#isResetDue) this.resetAndDestroy();
    if (this.#handle !== handle) return;
    this.#writer.connected((done) => this._final(done));
    if (this.#wantsData) this.#startReading();
    if (this.readable && !this.isPaused()) this.read(0);
  }

  #startReading(): void {
    if (this.#handle?.isReading === false) this.#handle.startReading();
  }

  #readable(handle: TcpHandle<unknown>): void {
    this.#idle?.refresh();
    if (!this.#reader.take(this, handle)) handle.stopReading();
  }

  #ended(): void {
    this.push(null);
    this.read(0);
  }

  #localEnd(): TcpAddress | null {
    return this.#ends.local(this.#handle?.connection ?? null);
  }

  #remoteEnd(): TcpAddress | null {
    return this.#ends.remote(this.#handle?.connection ?? null);
  }

  static {
    LISTENER = {
      opened: () => {},
      readable: (socket, handle) => socket.#readable(handle),
      ended: (socket) => socket.#ended(),
      progressed: (socket) => socket.#idle?.refresh(),
      failed: (socket, code, note) => void socket.destroy(netError(code, 'read', { note })),
      terminated: (socket) => void socket.destroy(),
    };
  }
}
