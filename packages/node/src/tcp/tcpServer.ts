import dns from 'node:dns';
import { EventEmitter } from 'node:events';
import { type BlockList, isIPv4 } from 'node:net';
import { formatIPv6 } from '@6bed4/codec';
import { type TcpConnection, TcpUsageError } from '@6bed4/tcp';
import type { PolicyName } from '@6bed4/tunnel';
import { nextTick, setImmediate } from '../realTimers.js';
import { readAddress } from '../socket/destinationAddress.js';
import { checkListenOptions, listenArguments, type TcpListenOptions } from './listenOptions.js';
import { alreadyListening, invalidType, netError, serverNotRunning } from './netErrors.js';
import type { TcpAddress } from './socketEnds.js';
import { checkBlockList, checkDelay } from './socketOptions.js';
import { TcpHandle } from './tcpHandle.js';
import type { TcpLayer } from './tcpLayer.js';
import { isUnspecified, TcpListening } from './tcpListening.js';
import { type Acceptance, TcpSocket } from './tcpSocket.js';
import { layerOf } from './tunnelLayers.js';

const DEFAULT_BACKLOG = 511;

/** Options of {@link Tunnel.createServer}: those of `net.createServer`. */
export interface TcpServerOptions {
  /** Whether sockets stay writable when the other side has ended; default false. */
  readonly allowHalfOpen?: boolean;
  /** Whether sockets are paused at first; default false. */
  readonly pauseOnConnect?: boolean;
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  /** Bytes that sockets buffer in each direction above TCP. */
  readonly highWaterMark?: number;
  /** Addresses whose connections are ended at once. */
  readonly blockList?: BlockList;
  /** Whether rejections of asynchronous listeners destroy their socket. */
  readonly captureRejections?: boolean;
  /** The lanip of the addresses to listen on, where the dialect has one; default that of the tunnel. */
  readonly lanip?: number;
  /** The paths that segments may take; default the `policy` of the tunnel. */
  readonly policy?: PolicyName;
}

/** A connection that was not accepted, of the event `drop`. */
export interface TcpDrop {
  readonly localAddress: string;
  readonly localPort: number;
  readonly localFamily: 'IPv6';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: 'IPv6';
}

/** The events of a {@link TcpServer}, which are those of `net.Server`. */
export interface TcpServerEvents {
  listening: [];
  /** Somebody has connected. */
  connection: [socket: TcpSocket];
  /** A connection was reset, since there are `maxConnections`. */
  drop: [data: TcpDrop];
  error: [error: Error];
  /** The port is free again, and all connections have ended. */
  close: [];
}

/** Accepts TCP connections at a port of a tunnel, with the interface of `net.Server`. */
export class TcpServer extends EventEmitter<TcpServerEvents> {
  /** How many connections there may be at a time; undefined for any number. */
  maxConnections: number | undefined;
  readonly #tunnel: object;
  readonly #layer: TcpLayer;
  readonly #options: TcpServerOptions;
  #listening: TcpListening | null = null;
  /** A name is being looked up. */
  #isStarting = false;
  #connections = 0;
  #isRef = true;
  #isHeld = false;

  /**
   * @param tunnel - the tunnel whose addresses it listens on
   * @throws ERR_INVALID_ARG_TYPE for options that cannot be used
   */
  constructor(tunnel: object, options?: TcpServerOptions, listener?: (socket: TcpSocket) => void);
  constructor(tunnel: object, listener?: (socket: TcpSocket) => void);
  constructor(tunnel: object, first?: unknown, second?: unknown) {
    const isListener = typeof first === 'function';
    const options = ((isListener ? null : first) ?? {}) as TcpServerOptions;
    if (typeof options !== 'object') throw invalidType('options', 'of type object', first);
    super(options);
    checkDelay(options.keepAliveInitialDelay);
    checkBlockList(options.blockList);
    this.#tunnel = tunnel;
    this.#layer = layerOf(tunnel);
    this.#options = options;
    this.#layer.lanipFor(options.lanip);
    const listener = isListener ? first : second;
    if (typeof listener === 'function') this.on('connection', listener as () => void);
  }

  /** Whether connections are accepted. */
  get listening(): boolean {
    return this.#listening !== null;
  }

