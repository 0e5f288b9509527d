import { EventEmitter } from 'node:events';
import type { TunnelSocket } from '@6bed4/node';
import { pick } from './pick.js';
import {
  createStreamEndpoint,
  type StreamEndpoint,
  type StreamEndpointOptions,
} from './streamEndpoint.js';
import { StreamError } from './streamError.js';
import type { StreamHost, StreamSocketSettings } from './streamHost.js';
import type { StreamAddress, TunnelStream } from './tunnelStream.js';

/** Settings of {@link StreamingTunnel.createServer}. */
export interface TunnelServerOptions extends StreamEndpointOptions, StreamSocketSettings {}

/** Local end of a {@link TunnelServer}. */
export interface TunnelListenOptions {
  /** UDP port; default any. */
  readonly port?: number;
  /** One of the tunnel's addresses; default all. */
  readonly host?: string;
  /** Closes the server. */
  readonly signal?: AbortSignal;
}

/** The events of a {@link TunnelServer}, which are those of `net.Server`. */
export interface TunnelServerEvents {
  listening: [];
  /** A peer has connected. */
  connection: [stream: TunnelStream];
  error: [error: Error];
  /** No stream is left and the port is free again. */
  close: [];
}

/** Accepts streams at a port of a tunnel, with the interface of `net.Server`. */
export class TunnelServer extends EventEmitter<TunnelServerEvents> {
  readonly #host: StreamHost;
  readonly #options: TunnelServerOptions;
  #socket: TunnelSocket | null = null;
  #endpoint: StreamEndpoint | null = null;
  #isClosing = false;

  /** @internal */
  constructor(
    host: StreamHost,
    options: TunnelServerOptions,
    listener?: (stream: TunnelStream) => void,
  ) {
    super();
    this.#host = host;
    this.#options = options;
    if (listener !== undefined) this.on('connection', listener);
  }

  /** Whether connections are accepted. */
  get listening(): boolean {
    return this.#endpoint !== null && !this.#isClosing;
  }

  listen(port?: number, host?: string, callback?: () => void): this;
  listen(port?: number, callback?: () => void): this;
  listen(options: TunnelListenOptions, callback?: () => void): this;
  /**
   * Takes a port and accepts connections there. Emits `listening`, or `error` with codes such as
   * EADDRINUSE and ENOTSUP.
   *
   * @throws StreamError ERR_SERVER_ALREADY_LISTEN when it listens already
   */
  listen(...args: unknown[]): this {
    if (this.#socket !== null) {
      throw new StreamError('ERR_SERVER_ALREADY_LISTEN', 'listen', 'listen() was called before');
    }
    const [first, second] = args;
    const callback = args.find((argument) => typeof argument === 'function');
    const options: TunnelListenOptions =
      typeof first === 'object' && first !== null
        ? first
        : {
            ...(typeof first === 'number' && { port: first }),
            ...(typeof second === 'string' && { host: second }),
          };
    if (callback !== undefined) this.once('listening', callback as () => void);
    const { signal } = options;
    signal?.addEventListener('abort', () => this.close(), { once: true });
    const socket = this.#host.createSocket({
      type: 'udp6',
      ...pick(this.#options, 'lanip', 'policy'),
    });
    this.#socket = socket;
    // Errors of the socket while the server closes are of no consequence.
    socket.on('error', () => {});
    const failed = (error: Error): void => this.#fail(error);
    socket.once('error', failed);
    socket.bind(options.port ?? 0, options.host ?? '::', () => {
      createStreamEndpoint(socket, this.#options).then((endpoint) => {
        socket.off('error', failed);
        this.#start(endpoint);
      }, failed);
    });
    if (signal?.aborted === true) this.close();
    return this;
  }

  /** Address and port, or null while it does not listen. */
  address(): StreamAddress | null {
    return this.#endpoint === null ? null : (this.#socket?.address() ?? null);
  }

  /** Streams that were accepted and are not closed. */
  get streams(): ReadonlySet<TunnelStream> {
    return this.#endpoint?.streams ?? new Set();
  }

  /**
   * Accepts no more connections, and gives the port back once the streams there are have ended.
   *
   * @param callback - for `close`, or called with an error when the server did not listen
   */
  close(callback?: (error?: Error) => void): this {
    if (this.#socket === null) {
      const error = new StreamError(
        'ERR_SERVER_NOT_RUNNING',
        'close',
        'the server does not listen',
      );
      if (callback !== undefined) process.nextTick(callback, error);
      return this;
    }
    if (callback !== undefined) this.once('close', () => callback());
    if (this.#isClosing) return this;
    this.#isClosing = true;
    if (this.#endpoint !== null) void this.#end(this.#endpoint);
    return this;
  }

  /** Aborts the streams that were accepted; the server goes on, unless it closes. */
  closeAllConnections(): void {
    for (const stream of this.streams) stream.resetAndDestroy();
  }

  /** Keeps the process running while the server listens, as at first. */
  ref(): this {
    this.#socket?.ref();
    return this;
  }

  /** Lets the process end although the server listens. */
  unref(): this {
    this.#socket?.unref();
    return this;
  }

  /** Closes the server and its streams at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket === null) return;
    this.closeAllConnections();
    await new Promise<void>((resolve) => this.close(() => resolve()));
  }

  #start(endpoint: StreamEndpoint): void {
    this.#endpoint = endpoint;
    endpoint.on('connection', (stream) => this.emit('connection', stream));
    endpoint.on('error', (error) => this.emit('error', error));
    // The tunnel may close the socket.
    endpoint.once('close', () => void this.#end(endpoint));
    if (this.#isClosing) void this.#end(endpoint);
    else this.emit('listening');
  }

  async #end(endpoint: StreamEndpoint): Promise<void> {
    await endpoint.close();
    this.#release();
  }

  #fail(error: Error): void {
    this.#release();
    this.emit('error', error);
  }

  #release(): void {
    const socket = this.#socket;
    if (socket === null) return;
    const hasListened = this.#endpoint !== null || this.#isClosing;
    this.#socket = null;
    this.#endpoint = null;
    this.#isClosing = false;
    try {
      socket.close();
    } catch {
      // Closed with its tunnel.
    }
    if (hasListened) process.nextTick(() => this.emit('close'));
  }
}
