import { type BindOptions, type RemoteInfo, Socket } from 'node:dgram';
import { EventEmitter, errorMonitor } from 'node:events';
import { type AddressInfo, isIPv6 } from 'node:net';
import { formatIPv6 } from '@6bed4/codec';
import type { PolicyName } from '@6bed4/tunnel';
import { nextTick } from '../realTimers.js';
import { BoundSocket, findPlace } from './boundSocket.js';
import { checkLanip } from './checkLanip.js';
import { checkPolicy } from './checkPolicy.js';
import { LOOPBACK_TEXT, readAddress } from './destinationAddress.js';

import {
  alreadyBound,
  alreadyConnected,
  badType,
  bufferSizeRefused,
  invalidType,
  notConnected,
  notRunning,
  systemError,
} from './dgramErrors.js';
import type { KeepAliveHolder } from './keepAlive.js';
import { checkMulticastSource, MulticastMemberships } from './multicastMemberships.js';
import { OpportunisticSend } from './opportunisticSend.js';
import type { TransmitOptions } from './packetTransmitter.js';
import type { Receiver } from './portBinding.js';
import {
  readPort,
  readSendArguments,
  type SendArguments,
  type Sendable,
  type SendCallback,
} from './sendArguments.js';
import { SocketCounters, type SocketStatistics } from './socketCounters.js';
import { closeOn, onceListening } from './socketListeners.js';
import {
  checkBufferSize,
  MAX_BUFFER_SIZE,
  readBufferSize,
  resolveName,
  type SocketHost,
  type SocketLookup,
  type TunnelSocketSettings,
} from './tunnelSocketOptions.js';

const ANY = '::';
const DEFAULT_HOP_LIMIT = 64;
const HIGHEST_HOP_LIMIT = 255;

/** The events of a {@link TunnelSocket}, which are those of `dgram.Socket`. */
export interface TunnelSocketEvents {
  listening: [];
  message: [message: Buffer, from: RemoteInfo];
  connect: [];
  error: [error: Error];
  close: [];
  /** As `error`, and before it. */
  [errorMonitor]: [error: Error];
}

/**
 * A UDP socket over a 6bed4 tunnel, with the interface of `dgram.Socket` of type `udp6`; see
 * `docs/sockets.md` for the differences. Made by {@link createSocket} or `tunnel.createSocket`.
 */
export class TunnelSocket extends EventEmitter<TunnelSocketEvents> {
  static {
    // Libraries check for an instance of `dgram.Socket` before they use it. All of its methods are
    // overridden here; only the events are inherited.
    Object.setPrototypeOf(TunnelSocket.prototype, Socket.prototype);
    // The deprecated properties of Node.js (DEP0112) would look for a handle that does not exist.
    for (const name of ['_handle', '_receiving', '_bindState', '_queue', '_reuseAddr']) {
      Object.defineProperty(TunnelSocket.prototype, name, { value: undefined, writable: true });
    }
  }

  readonly type = 'udp6';

  readonly #host: SocketHost<TunnelSocket>;
  readonly #lookup: SocketLookup | undefined;
  readonly #reuseAddress: boolean;
  /** Null for the lanip of the tunnel. */
  readonly #lanip: number | null;
  readonly #holder: KeepAliveHolder;
  readonly #memberships = new MulticastMemberships();
  #receiveBufferSize: number;
  #sendBufferSize: number;
  #options: TransmitOptions;
  #bound: BoundSocket | null = null;
  #isBinding = false;
  #isClosed = false;
  #isRef = true;
  #connection: 'none' | 'connecting' | 'connected' = 'none';
  /** Actions that wait until the socket is bound. */
  #queue: (() => void)[] | null = null;
  /** The counters of a socket that is not bound. */
  #counters = new SocketCounters();

  /** @internal */
  constructor(
    host: SocketHost<TunnelSocket>,
    settings: 'udp6' | TunnelSocketSettings,
    listener?: (message: Buffer, from: RemoteInfo) => void,
  ) {
    super();
    const options: Partial<TunnelSocketSettings> =
      typeof settings === 'object' && settings !== null ? settings : { type: settings };
    if (options.type !== 'udp6') throw badType();
    const { lookup, signal, lanip } = options;
    if (lookup !== undefined && typeof lookup !== 'function') {
      throw invalidType('lookup', 'of type function', lookup);
    }
    this.#receiveBufferSize = readBufferSize(options.recvBufferSize, 'options.recvBufferSize');
    this.#sendBufferSize = readBufferSize(options.sendBufferSize, 'options.sendBufferSize');
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw invalidType('options.signal', 'an instance of AbortSignal', signal);
    }
    this.#host = host;
    this.#holder = host.keepAlive.newHolder();
    this.#lanip = lanip === undefined ? null : checkLanip(lanip, host.layer);
    this.#lookup = lookup;
    this.#reuseAddress = options.reuseAddr === true;
    const policy = checkPolicy(options.policy ?? host.policy);
    this.#options = { policy, hopLimit: DEFAULT_HOP_LIMIT };
    if (typeof listener === 'function') this.on('message', listener);
    host.opened(this);
    if (signal !== undefined) {
      closeOn(signal, this, () => {
        if (!this.#isClosed) this.close();
      });
    }
  }

