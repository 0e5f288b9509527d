import type { RemoteInfo } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import type {
  AddressLease,
  PathChanged,
  PolicyName,
  RemoteSnapshot,
  RouterReachable,
  RouterUnreachable,
} from '@6bed4/tunnel';
import { checkOptions, chooseProfile } from '../daemon/options.js';
import { PeerDaemon } from '../daemon/peerDaemon.js';
import type { PeerDaemonOptions } from '../daemon/peerOptions.js';
import { surroundingsOf } from '../daemon/surroundings.js';
import type { DaemonCounters } from '../drivers/driver.js';
import type { Timers } from '../environment/timers.js';
import { StartError } from '../errors.js';
import { isTimeout, setLongTimeout } from '../longTimeout.js';
import { connectTunnel } from '../tcp/connectTunnel.js';
import type { TunnelConnectOptions } from '../tcp/socketOptions.js';
import { TcpServer, type TcpServerOptions } from '../tcp/tcpServer.js';
import type { TcpSocket } from '../tcp/tcpSocket.js';
import { setLayer } from '../tcp/tunnelLayers.js';
import { checkLanip } from './checkLanip.js';
import { checkPolicy } from './checkPolicy.js';
import { readAddress } from './destinationAddress.js';
import { invalidValue, notRunning } from './dgramErrors.js';
import { KeepAlive, type KeepAliveHolder } from './keepAlive.js';
import type { LayerStatistics } from './layerCounters.js';
import { OwnAddresses } from './ownAddresses.js';
import { SocketLayer } from './socketLayer.js';
import { TunnelSocket } from './tunnelSocket.js';
import type { SocketHost, TunnelSocketSettings } from './tunnelSocketOptions.js';
import { searchDirectPath, type WaitForDirectOptions } from './waitForDirect.js';

const DEFAULT_TIMEOUT = 15_000;

/** Options of {@link openTunnel}: those of a peer, without an interface. */
export interface TunnelOptions
  extends Omit<PeerDaemonOptions, 'tun' | 'defaultRoute' | 'acceptRoutes'> {
  /** Upper bound of the wait for a first address, in milliseconds; Infinity for none; default 15000. */
  readonly timeout?: number;
  /**
   * Whether to wait for a first address; default true. Otherwise the tunnel is open at once, `address` is null until
   * the event `address`, and `timeout` has no meaning.
   */
  readonly waitForAddress?: boolean;
  /** Aborts opening. */
  readonly signal?: AbortSignal;
  /** The paths that packets may take, unless a socket has its own policy; default `proper`. */
  readonly policy?: PolicyName;
}

/** Events of a {@link Tunnel}. */
export interface TunnelEvents {
  /** A router assigned an address; `previous` is its previous one, or null. Sockets follow. */
  address: [lease: AddressLease, previous: AddressLease | null];
  /** An address is no longer ours. */
  'address-lost': [lease: AddressLease];
  /** A router does not answer; the tunnel continues to solicit it. */
  'router-unreachable': [router: Omit<RouterUnreachable, 'type'>];
  /** A router that was reported unreachable answers again. */
  'router-reachable': [router: Omit<RouterReachable, 'type'>];
  /** There is no route to any router; the tunnel waits for one. */
  'no-route': [error: StartError];
  /** Packets to a remote take another path from now on, or the search for one failed. */
  path: [change: Omit<PathChanged, 'type'>];
  /** An error that the tunnel survives. */
  warning: [error: StartError];
  /** The tunnel has closed because of an error. */
  error: [error: StartError];
  /** The tunnel and all its sockets are closed. */
  close: [];
}

/** Counters of a tunnel. */
export interface TunnelStatistics extends LayerStatistics {
  /** Counters of the peer: datagrams, packets, drops by reason. */
  readonly peer: DaemonCounters;
}

/** Options of {@link createSocket}. */
export interface TunnelSocketOptions extends TunnelSocketSettings {
  /** The tunnel that the socket belongs to. */
  readonly tunnel: Tunnel;
}

/** The forms of {@link Tunnel.connect}. */
export interface TunnelConnect {
  (options: TunnelConnectOptions, listener?: () => void): TcpSocket;
  (port: number | string, host?: string, listener?: () => void): TcpSocket;
  (port: number | string, listener?: () => void): TcpSocket;
}

/** The forms of {@link Tunnel.createServer}. */
export interface TunnelCreateServer {
  (options?: TcpServerOptions, listener?: (socket: TcpSocket) => void): TcpServer;
  (listener?: (socket: TcpSocket) => void): TcpServer;
}

/** A 6bed4 tunnel inside this program, and the sockets over it; made by {@link openTunnel}. */
export class Tunnel extends EventEmitter<TunnelEvents> {
  /** The peer that carries the packets. Its event `packet` has those that are neither UDP nor echoes. */
  readonly peer: PeerDaemon;

