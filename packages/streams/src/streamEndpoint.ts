import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { isIP, SocketAddress } from 'node:net';
import { acceptingConfig, connectingConfig, refusingConfig } from './configuration.js';
import {
  CONNECTION_ID_BYTES,
  connectionKey,
  destinationKey,
  hasLongHeader,
  MAXIMUM_PAYLOAD,
  MINIMUM_INITIAL,
} from './protocol.js';
import {
  type ConnectionOwner,
  type ConnectionTimes,
  ENDPOINTS,
  QuicConnection,
  type RemoteEndpoint,
} from './quicConnection.js';
import { type Config, type Header, type QuicLibrary, quicLibrary } from './quicLibrary.js';
import { RetryTokens } from './retryToken.js';
import { StreamError } from './streamError.js';
import {
  type LocalEnd,
  type StreamAddress,
  TunnelStream,
  type TunnelStreamOptions,
} from './tunnelStream.js';

/**
 * A datagram socket for streams: the part of `dgram.Socket` that they use. It has to be
 * bound, or to bind itself when it sends first. A socket that is connected reaches that one peer only.
 */
export interface StreamSocket {
  /** A datagram has come. The bytes belong to the listener, which may change them. */
  on(event: 'message', listener: (message: Buffer, source: RemoteEndpoint) => void): unknown;
  /** Something failed. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** The socket is closed. */
  on(event: 'close', listener: () => void): unknown;
  /** Takes a listener away. */
  off(event: 'message', listener: (message: Buffer, source: RemoteEndpoint) => void): unknown;
  /** Takes a listener away. */
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** Takes a listener away. */
  off(event: 'close', listener: () => void): unknown;
  /** Sends a datagram, at best effort. */
  send(
    message: Uint8Array,
    port: number,
    address: string,
    callback: (error: Error | null) => void,
  ): unknown;
  /** Sends a datagram to the peer of a connected socket. */
  send(message: Uint8Array, callback: (error: Error | null) => void): unknown;
  /** Throws unless the socket is connected. */
  remoteAddress(): unknown;
  /** Local address of the socket. */
  address(): StreamAddress;
  /** Keeps the process running. */
  ref(): unknown;
  /** Lets the process end. */
  unref(): unknown;
}

/** Settings of a {@link StreamEndpoint}; times are in milliseconds. */
export interface StreamEndpointOptions {
  /** For how long the other side may be silent while an answer of it is due; default 30000. */
  readonly silence?: number;
  /**
   * Bytes that the other side may send ahead of what was read from a stream, at most; default 4 MiB.
   * This bounds the memory that a stream whose reader is slow takes.
   */
  readonly receiveWindow?: number;
  /** Connections that may be accepted at once; more are refused. Default: no limit. */
  readonly maxConnections?: number;
  /** For streams that are accepted: as in {@link TunnelStreamOptions}. */
  readonly allowHalfOpen?: boolean;
  /** For streams that are accepted: as in {@link TunnelStreamOptions}. */
  readonly keepAlive?: boolean;
  /** For streams that are accepted: as in {@link TunnelStreamOptions}. */
  readonly keepAliveInitialDelay?: number;
}

/** Options of {@link StreamEndpoint.connect}. */
export interface StreamConnectOptions extends TunnelStreamOptions {
  /** Address of the other side, in digits. */
  readonly address: string;
  readonly port: number;
  /** Milliseconds for the connection to be made, or the stream fails with ETIMEDOUT; default 20000. */
  readonly timeout?: number;
}

/** Events of a {@link StreamEndpoint}. */
export interface StreamEndpointEvents {
  /** A peer has connected. Without a listener for it, connections are refused. */
  connection: [stream: TunnelStream];
  /** The datagram socket failed in a way that concerns no single stream. */
  error: [error: Error];
  close: [];
}

