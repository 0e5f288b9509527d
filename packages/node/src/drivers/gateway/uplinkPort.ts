import { type Endpoint, isIPv4Multicast, UdpEndpoint } from '@6bed4/codec';
import {
  GatewayClient,
  type GatewayClientCounters,
  type GatewayFailure,
  type Hello,
  UplinkChooser,
  type UplinkKind,
} from '@6bed4/gateway';
import {
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
  IPV6_HEADER_LENGTH,
  isNd,
} from '@6bed4/nd';
import { plainBytes } from '../../plainBytes.js';
import { clearTimeout, now, setImmediate, setTimeout } from '../../realTimers.js';
import type { DatagramHandler, DatagramPort, DatagramPortCounters } from '../ports/datagramPort.js';
import type { GatewayProxy } from './connectProxy.js';
import { loadWebSockets, type NodeWebSocket, type OpenNodeWebSocket } from './nodeWebSocket.js';

/** Options of an {@link UplinkPort}. */
export interface UplinkPortOptions {
  /** Where UDP works; null to use the gateway alone. */
  readonly udp: DatagramPort | null;
  readonly urls: readonly string[];
  readonly token?: string | undefined;
  /** The HTTP proxy on the way to a gateway. */
  readonly proxyOf: GatewayProxy;
}

/** Whom an {@link UplinkPort} tells what happens. */
export interface UplinkPortUser {
  /** Datagrams take another way than before: the public endpoint is another one, perhaps. */
  changed(uplink: UplinkState): void;
  /** There is no connection to a gateway. */
  failed(failure: GatewayFailure): void;
}

/** The way that datagrams take. */
export interface UplinkState {
  readonly kind: UplinkKind;
  /** The gateway; null with UDP, or without a connection. */
  readonly gateway: string | null;
  /** What the gateway said; null as {@link gateway}. */
  readonly hello: Hello | null;
}

const UNBOUND: Endpoint = { address: '0.0.0.0', port: 0 };
const NOTHING_COUNTED: DatagramPortCounters = { sendErrors: {}, receiveErrors: {}, queueDrops: 0 };
/** Routers whose solicitations are kept, to ask them again. */
const MOST_ROUTERS = 16;
const PORTS = 65_536;
/** Bytes of a datagram, for the estimate of how many wait. */
const USUAL_LENGTH = 1280;

interface Solicitation {
  readonly bytes: Uint8Array;
  readonly router: UdpEndpoint;
}

/** A port whose datagrams take UDP or a gateway, as {@link UplinkChooser} decides by the answers of routers. */
export class UplinkPort implements DatagramPort {
  readonly #udp: DatagramPort | null;
  readonly #client: GatewayClient;
  readonly #user: UplinkPortUser;
  readonly #chooser: UplinkChooser | null;
  readonly #openSocket: OpenNodeWebSocket;
  readonly #solicitations = new Map<number, Solicitation>();
  #socket: NodeWebSocket | null = null;
  #handler: DatagramHandler | null = null;
  #timer: NodeJS.Timeout | null = null;
  #state: UplinkState;
  #isRef = true;
  #isClosed = false;

  private constructor(
    { udp, urls, token }: UplinkPortOptions,
    user: UplinkPortUser,
    openSocket: OpenNodeWebSocket,
  ) {
    this.#udp = udp;
    this.#user = user;
    this.#openSocket = openSocket;
    this.#chooser = udp === null ? null : new UplinkChooser();
    this.#state = { kind: udp === null ? 'gateway' : 'udp', gateway: null, hello: null };
    this.#client = new GatewayClient(
      { urls, token },
      {
        connect: (url, protocols) => this.#connect(url, protocols),
        now,
        random: Math.random,
        setTimer(milliseconds, action) {
          const timer = setTimeout(action, milliseconds).unref();
          return () => clearTimeout(timer);
        },
        defer: setImmediate,
        datagram: (bytes, offset, length, from) => {
          if (!this.#usesGateway) return;
          this.#handler?.(bytes, offset, length, from.address, from.port);
        },
        opened: (hello, url) => this.#opened(hello, url),
        closed: (failure) => this.#failed(failure),
      },
    );
  }

  /** Makes a port; nothing flows yet. */
  static async open(options: UplinkPortOptions, user: UplinkPortUser): Promise<UplinkPort> {
    return new UplinkPort(options, user, await loadWebSockets(options.urls, options.proxyOf));
  }

  get endpoint(): Endpoint {
    return this.#udp?.endpoint ?? UNBOUND;
  }

  /** The way that datagrams take. */
  get state(): UplinkState {
    return this.#state;
  }

  /** What went over gateways. */
  get gatewayCounters(): GatewayClientCounters {
    return this.#client.counters;
  }