  /** The paths that packets may take from now on; see `docs/sockets.md`. */
  get policy(): PolicyName {
    return this.#options.policy;
  }

  set policy(policy: PolicyName) {
    this.#options = { ...this.#options, policy: checkPolicy(policy) };
  }

  // Binding

  bind(port?: number, address?: string, callback?: () => void): this;
  bind(port?: number, callback?: () => void): this;
  bind(callback?: () => void): this;
  bind(options: BindOptions, callback?: () => void): this;
  /**
   * Binds the socket to a port, or to any. `exclusive` and `fd` of the options have no meaning here.
   *
   * @throws ERR_SOCKET_ALREADY_BOUND, ERR_SOCKET_BAD_PORT, ERR_SOCKET_DGRAM_NOT_RUNNING
   */
  bind(...args: unknown[]): this {
    this.#checkOpen();
    if (this.#bound !== null || this.#isBinding) throw alreadyBound();
    const [first, second] = args;
    const callback = args.at(-1);
    let port: unknown = first;
    let address: unknown = typeof second === 'function' ? undefined : second;
    if (typeof first === 'object' && first !== null) {
      ({ port, address } = first as BindOptions);
    } else if (typeof first === 'function') {
      port = undefined;
    }
    this.#isBinding = true;
    if (typeof callback === 'function') onceListening(this, callback as () => void);
    const wanted = port ? readPort(port, 'Port', 0) : 0;
    const text = address ? String(address) : ANY;
    resolveName(this.#lookup, text, (error, found) => {
      if (this.#isClosed) return;
      this.#isBinding = false;
      const failure = error ?? this.#bindTo(found, wanted);
      if (failure === null) this.emit('listening');
      else this.emit('error', failure);
    });
    return this;
  }

  /**
   * The address and port that the socket is bound to; the address is `::` unless it is bound to one
   * address, or connected.
   *
   * @throws an error with code EBADF when it is not bound
   */
  address(): AddressInfo {
    this.#checkOpen();
    const bound = this.#bound;
    if (bound === null) throw systemError('EBADF', 'getsockname');
    const { address } = bound;
    return {
      address: address === null ? ANY : formatIPv6(address),
      family: 'IPv6',
      port: bound.binding.port,
    };
  }

  // Connecting

  connect(port: number, address?: string, callback?: () => void): void;
  connect(port: number, callback: () => void): void;
  /**
   * Restricts the socket to one remote, in both directions.
   *
   * @throws ERR_SOCKET_BAD_PORT, ERR_SOCKET_DGRAM_IS_CONNECTED
   */
  connect(port: number, ...rest: unknown[]): void {
    const checked = readPort(port, 'Port', 1);
    const callback = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
    const address = typeof rest[0] === 'function' ? '' : (rest[0] ?? '');
    if (typeof address !== 'string') throw invalidType('address', 'of type string', address);
    if (this.#connection !== 'none') throw alreadyConnected();
    this.#checkOpen();
    this.#connection = 'connecting';
    this.#bindIfNeeded();
    const connect = (): void => this.#connect(checked, address, callback);
    if (this.#bound === null) this.#enqueue(connect);
    else connect();
  }

  /** @throws ERR_SOCKET_DGRAM_NOT_CONNECTED */
  disconnect(): void {
    if (this.#connection !== 'connected') throw notConnected();
    this.#connection = 'none';
    this.#bound?.disconnect();
  }

  /** @throws ERR_SOCKET_DGRAM_NOT_CONNECTED, ERR_SOCKET_DGRAM_NOT_RUNNING */
  remoteAddress(): AddressInfo {
    this.#checkOpen();
    if (this.#connection !== 'connected') throw notConnected();
    const { remote, remotePort } = this.#bound!.binding;
    return { address: formatIPv6(remote!), family: 'IPv6', port: remotePort };
  }

  // Sending

  send(
    msg: Sendable | readonly Sendable[],
    port?: number,
    address?: string,
    callback?: SendCallback,
  ): void;
  send(msg: Sendable | readonly Sendable[], port?: number, callback?: SendCallback): void;
  send(msg: Sendable | readonly Sendable[], callback?: SendCallback): void;
  send(
    msg: Sendable,
    offset: number,
    length: number,
    port?: number,
    address?: string,
    callback?: SendCallback,
  ): void;
  send(msg: Sendable, offset: number, length: number, port?: number, callback?: SendCallback): void;
  send(msg: Sendable, offset: number, length: number, callback?: SendCallback): void;
  /**
   * Sends a datagram, in all argument forms of `dgram.Socket.send`. The bytes may be used again when it
   * returns, unless the address is a name or the socket is not bound yet.
   *
   * @throws ERR_INVALID_ARG_TYPE, ERR_BUFFER_OUT_OF_BOUNDS, ERR_SOCKET_BAD_PORT,
   *   ERR_SOCKET_DGRAM_IS_CONNECTED, ERR_SOCKET_DGRAM_NOT_RUNNING
   */
  send(...args: [unknown, ...unknown[]]): void {
    const [message, port, address, callback] = args;
    const bound = this.#bound;
    // The form that nearly all programs use, without the objects that the others need.
    if (
      bound !== null &&
      args.length <= 4 &&
      typeof port === 'number' &&
      typeof address === 'string' &&
      (callback === undefined || typeof callback === 'function') &&
      message instanceof Uint8Array &&
      this.#connection === 'none' &&
      this.#lookup === undefined &&
      bound.sendToCached(
        message,
        port,
        address,
        callback as SendCallback | undefined,
        this.#options,
      )
    ) {
      return;
    }
    this.#send(args, null);
  }

  /** As {@link send}, with another policy for this datagram. */
  sendBy(policy: PolicyName, ...args: unknown[]): void {
    this.#send(args, { ...this.#options, policy: checkPolicy(policy) });
  }

  /**
   * As {@link send}, for a datagram that the application sends again if no reply comes, such as a SIP
   * request: it goes directly to the remote, even before that path is confirmed. Send it again with
   * {@link send} (draft-03 §8.7). With `probe-and-seen`, this is the presumptuous policy.
   */
  sendOpportunistic(...args: unknown[]): OpportunisticSend {
    const { layer } = this.#host;
    const sent = new OpportunisticSend((number) => layer.reportReply(number));
    this.#send(args, { ...this.#options, onOpportunistic: sent.sent });
    return sent;
  }

  /** Old form of {@link send}. */
  sendto(
    msg: Sendable,
    offset: number,
    length: number,
    port: number,
    address: string,
    callback?: SendCallback,
  ): void {
    for (const [name, value] of Object.entries({ offset, length, port })) {
      if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
    }
    if (typeof address !== 'string') throw invalidType('address', 'of type string', address);
    this.send(msg, offset, length, port, address, callback);
  }

  // The end

  /** Closes the socket, after the actions that wait for its port; `callback` listens for `close`. */
  close(callback?: () => void): this {
    if (typeof callback === 'function') this.on('close', callback);
    if (this.#queue !== null) {
      this.#queue.push(() => this.close());
      return this;
    }
    this.#checkOpen();
    this.#end();
    return this;
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.close(resolve);
    });
  }

  /** @internal Closes the socket with its tunnel. */
  terminate(): void {
    if (!this.#isClosed) this.#end();
  }

  /** Keeps the process alive while the socket is bound, as initially. */
  ref(): this {
    this.#isRef = true;
    this.#hold();
    return this;
  }

  /** Lets the process end though the socket and its tunnel are open. */
  unref(): this {
    this.#isRef = false;
    this.#hold();
    return this;
  }

  // Settings

  /** Datagrams that wait in the UDP socket of the tunnel, which all of its sockets share. */
  getSendQueueCount(): number {
    this.#checkOpen();
    return this.#host.layer.queued.datagrams;
  }

  /** Bytes that wait in the UDP socket of the tunnel, which all of its sockets share. */
  getSendQueueSize(): number {
    this.#checkOpen();
    return this.#host.layer.queued.bytes;
  }

  /** Bytes from sockets of the same tunnel that may wait for this one. */
  getRecvBufferSize(): number {
    if (this.#bound === null) throw bufferSizeRefused('recv', 'EBADF');
    return this.#receiveBufferSize;
  }

  /** @throws ERR_SOCKET_BAD_BUFFER_SIZE; ERR_SOCKET_BUFFER_SIZE when not bound, or for 2^31 and more */
  setRecvBufferSize(size: number): void {
    checkBufferSize(size);
    if (size > MAX_BUFFER_SIZE) throw bufferSizeRefused('recv', 'EINVAL');
    if (this.#bound === null) throw bufferSizeRefused('recv', 'EBADF');
    this.#receiveBufferSize = size;
    this.#bound.binding.receiveBufferSize = size;
  }

  /** The argument of {@link setSendBufferSize}. */
  getSendBufferSize(): number {
    if (this.#bound === null) throw bufferSizeRefused('send', 'EBADF');
    return this.#sendBufferSize;
  }

  /** Sets the result of {@link getSendBufferSize}; the UDP socket of the tunnel does the buffering. */
  setSendBufferSize(size: number): void {
    checkBufferSize(size);
    if (size > MAX_BUFFER_SIZE) throw bufferSizeRefused('send', 'EINVAL');
    if (this.#bound === null) throw bufferSizeRefused('send', 'EBADF');
    this.#sendBufferSize = size;
  }

  /** Sets the hop limit of packets, 1..255; 64 initially. Each router of the tunnel decrements it. */
  setTTL(ttl: number): number {
    if (typeof ttl !== 'number') throw invalidType('ttl', 'of type number', ttl);
    if (!(ttl >= 1 && ttl <= HIGHEST_HOP_LIMIT)) throw systemError('EINVAL', 'setTTL');
    this.#checkBound('setTTL');
    this.#options = { ...this.#options, hopLimit: Math.trunc(ttl) };
    return ttl;
  }

  /** Without effect, as for any IPv6 socket: IPv6 has no broadcast. */
  setBroadcast(_flag: boolean): void {
    this.#checkBound('setBroadcast');
  }

  /** Checked, and without effect: multicast stays in the tunnel. */
  setMulticastTTL(ttl: number): number {
    if (typeof ttl !== 'number') throw invalidType('ttl', 'of type number', ttl);
    if (!(ttl >= 0 && ttl <= HIGHEST_HOP_LIMIT)) throw systemError('EINVAL', 'setMulticastTTL');
    this.#checkBound('setMulticastTTL');
    return ttl;
  }

  /** IP_MULTICAST_LOOP: sets whether datagrams to own groups come back to the socket; initially true. */
  setMulticastLoopback(flag: boolean): boolean {
    this.#checkBound('setMulticastLoopback');
    this.#memberships.setLoopback(Boolean(flag));
    return flag;
  }

  /** Checked, and without effect: a tunnel is one interface. */
  setMulticastInterface(interfaceAddress: string): void {
    this.#checkOpen();
    if (typeof interfaceAddress !== 'string') {
      throw invalidType('interfaceAddress', 'of type string', interfaceAddress);
    }
    if (readAddress(interfaceAddress) === null) {
      throw systemError('EINVAL', 'setMulticastInterface');
    }
  }

  /**
   * Joins a multicast group, which only reaches sockets of the same tunnel. It can be joined once without
   * interface, and once for each that `multicastInterface` names, such as `::%eth0`.
   */
  addMembership(multicastAddress: string, multicastInterface?: string): void {
    this.#checkOpen();
    this.#memberships.join('addMembership', multicastAddress, multicastInterface);
  }

  /** Leaves a multicast group. */
  dropMembership(multicastAddress: string, multicastInterface?: string): void {
    this.#checkOpen();
    this.#memberships.leave('dropMembership', multicastAddress, multicastInterface);
  }

  /** Joins a group for one source; on a tunnel, all sources are in this process. */
  addSourceSpecificMembership(
    sourceAddress: string,
    groupAddress: string,
    multicastInterface?: string,
  ): void {
    this.#checkOpen();
    const syscall = 'addSourceSpecificMembership';
    const source = checkMulticastSource(sourceAddress, groupAddress, syscall);
    this.#memberships.join(syscall, groupAddress, multicastInterface, source);
  }

  /** Leaves a group that was joined for one source. */
  dropSourceSpecificMembership(
    sourceAddress: string,
    groupAddress: string,
    multicastInterface?: string,
  ): void {
    this.#checkOpen();
    const syscall = 'dropSourceSpecificMembership';
    const source = checkMulticastSource(sourceAddress, groupAddress, syscall);
    this.#memberships.leave(syscall, groupAddress, multicastInterface, source);
  }

  /** The counters of this socket. */
  statistics(): SocketStatistics {
    return (this.#bound?.binding.counters ?? this.#counters).snapshot();
  }

  // Internals

  #checkOpen(): void {
    if (this.#isClosed) throw notRunning();
  }

  /** Most settings of `node:dgram` need a socket of the system, which exists once it is bound. */
  #checkBound(syscall: string): void {
    this.#checkOpen();
    if (this.#bound === null) throw systemError('EBADF', syscall);
  }

  #bindTo(address: string, port: number): Error | null {
    const { layer } = this.#host;
    const place = findPlace(address, this.#lanip, layer.addresses);
    if (typeof place === 'string') return systemError(place, 'bind', { address, port });
    const binding = layer.bind(this.#receiver, {
      place,
      port,
      reuseAddress: this.#reuseAddress,
      receiveBufferSize: this.#receiveBufferSize,
    });
    if (typeof binding === 'string') return systemError(binding, 'bind', { address, port });
    this.#bound = new BoundSocket(layer, binding);
    this.#memberships.apply(binding);
    this.#hold();
    return null;
  }

  #bindIfNeeded(): void {
    if (this.#bound === null && !this.#isBinding) this.bind({ port: 0, exclusive: true });
  }

  #enqueue(action: () => void): void {
    if (this.#queue !== null) {
      this.#queue.push(action);
      return;
    }
    const queue = [action];
    this.#queue = queue;
    const failed = (): void => {
      this.removeListener('listening', succeeded);
      this.#queue = null;
      if (this.#connection === 'connecting') this.#connection = 'none';
    };
    const succeeded = (): void => {
      this.removeListener(errorMonitor, failed);
      this.#queue = null;
      for (const waiting of queue) waiting();
    };
    this.once(errorMonitor, failed);
    this.once('listening', succeeded);
  }

  #connect(port: number, address: string, callback: (() => void) | undefined): void {
    if (callback !== undefined) this.once('connect', callback);
    resolveName(this.#lookup, address === '' ? LOOPBACK_TEXT : address, (error, found) => {
      if (this.#isClosed) return;
      const failure = error ?? this.#bound!.connect(found, port, address);
      if (failure === null) {
        this.#connection = 'connected';
        nextTick(() => this.emit('connect'));
        return;
      }
      this.#connection = 'none';
      nextTick(() => {
        if (callback === undefined) {
          this.emit('error', failure);
          return;
        }
        this.removeListener('connect', callback);
        (callback as (error: Error) => void)(failure);
      });
    });
  }

  /** @param options - for this datagram; null for those of the socket when it is sent */
  #send(args: readonly unknown[], options: TransmitOptions | null): void {
    const isConnected = this.#connection === 'connected';
    const read = readSendArguments(isConnected, args);
    this.#checkOpen();
    this.#bindIfNeeded();
    if (this.#bound === null) this.#enqueue(() => this.#dispatch(read, options));
    else this.#dispatch(read, options);
  }

  #dispatch(args: SendArguments, options: TransmitOptions | null): void {
    if (this.#isClosed) return;
    const { port, address } = args;
    if (port === undefined) {
      this.#bound!.sendToRemote(args, options ?? this.#options);
    } else if (this.#lookup === undefined && (!address || isIPv6(address))) {
      this.#bound!.send(address || LOOPBACK_TEXT, port, args, options ?? this.#options);
    } else {
      resolveName(this.#lookup, address || LOOPBACK_TEXT, (error, found) => {
        if (this.#isClosed) return;
        if (error !== null && error !== undefined) this.#unresolved(error, args.callback);
        else this.#bound!.send(found, port, args, options ?? this.#options);
      });
    }
  }

  #unresolved(error: Error, callback: SendCallback | undefined): void {
    nextTick(() => {
      if (callback === undefined) this.emit('error', error);
      else (callback as (error: Error) => void)(error);
    });
  }

  readonly #receiver: Receiver = {
    received: (message, from) => this.emit('message', message, from),
    refused: (code) => this.emit('error', systemError(code, 'recvmsg')),
  };

  #end(): void {
    this.#isClosed = true;
    const { layer } = this.#host;
    const bound = this.#bound;
    if (bound !== null) {
      this.#counters = bound.binding.counters;
      this.#bound = null;
      layer.release(bound.binding);
    }
    this.#hold();
    this.#host.closed(this);
    nextTick(() => this.emit('close'));
  }

  /** A socket that is bound and not unref'ed keeps the process alive. */
  #hold(): void {
    this.#holder.set(this.#isRef && this.#bound !== null);
  }
}
