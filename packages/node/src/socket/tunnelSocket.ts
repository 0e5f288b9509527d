import { type BindOptions, type RemoteInfo, Socket } from 'node:dgram';
import { lookup as systemLookup } from 'node:dns';
import { EventEmitter, errorMonitor } from 'node:events';
import { type AddressInfo, isIPv6 } from 'node:net';
import { formatIPv6 } from '@6bed4/codec';
import type { PolicyName } from '@6bed4/tunnel';
import { checkPolicy } from './checkPolicy.js';
import {
  isLoopback,
  isMulticast,
  isUnspecified,
  LOOPBACK_TEXT,
  readAddress,
} from './destinationAddress.js';
import { type Flow, Flows, groupName } from './destinationCache.js';
import {
  alreadyBound,
  alreadyConnected,
  badBufferSize,
  badType,
  bufferSizeUnknown,
  invalidType,
  missingArgument,
  notConnected,
  notRunning,
  outOfRange,
  type SystemErrorCode,
  type SystemErrorDetail,
  systemError,
} from './dgramErrors.js';
import type { KeepAlive } from './keepAlive.js';
import { PlayfulSend } from './opportunisticSend.js';
import type { Binding, BoundPlace, Receiver } from './portBinding.js';
import {
  readPort,
  readSendArguments,
  type SendArguments,
  type Sendable,
  type SendCallback,
} from './sendArguments.js';
import { SocketCounters, type SocketStatistics } from './socketCounters.js';
import type { Sending, SocketLayer } from './socketLayer.js';
import { PAIR_DESTINATION } from './udpPacket.js';

const ANY = '::';
const DEFAULT_HOP_LIMIT = 64;
const HIGHEST_HOP_LIMIT = 255;
const HIGHEST_PORT = 0xffff;
const HIGHEST_UINT32 = 0xffff_ffff;
/** As Linux has it. */
const DEFAULT_BUFFER = 212_992;

/** Finds the address of a name, as `dns.lookup` with the family as its options. */
export type SocketLookup = (
  hostname: string,
  family: 6,
  callback: (error: NodeJS.ErrnoException | null, address: string) => void,
) => void;

/** What {@link Tunnel.createSocket} is told, besides the tunnel. */
export interface TunnelSocketSettings {
  /** The only type that a tunnel carries. */
  readonly type: 'udp6';
  /** Share a port with others that say so too; the last one bound gets what comes for the port. */
  readonly reuseAddr?: boolean;
  /** Without effect: there is nothing but IPv6 on a tunnel. */
  readonly ipv6Only?: boolean;
  /** Bytes from sockets of the same tunnel that may wait for this one; default 212992. */
  readonly recvBufferSize?: number;
  /** Is told back by `getSendBufferSize`; the tunnel's own UDP socket does the buffering. */
  readonly sendBufferSize?: number;
  /** Finds addresses of names; default `dns.lookup`. */
  readonly lookup?: SocketLookup;
  /** Closes the socket. */
  readonly signal?: AbortSignal;
  /**
   * Take an address of one's own instead of the tunnel's: which one under each prefix, 1 to 16383 in
   * draft03 and draft04.
   */
  readonly lanip?: number;
  /** Which paths packets may take; default: what the tunnel was told, and else `proper`. */
  readonly policy?: PolicyName;
}