const CONNECT_TIMEOUT = 20_000;
const SILENCE = 30_000;
const RECEIVE_WINDOW = 4 * 1024 * 1024;
/** The least window that still lets a packet of each kind through. */
const LEAST_RECEIVE_WINDOW = 16 * 1024;
/** Handshakes that may be in progress with clients; Retry has validated their addresses. */
const MAXIMUM_HANDSHAKES = 256;
const HANDSHAKE_TIME = 10_000;
const MAXIMUM_TICK = 500;
const TICKS_IN_SILENCE = 10;

/**
 * Streams over one datagram socket: connects to others and accepts their connections, any number of
 * them at once. Works over every socket with the interface of `dgram.Socket`, above all the sockets of a
 * tunnel.
 */
export class StreamEndpoint extends EventEmitter<StreamEndpointEvents> {
  readonly #library: QuicLibrary;
  readonly #socket: StreamSocket;
  readonly #options: StreamEndpointOptions;
  readonly #silence: number;
  readonly #connecting: Config;
  readonly #accepting: Config;
  readonly #refusing: Config;
  readonly #tokens = new RetryTokens();
  readonly #connections = new Map<string, QuicConnection>();
  readonly #streams = new Set<TunnelStream>();
  readonly #localEnd: LocalEnd;
  readonly #owner: ConnectionOwner;
  readonly #ticker: NodeJS.Timeout;
  /** The local address of a connected socket, which the other side knows its streams by; null for others. */
  readonly #local: string | null;
  #handshakes = 0;
  #accepted = 0;
  #closing = false;
  #closed = false;