  /**
   * Makes a socket over this tunnel, as `dgram.createSocket` does. Bound to the tunnel, so that it can be
   * passed as a function.
   *
   * @throws ERR_SOCKET_BAD_TYPE for any other type than `udp6`
   * @throws ERR_SOCKET_DGRAM_NOT_RUNNING when the tunnel is closed
   */
  readonly createSocket: (
    options: 'udp6' | TunnelSocketSettings,
    listener?: (message: Buffer, from: RemoteInfo) => void,
  ) => TunnelSocket;

  /**
   * Connects by TCP, as `net.connect` does: to a port of an address or name, given as options or as port and
   * host; without a host, to this tunnel. Bound to the tunnel, so that it can be passed as a function.
   *
   * @throws ERR_MISSING_ARGS, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_IP_ADDRESS,
   * ERR_SOCKET_BAD_PORT for arguments that cannot be used
   */
  readonly connect: TunnelConnect;

  /**
   * Makes a server of TCP connections, as `net.createServer` does; its method `listen` begins. Bound to the
   * tunnel, so that it can be passed as a function.
   *
   * @throws ERR_INVALID_ARG_TYPE for options that cannot be used
   */
  readonly createServer: TunnelCreateServer;

  readonly #layer: SocketLayer;
  readonly #keepAlive: KeepAlive;
  readonly #holder: KeepAliveHolder;
  readonly #sockets = new Set<TunnelSocket>();
  #isOpen = true;
  #closing: Promise<void> | null = null;