/** @internal What a socket needs of its tunnel. */
export interface SocketHost {
  readonly layer: SocketLayer;
  readonly keepAlive: KeepAlive;
  readonly policy: PolicyName;
  opened(socket: TunnelSocket): void;
  closed(socket: TunnelSocket): void;
}

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
    // Libraries ask whether what they were given is a `dgram.Socket` before they use it. All of its
    // methods are overridden here; only the events are inherited.
    Object.setPrototypeOf(TunnelSocket.prototype, Socket.prototype);
    // What Node.js deprecates (DEP0112) would look for a handle that is not there.
    for (const name of ['_handle', '_receiving', '_bindState', '_queue', '_reuseAddr']) {
      Object.defineProperty(TunnelSocket.prototype, name, { value: undefined, writable: true });
    }
  }

  readonly type = 'udp6';

  readonly #host: SocketHost;
  readonly #lookup: SocketLookup | undefined;
  readonly #mayShare: boolean;
  readonly #lanip: number;
  readonly #hasLanip: boolean;
  #receiveBuffer: number;
  #sendBuffer: number;
  #policy: PolicyName;
  #sending: Sending;
  #hopLimit = DEFAULT_HOP_LIMIT;
  #binding: Binding | null = null;
  #flows: Flows | null = null;
  #isBinding = false;
  #isClosed = false;
  #isRef = true;
  #isHolding = false;
  #connection: 'none' | 'connecting' | 'connected' = 'none';
  #remote = '';
  #remotePort = 0;
  /** What has to wait until the socket is bound. */
  #queue: (() => void)[] | null = null;
  /** What was joined before there was a port. */
  readonly #groups = new Set<string>();
  #hearsItself = true;
  #counters = new SocketCounters();
  /** The payload at hand, where that is one piece. */
  readonly #single: Uint8Array[] = [];

  /** @internal */
  constructor(
    host: SocketHost,
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
    this.#receiveBuffer = readBufferSize(options.recvBufferSize, 'options.recvBufferSize');
    this.#sendBuffer = readBufferSize(options.sendBufferSize, 'options.sendBufferSize');
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw invalidType('options.signal', 'an instance of AbortSignal', signal);
    }
    this.#host = host;
    this.#hasLanip = lanip !== undefined;
    this.#lanip = checkLanip(lanip, host);
    this.#lookup = lookup;
    this.#mayShare = options.reuseAddr === true;
    this.#policy = checkPolicy(options.policy ?? host.policy);
    this.#sending = { policy: this.#policy, hopLimit: this.#hopLimit };
    if (typeof listener === 'function') this.on('message', listener);
    host.opened(this);
    if (signal !== undefined) this.#closeOn(signal);
  }

  /** Which paths packets may take from now on; see `docs/sockets.md`. */
  get policy(): PolicyName {
    return this.#policy;
  }

  set policy(policy: PolicyName) {
    this.#policy = checkPolicy(policy);
    this.#sending = { policy: this.#policy, hopLimit: this.#hopLimit };
  }

  // Binding

  bind(port?: number, address?: string, callback?: () => void): this;
  bind(port?: number, callback?: () => void): this;
  bind(callback?: () => void): this;
  bind(options: BindOptions, callback?: () => void): this;
  /**
   * Takes a port: the one given, or any. `exclusive` and `fd` of the options have no meaning here.
   *
   * @throws ERR_SOCKET_ALREADY_BOUND, ERR_SOCKET_BAD_PORT, ERR_SOCKET_DGRAM_NOT_RUNNING
   */
  bind(...args: unknown[]): this {
    this.#checkOpen();
    if (this.#binding !== null || this.#isBinding) throw alreadyBound();
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
    if (typeof callback === 'function') this.#onceListening(callback as () => void);
    const wanted = port ? readPort(port, 'Port', 0) : 0;
    const text = address ? String(address) : ANY;
    this.#resolve(text, (error, found) => {
      if (this.#isClosed) return;
      this.#isBinding = false;
      const failure = error ?? this.#take(found, wanted);
      if (failure === null) this.emit('listening');
      else this.emit('error', failure);
    });
    return this;
  }

  /**
   * Where the socket is bound; the address is `::` unless it is bound to one address, or connected.
   *
   * @throws an error with code EBADF when it is not bound
   */
  address(): AddressInfo {
    this.#checkOpen();
    const binding = this.#binding;
    if (binding === null) throw systemError('EBADF', 'getsockname');
    let { address } = binding;
    if (address === null && this.#connection === 'connected') {
      const flow = this.#flows!.to(this.#remote);
      if (typeof flow !== 'string') address = flow.pair.bytes.slice(0, PAIR_DESTINATION);
    }
    return {
      address: address === null ? ANY : formatIPv6(address),
      family: 'IPv6',
      port: binding.port,
    };
  }

  // Connecting

  connect(port: number, address?: string, callback?: () => void): void;
  connect(port: number, callback: () => void): void;
  /**
   * Sends to one remote only, and takes messages from nobody else.
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
    if (this.#binding === null) this.#enqueue(connect);
    else connect();
  }

  /** @throws ERR_SOCKET_DGRAM_NOT_CONNECTED */
  disconnect(): void {
    if (this.#connection !== 'connected') throw notConnected();
    this.#connection = 'none';
    if (this.#binding !== null) this.#binding.remote = null;
  }

  /** @throws ERR_SOCKET_DGRAM_NOT_CONNECTED, ERR_SOCKET_DGRAM_NOT_RUNNING */
  remoteAddress(): AddressInfo {
    this.#checkOpen();
    if (this.#connection !== 'connected') throw notConnected();
    const address = formatIPv6(this.#binding!.remote!);
    return { address, family: 'IPv6', port: this.#remotePort };
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
    // What nearly all programs do, without the objects that the other forms need.
    if (
      args.length <= 4 &&
      typeof port === 'number' &&
      typeof address === 'string' &&
      (callback === undefined || typeof callback === 'function') &&
      message instanceof Uint8Array &&
      this.#sendKnown(message, port, address, callback as SendCallback | undefined)
    ) {
      return;
    }
    this.#send(args, null);
  }

  /** As {@link send}, with another policy for this datagram. */
  sendBy(policy: PolicyName, ...args: unknown[]): void {
    this.#send(args, { policy: checkPolicy(policy), hopLimit: this.#hopLimit });
  }

  /**
   * As {@link send}, for a datagram that the application sends again if no answer comes, such as a SIP
   * request: it goes straight to the remote, even where that path is not proved yet. Send it again with
   * {@link send} (draft-03 §8.7). With `probe-and-seen`, this is the presumptuous policy.
   */
  sendPlayful(...args: unknown[]): PlayfulSend {
    const { layer } = this.#host;
    const play = new PlayfulSend((number) => layer.reportAnswer(number));
    this.#send(args, { policy: this.#policy, hopLimit: this.#hopLimit, played: play.played });
    return play;
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

  /** Ends the socket, after what waits for its port; `callback` listens for `close`. */
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

  /** @internal The tunnel ends. */
  terminate(): void {
    if (!this.#isClosed) this.#end();
  }

  /** Keeps the process alive while the socket is bound, as at first. */
  ref(): this {
    this.#isRef = true;
    this.#hold();
    return this;
  }

  /** Lets the process end though the socket is open; the tunnel does not stand in the way. */
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
    if (this.#binding === null) throw bufferSizeUnknown('recv');
    return this.#receiveBuffer;
  }

  /** @throws ERR_SOCKET_BAD_BUFFER_SIZE, ERR_SOCKET_BUFFER_SIZE when not bound */
  setRecvBufferSize(size: number): void {
    checkBufferSize(size);
    if (this.#binding === null) throw bufferSizeUnknown('recv');
    this.#receiveBuffer = size;
    this.#binding.capacity = size;
  }

  /** What {@link setSendBufferSize} was told. */
  getSendBufferSize(): number {
    if (this.#binding === null) throw bufferSizeUnknown('send');
    return this.#sendBuffer;
  }

  /** Is told back by {@link getSendBufferSize}; the tunnel's own UDP socket does the buffering. */
  setSendBufferSize(size: number): void {
    checkBufferSize(size);
    if (this.#binding === null) throw bufferSizeUnknown('send');
    this.#sendBuffer = size;
  }

  /** Sets the hop limit of packets, 1..255; 64 at first. Each router of the tunnel takes one. */
  setTTL(ttl: number): number {
    if (typeof ttl !== 'number') throw invalidType('ttl', 'of type number', ttl);
    if (!(ttl >= 1 && ttl <= HIGHEST_HOP_LIMIT)) throw systemError('EINVAL', 'setTTL');
    this.#checkBound('setTTL');
    this.#hopLimit = Math.trunc(ttl);
    this.#sending = { policy: this.#policy, hopLimit: this.#hopLimit };
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

  /** Whether the socket gets what it sends to a group that it is a member of; it does at first. */
  setMulticastLoopback(flag: boolean): boolean {
    this.#checkBound('setMulticastLoopback');
    this.#hearsItself = Boolean(flag);
    this.#binding!.hearsItself = this.#hearsItself;
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

  /** Joins a multicast group, which reaches the sockets of the same tunnel and nobody else. */
  addMembership(multicastAddress: string, _multicastInterface?: string): void {
    const group = this.#readGroup('addMembership', multicastAddress);
    if (this.#groups.has(group)) throw systemError('EADDRINUSE', 'addMembership');
    this.#groups.add(group);
    this.#binding?.groups.add(group);
  }

  /** Leaves a multicast group. */
  dropMembership(multicastAddress: string, _multicastInterface?: string): void {
    const group = this.#readGroup('dropMembership', multicastAddress);
    if (!this.#groups.delete(group)) throw systemError('EADDRNOTAVAIL', 'dropMembership');
    this.#binding?.groups.delete(group);
  }

  /** Joins a group for what one source sends; on a tunnel, all sources are in this process. */
  addSourceSpecificMembership(
    sourceAddress: string,
    groupAddress: string,
    multicastInterface?: string,
  ): void {
    this.#checkSource(sourceAddress, groupAddress, 'addSourceSpecificMembership');
    this.addMembership(groupAddress, multicastInterface);
  }

  /** Leaves a group that was joined for one source. */
  dropSourceSpecificMembership(
    sourceAddress: string,
    groupAddress: string,
    multicastInterface?: string,
  ): void {
    this.#checkSource(sourceAddress, groupAddress, 'dropSourceSpecificMembership');
    this.dropMembership(groupAddress, multicastInterface);
  }

  /** What passed through this socket. */
  statistics(): SocketStatistics {
    return (this.#binding?.counters ?? this.#counters).snapshot();
  }

  // Inside

  #checkOpen(): void {
    if (this.#isClosed) throw notRunning();
  }

  /** Most settings need a socket of the system, which is there once it is bound. */
  #checkBound(syscall: string): void {
    this.#checkOpen();
    if (this.#binding === null) throw systemError('EBADF', syscall);
  }

  #closeOn(signal: AbortSignal): void {
    const close = (): void => {
      if (!this.#isClosed) this.close();
    };
    if (signal.aborted) {
      close();
      return;
    }
    signal.addEventListener('abort', close, { once: true });
    this.once('close', () => signal.removeEventListener('abort', close));
  }

  #onceListening(callback: () => void): void {
    const forget = (): void => {
      this.removeListener('error', forget);
      this.removeListener('listening', listening);
    };
    const listening = (): void => {
      forget();
      callback.call(this);
    };
    this.on('error', forget);
    this.on('listening', listening);
  }

  /** Finds the address of a name; literal ones are told in a later turn as well. */
  #resolve(
    name: string,
    found: (error: NodeJS.ErrnoException | null, address: string) => void,
  ): void {
    if (this.#lookup !== undefined) this.#lookup(name, 6, found);
    else if (isIPv6(name)) process.nextTick(found, null, name);
    else systemLookup(name, 6, found);
  }

  #take(address: string, port: number): Error | null {
    const place = this.#placeFor(address);
    const { layer } = this.#host;
    const taken =
      typeof place === 'string'
        ? place
        : layer.bind(this.#receiver, place, port, this.#mayShare, this.#receiveBuffer);
    if (typeof taken === 'string') return systemError(taken, 'bind', { address, port });
    this.#binding = taken;
    this.#flows = new Flows(taken, layer.addresses);
    taken.hearsItself = this.#hearsItself;
    for (const group of this.#groups) taken.groups.add(group);
    this.#hold();
    return null;
  }

  #placeFor(address: string): BoundPlace | SystemErrorCode {
    const bytes = readAddress(address);
    if (bytes === null) return 'EINVAL';
    const { addresses } = this.#host.layer;
    if (isUnspecified(bytes)) {
      const hasLoopback = !this.#hasLanip || this.#lanip === addresses.lanip;
      return { kind: 'any', lanip: this.#lanip, hasLoopback };
    }
    if (isLoopback(bytes)) return { kind: 'loopback' };
    const own = addresses.find(bytes, 0);
    if (own === null || (this.#hasLanip && own.lanip !== this.#lanip)) return 'EADDRNOTAVAIL';
    return { kind: 'address', ...own };
  }

  #bindIfNeeded(): void {
    if (this.#binding === null && !this.#isBinding) this.bind({ port: 0, exclusive: true });
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
    this.#resolve(address === '' ? LOOPBACK_TEXT : address, (error, found) => {
      if (this.#isClosed) return;
      const failure = error ?? this.#attach(found, port, address);
      if (failure === null) {
        this.#connection = 'connected';
        process.nextTick(() => this.emit('connect'));
        return;
      }
      this.#connection = 'none';
      process.nextTick(() => {
        if (callback === undefined) {
          this.emit('error', failure);
          return;
        }
        this.removeListener('connect', callback);
        (callback as (error: Error) => void)(failure);
      });
    });
  }

  #attach(found: string, port: number, address: string): Error | null {
    const flow = this.#flows!.to(found);
    if (typeof flow === 'string') return systemError(flow, 'connect', { address, port });
    const binding = this.#binding!;
    binding.remote = flow.pair.bytes.slice(PAIR_DESTINATION);
    binding.remotePort = port;
    this.#remote = found;
    this.#remotePort = port;
    return null;
  }

  #send(args: readonly unknown[], sending: Sending | null): void {
    const isConnected = this.#connection === 'connected';
    const told = readSendArguments(isConnected, args);
    this.#checkOpen();
    this.#bindIfNeeded();
    if (this.#binding === null) this.#enqueue(() => this.#dispatch(told, sending));
    else this.#dispatch(told, sending);
  }

  /** Sends bytes to an address that was sent to before; false when that has to go the long way. */
  #sendKnown(
    message: Uint8Array,
    port: number,
    address: string,
    callback: SendCallback | undefined,
  ): boolean {
    const binding = this.#binding;
    if (binding === null || this.#connection !== 'none' || this.#lookup !== undefined) return false;
    if (port >>> 0 !== port || port === 0 || port > HIGHEST_PORT) return false;
    const flow = this.#flows!.known(address);
    if (flow === null) return false;
    const { length } = message;
    this.#single[0] = message;
    const { layer } = this.#host;
    const failure = layer.transmit(binding, flow, port, this.#single, length, this.#sending);
    if (failure !== null) {
      this.#failed(binding, failure, flow, length, { address, port }, callback);
    } else if (callback !== undefined) {
      process.nextTick(callback, null, length);
    }
    return true;
  }

  #dispatch(told: SendArguments, sending: Sending | null): void {
    if (this.#isClosed) return;
    const { port, address } = told;
    if (port === undefined) {
      this.#sendTo(this.#remote, this.#remotePort, told, sending);
    } else if (this.#lookup === undefined && (address === undefined || isIPv6(address))) {
      this.#sendTo(address ?? LOOPBACK_TEXT, port, told, sending);
    } else {
      this.#resolve(address ?? LOOPBACK_TEXT, (error, found) => {
        if (this.#isClosed) return;
        if (error === null || error === undefined) this.#sendTo(found, port, told, sending);
        else this.#unresolved(error, told.callback);
      });
    }
  }

  #unresolved(error: Error, callback: SendCallback | undefined): void {
    process.nextTick(() => {
      if (callback === undefined) this.emit('error', error);
      else (callback as (error: Error) => void)(error);
    });
  }

  #sendTo(
    destination: string,
    port: number,
    { parts, callback, address, port: asked }: SendArguments,
    sending: Sending | null,
  ): void {
    const binding = this.#binding!;
    const { layer } = this.#host;
    const flow = this.#flows!.to(destination);
    let size = 0;
    for (let index = 0; index < parts.length; index++) size += parts[index]!.length;
    const failure =
      typeof flow === 'string'
        ? flow
        : layer.transmit(binding, flow, port, parts, size, sending ?? this.#sending);
    if (failure === null) {
      if (callback !== undefined) process.nextTick(callback, null, size);
      return;
    }
    this.#failed(binding, failure, flow, size, { address, port: asked }, callback);
  }

  #failed(
    binding: Binding,
    code: SystemErrorCode,
    flow: Flow | SystemErrorCode,
    size: number,
    detail: SystemErrorDetail,
    callback: SendCallback | undefined,
  ): void {
    binding.counters.sendFailed(code);
    // As with `node:dgram`, who gives no callback does not want to know.
    if (callback === undefined) return;
    if (code === 'EMSGSIZE' && typeof flow !== 'string') {
      const most = this.#host.layer.largestPayload(flow);
      const note = `${size} bytes in one datagram, at most ${most} fit`;
      process.nextTick(callback, systemError(code, 'send', { ...detail, note }));
    } else {
      process.nextTick(callback, systemError(code, 'send', detail));
    }
  }

  readonly #receiver: Receiver = {
    received: (message, from) => this.emit('message', message, from),
    refused: (code) => this.emit('error', systemError(code, 'recvmsg')),
  };

  #end(): void {
    this.#isClosed = true;
    const { layer } = this.#host;
    const binding = this.#binding;
    if (binding !== null) {
      this.#counters = binding.counters;
      this.#binding = null;
      layer.release(binding);
    }
    this.#hold();
    this.#host.closed(this);
    process.nextTick(() => this.emit('close'));
  }

  /** A socket that is bound and not unref'ed keeps the process alive. */
  #hold(): void {
    const wants = this.#isRef && this.#binding !== null;
    if (wants === this.#isHolding) return;
    this.#isHolding = wants;
    if (wants) this.#host.keepAlive.add();
    else this.#host.keepAlive.remove();
  }

  #readGroup(syscall: string, text: string): string {
    this.#checkOpen();
    if (!text) throw missingArgument('multicastAddress');
    const bytes = typeof text === 'string' ? readAddress(text) : null;
    if (bytes === null || !isMulticast(bytes)) throw systemError('EINVAL', syscall);
    return groupName(bytes);
  }

  #checkSource(sourceAddress: string, groupAddress: string, syscall: string): void {
    this.#checkOpen();
    for (const [name, value] of Object.entries({ sourceAddress, groupAddress })) {
      if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
    }
    if (readAddress(sourceAddress) === null) throw systemError('EINVAL', syscall);
  }
}

function readBufferSize(size: unknown, name: string): number {
  if (!size) return DEFAULT_BUFFER;
  if (typeof size !== 'number') throw invalidType(name, 'of type number', size);
  if (!Number.isInteger(size)) throw outOfRange(name, 'an integer', size);
  if (size < 0 || size > HIGHEST_UINT32) {
    throw outOfRange(name, `>= 0 && <= ${HIGHEST_UINT32}`, size);
  }
  return size;
}

function checkBufferSize(size: unknown): void {
  if (typeof size !== 'number' || size >>> 0 !== size) throw badBufferSize();
}

/** @throws ERR_OUT_OF_RANGE for a number that this dialect does not have */
export function checkLanip(
  lanip: number | undefined,
  { layer }: Pick<SocketHost, 'layer'>,
): number {
  const { addresses } = layer;
  if (lanip === undefined) return addresses.lanip;
  const { maxLanip } = addresses;
  if (typeof lanip !== 'number') throw invalidType('options.lanip', 'of type number', lanip);
  if (!Number.isInteger(lanip) || lanip < 1 || lanip > maxLanip) {
    throw outOfRange('options.lanip', `>= 1 && <= ${maxLanip}`, lanip);
  }
  return lanip;
}
