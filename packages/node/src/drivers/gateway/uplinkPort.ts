import type { Endpoint, UdpEndpoint } from '@6bed4/codec';
import {
  type GatewayClientCounters,
  type GatewayFailure,
  GatewayUplink,
  type GatewayUplinkState,
} from '@6bed4/gateway';
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
  changed(uplink: GatewayUplinkState): void;
  /** There is no connection to a gateway. */
  failed(failure: GatewayFailure): void;
}

const UNBOUND: Endpoint = { address: '0.0.0.0', port: 0 };
const NOTHING_COUNTED: DatagramPortCounters = { sendErrors: {}, receiveErrors: {}, queueDrops: 0 };
/** Bytes of a datagram, for the estimate of how many wait. */
const USUAL_LENGTH = 1280;

/** A port whose datagrams take UDP or a gateway, as a {@link GatewayUplink} decides. */
export class UplinkPort implements DatagramPort {
  readonly #udp: DatagramPort | null;
  readonly #uplink: GatewayUplink;
  readonly #openSocket: OpenNodeWebSocket;
  #socket: NodeWebSocket | null = null;
  #handler: DatagramHandler | null = null;
  #isRef = true;

  private constructor(
    { udp, urls, token }: UplinkPortOptions,
    user: UplinkPortUser,
    openSocket: OpenNodeWebSocket,
  ) {
    this.#udp = udp;
    this.#openSocket = openSocket;
    this.#uplink = new GatewayUplink(
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
        receive: (bytes, offset, length, address, port) => {
          this.#handler?.(bytes, offset, length, address, port);
        },
        ...(udp !== null && {
          sendUdp(bytes, offset, length, to, tos, ttl) {
            udp.send(bytes, offset, length, to, tos, ttl);
          },
        }),
        changed: (state) => user.changed(state),
        failed: (failure) => user.failed(failure),
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
  get state(): GatewayUplinkState {
    return this.#uplink.state;
  }

  /** What went over gateways. */
  get gatewayCounters(): GatewayClientCounters {
    return this.#uplink.counters;
  }

  get counters(): DatagramPortCounters {
    const counters = this.#udp?.counters ?? NOTHING_COUNTED;
    return { ...counters, queueDrops: counters.queueDrops + this.#uplink.counters.dropped };
  }

  get waiting(): { readonly datagrams: number; readonly bytes: number } {
    if (this.#uplink.uses === 'udp') return this.#udp?.waiting ?? { datagrams: 0, bytes: 0 };
    const bytes = this.#socket?.socket.bufferedAmount ?? 0;
    return { datagrams: Math.ceil(bytes / USUAL_LENGTH), bytes };
  }

  /** Unknown over a gateway, whose messages come in callbacks of their own. */
  get turn(): number | undefined {
    return this.#uplink.uses === 'udp' ? this.#udp?.turn : undefined;
  }

  get memory() {
    return this.#udp?.memory;
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
      this.#uplink.receiveUdp(bytes, offset, length, address, port);
    });
    this.#uplink.start();
  }

  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    this.#uplink.send(bytes, offset, length, to, tos, ttl);
  }

  /** The computer is in another network, or slept. */
  networkChanged(): void {
    this.#uplink.networkChanged();
  }

  async rebind(even: boolean): Promise<void> {
    if (this.#uplink.uses === 'gateway') this.#uplink.renew();
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
    this.#handler = null;
    this.#uplink.close();
    await this.#udp?.close();
  }

  #connect(url: string, protocols: string[]) {
    this.#socket = this.#openSocket(url, protocols);
    this.#socket.keepAlive(this.#isRef);
    return this.#socket.socket;
  }
}