  get counters(): DatagramPortCounters {
    const counters = this.#udp?.counters ?? NOTHING_COUNTED;
    return { ...counters, queueDrops: counters.queueDrops + this.#client.counters.dropped };
  }

  get waiting(): { readonly datagrams: number; readonly bytes: number } {
    if (!this.#usesGateway) return this.#udp?.waiting ?? { datagrams: 0, bytes: 0 };
    const bytes = this.#socket?.socket.bufferedAmount ?? 0;
    return { datagrams: Math.ceil(bytes / USUAL_LENGTH), bytes };
  }

  get offloads() {
    return this.#udp?.offloads;
  }

  get batches() {
    return this.#udp?.batches;
  }

  start(handler: DatagramHandler): void {
    this.#handler = handler;
    this.#udp?.start((bytes, offset, length, address, port) => {
      this.#receivedByUdp(bytes, offset, length, address, port);
    });
    if (this.#chooser === null) this.#client.open();
  }

  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (this.#isClosed) return;
    const chooser = this.#chooser;
    if (chooser !== null && isNdOf(bytes, offset, length, ICMPV6_ROUTER_SOLICITATION)) {
      this.#keep(bytes, offset, length, to);
      chooser.asked(now());
      this.#setTimer();
    }
    if (!this.#usesGateway) this.#udp!.send(bytes, offset, length, to, tos, ttl);
    // What is to end on the way opens NATs, and what is for all stays on the local network: there is neither.
    else if (ttl === 0 && !isIPv4Multicast(to.addressBits)) {
      this.#client.send(bytes, offset, length, to);
    }
  }

  /** The computer is in another network, or slept. */
  networkChanged(): void {
    this.#chooser?.changed(now());
    this.#setTimer();
    if (this.#usesGateway || this.#chooser?.wantsGateway === true) this.#client.networkChanged();
  }

  async rebind(even: boolean): Promise<void> {
    if (this.#usesGateway) this.#client.renew();
    else await this.#udp!.rebind(even);
  }

  async listenOnLan(port: number): Promise<void> {
    await this.#udp?.listenOnLan?.(port);
  }

  ref(): void {
    this.#isRef = true;
    this.#udp?.ref?.();
    this.#socket?.keepAlive(true);
  }

  unref(): void {
    this.#isRef = false;
    this.#udp?.unref?.();
    this.#socket?.keepAlive(false);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#handler = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#client.close();
    await this.#udp?.close();
  }

  get #usesGateway(): boolean {
    return this.#chooser === null || this.#chooser.uses === 'gateway';
  }

  #connect(url: string, protocols: string[]) {
    this.#socket = this.#openSocket(url, protocols);
    this.#socket.keepAlive(this.#isRef);
    return this.#socket.socket;
  }

  #receivedByUdp(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
  ): void {
    const chooser = this.#chooser!;
    const isAnswer =
      isNdOf(bytes, offset, length, ICMPV6_ROUTER_ADVERTISEMENT) &&
      this.#solicitations.has((address >>> 0) * PORTS + port);
    if (isAnswer) {
      const isChange = chooser.answered(now());
      this.#client.pause();
      this.#setTimer();
      // The machine solicits anew, and takes that answer.
      if (isChange) {
        this.#change({ kind: 'udp', gateway: null, hello: null });
        return;
      }
    }
    if (!this.#usesGateway) this.#handler?.(bytes, offset, length, address, port);
  }

  #opened(hello: Hello, gateway: string): void {
    const chooser = this.#chooser;
    const isNew = chooser === null || chooser.connected(now()) || chooser.uses === 'gateway';
    this.#setTimer();
    if (isNew) this.#change({ kind: 'gateway', gateway, hello });
  }

  #failed(failure: GatewayFailure): void {
    if (failure.wasOpen) {
      this.#chooser?.changed(now());
      this.#setTimer();
      this.#state = { ...this.#state, gateway: null, hello: null };
    }
    this.#user.failed(failure);
  }

  #change(state: UplinkState): void {
    this.#state = state;
    this.#user.changed(state);
  }

  #keep(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): void {
    const key = to.address * PORTS + to.port;
    this.#solicitations.delete(key);
    const copy = plainBytes(bytes).slice(offset, offset + length);
    this.#solicitations.set(key, { bytes: copy, router: new UdpEndpoint(to.address, to.port) });
    if (this.#solicitations.size <= MOST_ROUTERS) return;
    const [oldest] = this.#solicitations.keys();
    this.#solicitations.delete(oldest!);
  }

  #setTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const at = this.#chooser?.nextTimeout ?? Number.POSITIVE_INFINITY;
    if (this.#isClosed || at === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#due(), Math.max(0, at - now())).unref();
  }

  #due(): void {
    const chooser = this.#chooser!;
    if (chooser.due(now())) {
      for (const { bytes, router } of this.#solicitations.values()) {
        this.#udp!.send(bytes, 0, bytes.length, router, 0, 0);
      }
    }
    if (chooser.wantsGateway) this.#client.open();
    this.#setTimer();
  }
}

function isNdOf(bytes: Uint8Array, offset: number, length: number, type: number): boolean {
  return isNd(bytes, offset, length) && bytes[offset + IPV6_HEADER_LENGTH] === type;
}