  listen(options: TcpListenOptions, listener?: () => void): this;
  listen(port?: number | string, host?: string, backlog?: number, listener?: () => void): this;
  listen(port?: number | string, host?: string, listener?: () => void): this;
  listen(port?: number | string, backlog?: number, listener?: () => void): this;
  listen(port?: number | string, listener?: () => void): this;
  listen(listener?: () => void): this;
  /**
   * Accepts connections at a port; without a host at all addresses, those of later included. Emits
   * `listening`, or `error` with EADDRINUSE, or EADDRNOTAVAIL for an address that is none of the tunnel.
   *
   * @throws ERR_SERVER_ALREADY_LISTEN when it listens already; ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE,
   * ERR_SOCKET_BAD_PORT for arguments that cannot be used
   */
  listen(...args: unknown[]): this {
    const [given, listener] = listenArguments(args);
    if (this.#listening !== null || this.#isStarting) throw alreadyListening();
    if (listener !== null) this.once('listening', listener);
    const { host, port, backlog, signal } = checkListenOptions(given);
    if (signal !== undefined) this.#closeOn(signal);
    if (signal?.aborted) return this;
    if (!host) this.#begin(null, port, backlog);
    else {
      this.#isStarting = true;
      this.#lookUp(host, port, backlog);
    }
    return this;
  }

  /** Address and port, or null while it does not listen. */
  address(): TcpAddress | null {
    const listening = this.#listening;
    if (listening === null) return null;
    return { address: listening.address, family: 'IPv6', port: listening.port };
  }

  /** Tells how many connections there are. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    nextTick(callback, null, this.#connections);
    return this;
  }

  /**
   * Accepts no more connections; emits `close` when those that there are have ended.
   *
   * @param callback - for `close`, with an error when the server did not listen
   */
  close(callback?: (error?: Error) => void): this {
    if (typeof callback === 'function') {
      const isRunning = this.#listening !== null;
      this.once('close', () => (isRunning ? callback() : callback(serverNotRunning())));
    }
    this.#isStarting = false;
    this.#listening?.close();
    this.#listening = null;
    this.#layer.servers.delete(this);
    this.#hold();
    this.#closeIfDrained();
    return this;
  }

  /** Keeps the process alive while the server listens, as at first. */
  ref(): this {
    this.#isRef = true;
    this.#hold();
    return this;
  }

  /** Lets the process end although the server listens. */
  unref(): this {
    this.#isRef = false;
    this.#hold();
    return this;
  }

  /** Closes the server; resolves when its connections have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#listening === null) return;
    await new Promise<void>((resolve, reject) => {
      this.close((error) => (error ? reject(error) : resolve()));
    });
  }

  /** A listener has rejected; see `captureRejections`. */
  override [EventEmitter.captureRejectionSymbol](
    error: Error,
    event: unknown,
    ...args: unknown[]
  ): void {
    if (event === 'connection') (args[0] as TcpSocket).destroy(error);
    else this.emit('error', error);
  }

  /** @internal For sockets. */
  socketClosed(): void {
    this.#connections--;
    this.#closeIfDrained();
  }

  #closeOn(signal: AbortSignal): void {
    const close = (): void => void this.close();
    if (signal.aborted) nextTick(close);
    else {
      signal.addEventListener('abort', close, { once: true });
      this.once('close', () => signal.removeEventListener('abort', close));
    }
  }

  #lookUp(host: string, port: number, backlog: number | undefined): void {
    if (host === 'localhost') {
      nextTick(() => this.#start('::1', host, port, backlog));
      return;
    }
    // Not a function imported by name: programs replace the property.
    dns.lookup(host, { family: isIPv4(host) ? 4 : 6 }, (error, address) => {
      if (!this.#isStarting) return;
      if (error === null) this.#start(address, host, port, backlog);
      else {
        this.#isStarting = false;
        this.emit('error', error);
      }
    });
  }

  #start(text: string, host: string, port: number, backlog: number | undefined): void {
    if (!this.#isStarting) return;
    this.#isStarting = false;
    const address = readAddress(text);
    if (address !== null) {
      this.#begin(isUnspecified(address) ? null : address, port, backlog, host);
      return;
    }
    if (text === '0.0.0.0') this.#begin(null, port, backlog, host);
    else this.#fail(netError('EADDRNOTAVAIL', 'listen', { address: host, port }));
  }

  #begin(address: Uint8Array | null, port: number, backlog: number | undefined, host = '::'): void {
    const { policy, lanip } = this.#options;
    const layer = this.#layer;
    if (!layer.isOpen) {
      this.#fail(netError('ENETDOWN', 'listen', { address: host, port }));
      return;
    }
    const options = {
      ...{ address, port, backlog: backlog ?? DEFAULT_BACKLOG },
      ...{ lanip: layer.lanipFor(lanip), policy },
    };
    try {
      this.#listening = new TcpListening(layer, options, (connection) => this.#accept(connection));
    } catch (error) {
      if (!(error instanceof TcpUsageError)) throw error;
      this.#fail(netError(error.code, 'listen', { address: host, port }));
      return;
    }
    layer.servers.add(this);
    this.#hold();
    nextTick(() => {
      if (this.#listening !== null) this.emit('listening');
    });
  }

  #fail(error: Error): void {
    nextTick(() => this.emit('error', error));
  }

  #hold(): void {
    const isHeld = this.#isRef && this.#listening !== null;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#layer.retain();
    else this.#layer.release();
  }

  /** Each connection in a turn of its own, so that what listeners defer runs before the next. */
  #accept(connection: TcpConnection): void {
    const handle = new TcpHandle<unknown>(this.#layer, connection, false);
    const { policy } = this.#options;
    if (policy !== undefined) handle.policy = policy;
    setImmediate(() => this.#pass(handle));
  }

  #pass(handle: TcpHandle<unknown>): void {
    const { maxConnections } = this;
    if (this.#listening === null) {
      handle.reset();
      return;
    }
    if (maxConnections != null && this.#connections >= maxConnections) {
      this.emit('drop', dropOf(handle.connection));
      handle.close();
      return;
    }
    if (this.#options.blockList?.check(formatIPv6(handle.connection.remote.address), 'ipv6')) {
      handle.close();
      return;
    }
    this.#connections++;
    const { allowHalfOpen, pauseOnConnect, highWaterMark } = this.#options;
    const { noDelay, keepAlive, keepAliveInitialDelay } = this.#options;
    const acceptance = {
      ...{ handle, keeper: this, isPaused: Boolean(pauseOnConnect) },
      ...{ allowHalfOpen, highWaterMark, noDelay, keepAlive, keepAliveInitialDelay },
    } as Acceptance;
    this.emit('connection', new TcpSocket(this.#tunnel, acceptance));
  }

  #closeIfDrained(): void {
    if (this.#listening !== null || this.#connections > 0) return;
    nextTick(() => this.emit('close'));
  }
}

function dropOf({ local, remote }: TcpConnection): TcpDrop {
  return {
    localAddress: formatIPv6(local.address),
    localPort: local.port,
    localFamily: 'IPv6',
    remoteAddress: formatIPv6(remote.address),
    remotePort: remote.port,
    remoteFamily: 'IPv6',
  };
}