  private constructor(library: QuicLibrary, socket: StreamSocket, options: StreamEndpointOptions) {
    super();
    const window = options.receiveWindow ?? RECEIVE_WINDOW;
    if (!(window >= LEAST_RECEIVE_WINDOW)) {
      throw new RangeError(
        `receiveWindow: found ${window}, expected at least ${LEAST_RECEIVE_WINDOW} bytes`,
      );
    }
    this.#library = library;
    this.#socket = socket;
    this.#options = options;
    this.#silence = options.silence ?? SILENCE;
    this.#connecting = connectingConfig(library, window);
    this.#accepting = acceptingConfig(library, window);
    this.#refusing = refusingConfig(library, window);
    this.#localEnd = {
      address: () => socket.address(),
      ref: () => void socket.ref(),
      unref: () => void socket.unref(),
    };
    const connected = isConnected(socket);
    this.#local = connected ? addressOf(socket) : null;
    const onSent = (error: Error | null) => {
      if (error !== null) this.#onSendError(error);
    };
    this.#owner = {
      transmit: (packet, to) => {
        if (this.#closed) return;
        if (connected) socket.send(packet, onSent);
        else socket.send(packet, to.port, to.address, onSent);
      },
      accepted: (connection) => this.#onAccepted(connection),
      remove: (connection) => this.#remove(connection),
      now: () => performance.now(),
    };
    socket.on('message', this.#onMessage);
    socket.on('error', this.#onSocketError);
    socket.on('close', this.#onSocketClose);
    const tick = Math.min(MAXIMUM_TICK, this.#silence / TICKS_IN_SILENCE);
    this.#ticker = setInterval(() => this.#tick(), tick);
    this.#ticker.unref();
  }

  /**
   * Puts an endpoint on a datagram socket, which nothing else may use.
   *
   * @throws StreamError ENOTSUP when the QUIC library cannot be loaded
   * @throws RangeError for an option out of range
   */
  static async open(
    socket: StreamSocket,
    options: StreamEndpointOptions = {},
  ): Promise<StreamEndpoint> {
    return new StreamEndpoint(await quicLibrary(), socket, options);
  }

  /** Streams that are not closed yet. */
  get streams(): ReadonlySet<TunnelStream> {
    return this.#streams;
  }

  /**
   * Connects to another endpoint.
   *
   * @returns a stream that can be written to at once; it emits `connect`, or `error` with one of the
   * codes ECONNREFUSED, ETIMEDOUT, EPROTO
   * @throws RangeError for an address or port that is none
   */
  connect(options: StreamConnectOptions): TunnelStream {
    const remote = checkedRemote(options);
    const stream = new TunnelStream(this.#localEnd, remote, options);
    this.attach(stream, options);
    return stream;
  }

  /** @internal Connects a stream that exists already. */
  attach(stream: TunnelStream, options: StreamConnectOptions): void {
    if (this.#closing) {
      stream.destroy(new StreamError('ECONNABORTED', 'connect', 'the endpoint is closed'));
      return;
    }
    const id = randomBytes(CONNECTION_ID_BYTES);
    const raw = this.#library.Connection.connect(
      null,
      id,
      ENDPOINTS.local,
      ENDPOINTS.remote,
      this.#connecting,
    );
    const connection = this.#add(raw, id, checkedRemote(options), false, {
      connect: options.timeout ?? CONNECT_TIMEOUT,
      silence: this.#silence,
    });
    this.#own(stream);
    stream.bind(connection);
  }

  /**
   * Takes no more connections and makes none, lets the streams there are come to their end, and then
   * leaves the socket alone. Does not close the socket.
   */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#connections.size === 0) this.#finish();
    // The process must not end before.
    this.#ticker.ref();
    if (!this.#closed) await new Promise<void>((resolve) => this.once('close', resolve));
  }

  /** Aborts all streams at once and leaves the socket alone. */
  destroy(): void {
    this.#closing = true;
    for (const stream of this.#streams) stream.resetAndDestroy();
    // Each connection sends its CONNECTION_CLOSE packet in the next turn.
    setImmediate(() => setImmediate(() => this.#finish()));
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing = true;
    clearInterval(this.#ticker);
    this.#socket.off('message', this.#onMessage);
    this.#socket.off('error', this.#onSocketError);
    this.#socket.off('close', this.#onSocketClose);
    const error = new StreamError('ECONNABORTED', 'close', 'the endpoint was closed');
    for (const connection of [...this.#connections.values()]) connection.destroy(error);
    this.emit('close');
  }

  #own(stream: TunnelStream): void {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
  }

  #add(
    raw: ConstructorParameters<typeof QuicConnection>[0],
    id: Uint8Array,
    remote: RemoteEndpoint,
    accepting: boolean,
    times: ConnectionTimes,
  ): QuicConnection {
    const key = connectionKey(id);
    const connection = new QuicConnection(raw, key, remote, accepting, this.#owner, times);
    this.#connections.set(key, connection);
    return connection;
  }

  #remove(connection: QuicConnection): void {
    if (!this.#connections.delete(connection.key)) return;
    if (connection.accepting) {
      if (connection.established) this.#accepted--;
      else this.#handshakes--;
    }
    if (this.#closing && this.#connections.size === 0) this.#finish();
  }

  #onAccepted(connection: QuicConnection): void {
    this.#handshakes--;
    this.#accepted++;
    if (this.#closing || this.listenerCount('connection') === 0) {
      connection.abort('');
      return;
    }
    const stream = new TunnelStream(this.#localEnd, connection.remote, this.#options);
    this.#own(stream);
    stream.bind(connection);
    this.emit('connection', stream);
  }

  readonly #onMessage = (message: Buffer, source: RemoteEndpoint): void => {
    const key = destinationKey(message);
    const connection = key === null ? undefined : this.#connections.get(key);
    if (connection !== undefined) {
      if (connection.isFrom(source)) connection.receive(message);
    } else if (hasLongHeader(message) && message.length >= MINIMUM_INITIAL) {
      this.#onUnknownConnection(message, source);
    }
  };

  /** Handles a packet of an unknown connection, which may be the first one. */
  #onUnknownConnection(message: Buffer, source: RemoteEndpoint): void {
    const library = this.#library;
    let header: Header;
    try {
      header = library.Header.fromSlice(message, CONNECTION_ID_BYTES);
    } catch {
      return;
    }
    const { ty, version, scid, dcid, token } = header;
    if (ty === library.Type.VersionNegotiation || ty === library.Type.Retry) return;
    const answer = Buffer.allocUnsafe(MAXIMUM_PAYLOAD);
    if (!library.versionIsSupported(version)) {
      this.#answer(answer, library.negotiateVersion(scid, dcid, answer), source);
      return;
    }
    if (ty !== library.Type.Initial) return;
    const from = `${source.address} ${source.port}`;
    if (token === undefined || token.length === 0) {
      const chosen = randomBytes(CONNECTION_ID_BYTES);
      const retryToken = this.#tokens.issue(dcid, chosen, from);
      const length = library.retry(scid, dcid, chosen, retryToken, version, answer);
      this.#answer(answer, length, source);
      return;
    }
    const original = this.#tokens.verify(token, dcid, from);
    if (original === null || this.#handshakes >= MAXIMUM_HANDSHAKES) return;
    this.#accept(message, source, original, dcid);
  }

  #answer(buffer: Buffer, length: number, to: RemoteEndpoint): void {
    this.#owner.transmit(buffer.subarray(0, length), to);
  }

  #accept(message: Buffer, source: RemoteEndpoint, original: Uint8Array, id: Uint8Array): void {
    const full = this.#accepted >= (this.#options.maxConnections ?? Number.POSITIVE_INFINITY);
    const refused = full || this.#closing || this.listenerCount('connection') === 0;
    const config = refused ? this.#refusing : this.#accepting;
    const raw = this.#library.Connection.accept(
      id,
      original,
      ENDPOINTS.local,
      ENDPOINTS.remote,
      config,
    );
    const remote = { address: source.address, port: source.port };
    this.#handshakes++;
    const connection = this.#add(raw, id, remote, true, {
      connect: HANDSHAKE_TIME,
      silence: this.#silence,
    });
    connection.receive(message);
    if (refused) connection.refuse();
  }

  #tick(): void {
    if (this.#local !== null && addressOf(this.#socket) !== this.#local) this.#onAddressLost();
    const now = performance.now();
    for (const connection of [...this.#connections.values()]) connection.tick(now);
  }

  /** The other side takes nothing from another address, and sends to one that is no more. */
  #onAddressLost(): void {
    for (const stream of this.#streams) {
      stream.destroy(new StreamError('ECONNABORTED', 'read', 'the local address was lost'));
    }
  }

  /** A datagram that could not be sent counts as lost. */
  #onSendError(_error: Error): void {}

  readonly #onSocketError = (error: Error): void => {
    const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
    if (refused) {
      for (const connection of [...this.#connections.values()]) {
        if (connection.established) continue;
        const { remote } = connection;
        connection.destroy(
          new StreamError('ECONNREFUSED', 'connect', 'the port is closed', remote),
        );
      }
    } else if (this.listenerCount('error') > 0) {
      this.emit('error', error);
    }
  };

  readonly #onSocketClose = (): void => {
    this.#closed = true;
    for (const stream of this.#streams) {
      stream.destroy(new StreamError('ECONNABORTED', 'close', 'the datagram socket was closed'));
    }
    this.#closed = false;
    this.#finish();
  };
}

/** Puts streams on a datagram socket; see {@link StreamEndpoint.open}. */
export function createStreamEndpoint(
  socket: StreamSocket,
  options: StreamEndpointOptions = {},
): Promise<StreamEndpoint> {
  return StreamEndpoint.open(socket, options);
}

/** Connected datagram sockets want no destination. */
function isConnected(socket: StreamSocket): boolean {
  try {
    socket.remoteAddress();
    return true;
  } catch {
    return false;
  }
}

/** The local address of a socket; null for one that is closed. */
function addressOf(socket: StreamSocket): string | null {
  try {
    return socket.address().address;
  } catch {
    return null;
  }
}

/** The remote of options, written as datagram sockets write it. */
function checkedRemote({ address, port }: StreamConnectOptions): RemoteEndpoint {
  const version = isIP(address);
  if (version === 0) {
    throw new RangeError(`address: found ${address}, expected an IP address in digits`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`port: found ${port}, expected 1 to 65535`);
  }
  const family = version === 6 ? 'ipv6' : 'ipv4';
  return { address: new SocketAddress({ address, family, port }).address, port };
}