  private constructor(peer: PeerDaemon, layer: SocketLayer, policy: PolicyName) {
    super();
    this.peer = peer;
    this.#layer = layer;
    const { portableDriver } = peer;
    this.#keepAlive = new KeepAlive(
      () => portableDriver.ref(),
      () => portableDriver.unref(),
    );
    this.#holder = this.#keepAlive.newHolder();
    const host: SocketHost<TunnelSocket> = {
      layer,
      keepAlive: this.#keepAlive,
      policy,
      opened: (socket) => this.#sockets.add(socket),
      closed: (socket) => this.#sockets.delete(socket),
    };
    this.createSocket = (options, listener) => {
      if (!this.#isOpen) throw notRunning();
      return new TunnelSocket(host, options, listener);
    };
    layer.tcp.configure(this.#keepAlive.newHolder(), policy);
    setLayer(this, layer.tcp);
    this.connect = (...args: unknown[]) => connectTunnel(this, args);
    this.createServer = (...args: unknown[]) => Reflect.construct(TcpServer, [this, ...args]);
    this.#forward();
  }

  /** @internal */
  static async open(options: TunnelOptions): Promise<Tunnel> {
    checkOptions(options);
    const { timeout = DEFAULT_TIMEOUT, signal } = options;
    const policy = checkPolicy(options.policy ?? 'proper');
    if (!isTimeout(timeout)) throw invalidValue('timeout', 'milliseconds above 0', timeout);
    signal?.throwIfAborted();
    const { layout } = chooseProfile(options);
    const { random, clock, timers } = surroundingsOf(options);
    const addresses = new OwnAddresses(layout, options.lanip ?? 1);
    let layer: SocketLayer | undefined;
    const peer = await PeerDaemon.start({ ...options, tun: false }, (onPacket) => {
      layer = new SocketLayer(onPacket, addresses, random, clock, timers);
      return layer;
    });
    layer!.attach(peer.portableDriver);
    try {
      if (options.waitForAddress !== false) await firstAddress(peer, { timeout, signal, timers });
    } catch (error) {
      await peer.close();
      throw error;
    }
    addresses.update(peer.leases);
    return new Tunnel(peer, layer!, policy);
  }

  /** The address of the first router that has assigned one, or null while there is none. */
  get address(): string | null {
    return this.peer.address;
  }

  /** One address for each router that has assigned one, in the order of the routers; last those of silent ones. */
  get addresses(): readonly string[] {
    return this.peer.leases.map(({ address }) => address);
  }

  /**
   * As {@link addresses}, for sockets with another `lanip`.
   *
   * @throws ERR_OUT_OF_RANGE for a number that this dialect does not have
   */
  addressesOf(lanip: number): readonly string[] {
    const layer = this.#layer;
    return layer.addresses.texts(checkLanip(lanip, layer));
  }

  /**
   * The present path to a remote, and its state; null when no packets were exchanged with it lately, or
   * when its address can only be reached through the router.
   *
   * @throws ERR_INVALID_ARG_VALUE for anything but an IPv6 address
   */
  path(remote: string): RemoteSnapshot | null {
    const address = this.#readRemote(remote);
    const { portableDriver } = this.peer;
    return portableDriver.run((peer, now) => peer.remote(address, now)) ?? null;
  }

  /**
   * Waits until packets to a remote take the direct path. If they do not yet, sends it echo requests
   * meanwhile, so that both sides search for the path.
   *
   * @throws StartError with code ETIMEDOUT, or EHOSTUNREACH where no direct path can be
   * @throws AbortError when the signal aborts
   */
  async waitForDirect(remote: string, options: WaitForDirectOptions = {}): Promise<RemoteSnapshot> {
    const address = this.#readRemote(remote);
    const layer = this.#layer;
    const holder = this.#keepAlive.newHolder();
    holder.set(true);
    try {
      return await searchDirectPath(
        this,
        remote,
        () => layer.sendEcho(address),
        options,
        layer.tcp.timers,
      );
    } finally {
      holder.set(false);
    }
  }

  /** Counters of the tunnel, with dropped packets by reason. */
  statistics(): TunnelStatistics {
    const layer = this.#layer;
    return { ...layer.counters.snapshot(layer.socketCounters()), peer: this.peer.counters() };
  }

  /**
   * Adds a router, and solicits an address from it.
   *
   * @throws InvalidArgumentError when it is there already, is not an endpoint, or there are 16
   */
  addRouter(router: Endpoint | string): void {
    this.peer.addRouter(router);
  }

  /** Removes a router and the address that it has assigned. */
  removeRouter(router: Endpoint | string): void {
    this.peer.removeRouter(router);
  }

  /** Keeps the process alive; otherwise its sockets do, while they are bound and not unref'ed. */
  ref(): this {
    this.#holder.set(true);
    return this;
  }

  /** Reverts {@link ref}. */
  unref(): this {
    this.#holder.set(false);
    return this;
  }

  /** Closes all sockets and the tunnel. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    for (const socket of [...this.#sockets]) socket.terminate();
    await this.#layer.tcp.end();
    await this.peer.close();
    this.emit('close');
  }

  #readRemote(remote: string): Uint8Array {
    const address = typeof remote === 'string' ? readAddress(remote) : null;
    if (address === null) throw invalidValue('remote', 'an IPv6 address', remote);
    return address;
  }

  #forward(): void {
    const { peer } = this;
    const moved = (): void => {
      this.#layer.addresses.update(peer.leases);
      this.#layer.addressesChanged();
    };
    peer.on('address', (lease, previous) => {
      moved();
      this.emit('address', lease, previous);
    });
    peer.on('address-lost', (lease) => {
      moved();
      this.emit('address-lost', lease);
    });
    peer.on('router-unreachable', (router) => {
      moved();
      this.emit('router-unreachable', router);
    });
    peer.on('router-reachable', (router) => {
      moved();
      this.emit('router-reachable', router);
    });
    peer.on('no-route', (error) => this.emit('no-route', error));
    peer.on('path', (change) => this.emit('path', change));
    peer.on('warning', (error) => this.emit('warning', error));
    peer.on('error', (error) => void this.close().then(() => this.emit('error', error)));
  }
}

/**
 * Opens a tunnel: gets an IPv6 address from a router, for sockets of this program. Resolves when the
 * first address is assigned, unless `waitForAddress` is false.
 *
 * @throws InvalidArgumentError for an option that cannot be used
 * @throws StartError with code ETIMEDOUT when no router answers in time, with the number of
 *   solicitations of each; with ENETUNREACH when there still is no route to any; or as {@link startPeer}
 *
 * @example
 * ```ts
 * const tunnel = await openTunnel({ routers: '192.0.2.1' });
 * const socket = tunnel.createSocket('udp6', (message, from) => socket.send(message, from.port, from.address));
 * socket.bind(7);
 * ```
 */
export function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  return Tunnel.open(options);
}

/** Makes a socket over a tunnel, as `dgram.createSocket` does; see {@link Tunnel.createSocket}. */
export function createSocket(
  options: TunnelSocketOptions,
  listener?: (message: Buffer, from: RemoteInfo) => void,
): TunnelSocket {
  return options.tunnel.createSocket(options, listener);
}

async function firstAddress(
  peer: PeerDaemon,
  { timeout, signal, timers }: { timeout: number; signal: AbortSignal | undefined; timers: Timers },
): Promise<void> {
  let cancel: (() => void) | undefined;
  let abort: (() => void) | undefined;
  const giveUp = new Promise<never>((_, reject) => {
    cancel = setLongTimeout(() => reject(noAnswer(peer, timeout)), timeout, timers);
    abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
  });
  try {
    await Promise.race([peer.ready, giveUp]);
  } finally {
    cancel?.();
    if (abort !== undefined) signal?.removeEventListener('abort', abort);
  }
}

function noAnswer(peer: PeerDaemon, timeout: number): StartError {
  const tried = peer
    .uplinks()
    .map(({ router, attempts }) => `${formatEndpoint(router)} (asked ${times(attempts)})`);
  for (const { name, router, error } of peer.lookups()) {
    if (router === null) tried.push(`${name} (${error ?? 'not looked up yet'})`);
  }
  const message = `no router gave an address within ${timeout} ms: ${tried.join(', ')}`;
  if (!peer.hasRoute) return new StartError('ENETUNREACH', `${message}; there is no route to any`);
  return new StartError('ETIMEDOUT', message);
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
