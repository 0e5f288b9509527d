import { type Endpoint, isIPv4Multicast, UdpEndpoint } from '@6bed4/codec';
import {
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
  IPV6_HEADER_LENGTH,
  isNd,
} from '@6bed4/nd';
import type { Hello } from '../wire/hello.js';
import { GatewayClient } from './gatewayClient.js';
import type {
  GatewayClientCounters,
  GatewayClientHost,
  GatewayClientOptions,
  GatewayFailure,
} from './gatewayClientOptions.js';
import { UplinkChooser, type UplinkKind } from './uplinkChooser.js';

/** The way that datagrams take. */
export interface GatewayUplinkState {
  readonly kind: UplinkKind;
  /** The gateway, `wss://…`; null with UDP, or without a connection. */
  readonly gateway: string | null;
  /** What the gateway said; null as {@link gateway}. */
  readonly hello: Hello | null;
}

/** What a {@link GatewayUplink} needs of its platform. */
export interface GatewayUplinkHost
  extends Pick<GatewayClientHost, 'connect' | 'now' | 'random' | 'setTimer'> {
  /**
   * Calls a function when what is under way is done, and before anything waits. Datagrams that are sent over a gateway until
   * then leave in one message; without it, each at once in its own.
   */
  defer?(action: () => void): void;
  /**
   * Takes a datagram that came over the way in use.
   *
   * @param bytes - the datagram and perhaps more; may be used during the call only
   * @param address - IPv4 address of its source, uint32
   * @param port - UDP port of its source
   */
  receive(bytes: Uint8Array, offset: number, length: number, address: number, port: number): void;
  /**
   * Sends a datagram by UDP; bytes and destination may be used during the call only. Absent where there is no UDP: the
   * gateway is the only way then.
   *
   * @param tos - IPv4 TOS byte
   * @param ttl - IPv4 TTL; 0 for the system's default
   */
  sendUdp?(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void;
  /**
   * Datagrams take another way than before, or the same over a new connection: the public endpoint is another one, perhaps.
   * Routers have to be solicited anew.
   */
  changed(state: GatewayUplinkState): void;
  /** There is no connection to a gateway any more, or it could not be had. */
  failed(failure: GatewayFailure): void;
}

/** Routers whose solicitations are kept, to ask them again. */
const MOST_ROUTERS = 16;
const PORTS = 65_536;

interface Solicitation {
  readonly bytes: Uint8Array;
  readonly router: UdpEndpoint;
}

/**
 * The way of a peer's datagrams to the Internet, by UDP or over a gateway, as {@link UplinkChooser} decides by the answers
 * of routers: to the gateway when no router has answered any Router Solicitation for 3 s, and back to UDP at the first
 * Router Advertisement there, for which the last solicitations are repeated from time to time. They are repeated as well
 * when one has no answer for 1.5 s, and when something is sent and nothing comes for a second.
 *
 * @example
 * ```ts
 * const uplink = new GatewayUplink({ urls: ['wss://router.example/6bed4'] }, host);
 * uplink.start();
 * // What the peer sends, and what comes by UDP:
 * uplink.send(bytes, 0, bytes.length, to, 0, 0);
 * uplink.receiveUdp(bytes, 0, bytes.length, address, port);
 * ```
 */
export class GatewayUplink {
  readonly #host: GatewayUplinkHost;
  readonly #client: GatewayClient;
  /** Null where the gateway is the only way. */
  readonly #chooser: UplinkChooser | null;
  readonly #solicitations = new Map<number, Solicitation>();
  #state: GatewayUplinkState;
  #cancelTimer: () => void = () => {};
  #isClosed = false;

  /** Connects nowhere yet; see {@link start}. */
  constructor(options: GatewayClientOptions, host: GatewayUplinkHost) {
    this.#host = host;
    this.#chooser = host.sendUdp === undefined ? null : new UplinkChooser();
    this.#state = { kind: this.uses, gateway: null, hello: null };
    const { defer } = host;
    this.#client = new GatewayClient(options, {
      connect: (url, protocols) => host.connect(url, protocols),
      now: () => host.now(),
      random: () => host.random(),
      setTimer: (milliseconds, action) => host.setTimer(milliseconds, action),
      ...(defer !== undefined && { defer: (action: () => void) => defer.call(host, action) }),
      datagram: (bytes, offset, length, { address, port }) => {
        if (this.uses === 'gateway') host.receive(bytes, offset, length, address, port);
      },
      opened: (hello, url) => this.#opened(hello, url),
      closed: (failure) => this.#failed(failure),
    });
  }

  /** The way that datagrams take now. */
  get uses(): UplinkKind {
    return this.#chooser?.uses ?? 'gateway';
  }

  /** The same, and over which gateway. */
  get state(): GatewayUplinkState {
    return this.#state;
  }

  /** The public endpoint at the gateway; null without a connection. */
  get endpoint(): Endpoint | null {
    return this.#client.endpoint;
  }

  /** What went over gateways. */
  get counters(): GatewayClientCounters {
    return this.#client.counters;
  }

  /** Connects to the gateway, where it is the only way; otherwise it waits for solicitations without answer. */
  start(): void {
    if (this.#chooser === null) this.#client.open();
  }

  /**
   * Sends a datagram over the way in use, at best effort. Over a gateway, those with a TTL and to multicast addresses go
   * nowhere. Bytes and destination may be used again when this returns.
   *
   * @param length - bytes of payload
   * @param tos - IPv4 TOS byte, for UDP
   * @param ttl - IPv4 TTL; 0 for the system's default
   */
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
    const isQuestion =
      chooser !== null && isNdOf(bytes, offset, length, ICMPV6_ROUTER_SOLICITATION);
    if (isQuestion) {
      this.#keep(bytes, offset, length, to);
      chooser.asked(this.#host.now());
      this.#setTimer();
    }
    if (this.uses === 'udp') {
      this.#host.sendUdp!(bytes, offset, length, to, tos, ttl);
      // What is to end on the way opens NATs, and nothing comes back.
      const isAnswerable = length > 0 && ttl === 0 && !isIPv4Multicast(to.addressBits);
      if (chooser!.wantsSent && isAnswerable && !isQuestion) {
        chooser!.sent(this.#host.now());
        this.#setTimer();
      }
    }
    // There are neither NATs nor a local network.
    else if (ttl === 0 && !isIPv4Multicast(to.addressBits)) {
      this.#client.send(bytes, offset, length, to);
    }
  }

  /**
   * Takes a datagram that came by UDP, and hands it over if that is the way in use.
   *
   * @param address - IPv4 address of its source, uint32
   * @param port - UDP port of its source
   */
  receiveUdp(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
  ): void {
    const chooser = this.#chooser;
    if (this.#isClosed || chooser === null) return;
    chooser.heard();
    const isAnswer =
      isNdOf(bytes, offset, length, ICMPV6_ROUTER_ADVERTISEMENT) &&
      this.#solicitations.has(endpointKey(address, port));
    if (isAnswer) {
      if (chooser.wantsGateway) this.#client.pause();
      const isChange = chooser.answered(this.#host.now());
      this.#setTimer();
      // The machine solicits anew, and takes that answer.
      if (isChange) {
        this.#change({ kind: 'udp', gateway: null, hello: null });
        return;
      }
    }
    if (this.uses === 'udp') this.#host.receive(bytes, offset, length, address, port);
  }

  /** The computer is in another network, perhaps, or slept: tests the connection, and whether UDP works. */
  networkChanged(): void {
    const chooser = this.#chooser;
    chooser?.changed(this.#host.now());
    this.#setTimer();
    if (chooser?.wantsGateway ?? true) this.#client.networkChanged();
  }

  /** Gives up the endpoint at the gateway, for another one. */
  renew(): void {
    this.#client.renew();
  }

  /** Ends everything. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#client.close();
  }

  #opened(hello: Hello, gateway: string): void {
    const chooser = this.#chooser;
    chooser?.connected(this.#host.now());
    this.#setTimer();
    if (this.uses === 'gateway') this.#change({ kind: 'gateway', gateway, hello });
  }

  #failed(failure: GatewayFailure): void {
    if (failure.wasOpen) {
      this.#chooser?.changed(this.#host.now());
      this.#setTimer();
      this.#state = { ...this.#state, gateway: null, hello: null };
    }
    this.#host.failed(failure);
  }

  #change(state: GatewayUplinkState): void {
    this.#state = state;
    this.#host.changed(state);
  }

  #keep(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): void {
    const key = endpointKey(to.address, to.port);
    this.#solicitations.delete(key);
    this.#solicitations.set(key, {
      // Where the bytes are a `Buffer`, its `slice` would not copy.
      bytes: Uint8Array.from(bytes.subarray(offset, offset + length)),
      router: new UdpEndpoint(to.address, to.port),
    });
    if (this.#solicitations.size <= MOST_ROUTERS) return;
    const [oldest] = this.#solicitations.keys();
    this.#solicitations.delete(oldest!);
  }

  #setTimer(): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    const at = this.#chooser?.nextTimeout ?? Number.POSITIVE_INFINITY;
    if (this.#isClosed || at === Number.POSITIVE_INFINITY) return;
    const delay = Math.max(0, at - this.#host.now());
    this.#cancelTimer = this.#host.setTimer(delay, () => this.#due());
  }

  #due(): void {
    const chooser = this.#chooser!;
    const wantedGateway = chooser.wantsGateway;
    if (chooser.due(this.#host.now())) {
      for (const { bytes, router } of this.#solicitations.values()) {
        this.#host.sendUdp!(bytes, 0, bytes.length, router, 0, 0);
      }
    }
    // Later on, the client knows by itself when to try again, and whether at all.
    if (chooser.wantsGateway && !wantedGateway) this.#client.open();
    this.#setTimer();
  }
}

/** An IPv4 address (int32 or uint32) and a UDP port as one number. */
function endpointKey(address: number, port: number): number {
  return (address >>> 0) * PORTS + port;
}

function isNdOf(bytes: Uint8Array, offset: number, length: number, type: number): boolean {
  return isNd(bytes, offset, length) && bytes[offset + IPV6_HEADER_LENGTH] === type;
}
