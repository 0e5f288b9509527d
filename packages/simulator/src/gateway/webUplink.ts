import { type Endpoint, isIPv4Multicast, UdpEndpoint } from '@6bed4/codec';
import {
  GatewayClient,
  type GatewayClientCounters,
  type GatewayFailure,
  UplinkChooser,
  type UplinkKind,
} from '@6bed4/gateway';
import {
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
  IPV6_HEADER_LENGTH,
  isNd,
} from '@6bed4/nd';
import { endpointKey } from '../datagram/endpointKey.js';
import { VirtualTimer } from '../time/virtualTimer.js';
import type { World } from '../world/world.js';
import type { GatewayNode } from './gatewayNode.js';
import { WebConnection } from './webConnection.js';
import { WebPath } from './webPath.js';
import type { WebPathOptions } from './webPathOptions.js';

/** The gateway of a peer, and the way to it. */
export interface WebUplinkSettings extends WebPathOptions {
  readonly gateway: GatewayNode;
  /**
   * `auto`: UDP, and the gateway while no router answers there; `wss`: the gateway alone; as the option `--uplink` of the
   * command `6bed4`. Default `auto`.
   */
  readonly uplink?: 'auto' | 'wss';
  /** Lets it use the gateway; default none. */
  readonly token?: string;
}

/** What an uplink needs of its peer. */
export interface WebUplinkPeer {
  readonly name: string;
  /** Whether its program does not run for a while. */
  readonly isPaused: boolean;
  /** Milliseconds on the peer's own clock. */
  now(): number;
  /** A datagram came over the gateway. */
  receive(bytes: Uint8Array, offset: number, length: number, address: number, port: number): void;
  /** Sends by UDP. */
  sendUdp(bytes: Uint8Array, to: Readonly<UdpEndpoint>): void;
  /** Datagrams take another way than before. */
  uplinkChanged(): void;
}

/** Routers whose solicitations are kept, to ask them again over UDP. */
const MOST_ROUTERS = 16;

interface Solicitation {
  readonly bytes: Uint8Array;
  readonly router: UdpEndpoint;
}

/**
 * The way of a peer to the Internet where that may be a gateway: the unchanged `GatewayClient` and `UplinkChooser` of
 * `@6bed4/gateway`, in virtual time.
 */
export class WebUplink {
  /** The way of its WebSockets, which can be made worse, and cut. */
  readonly path: WebPath;
  /** Why there was no connection, each time. */
  readonly failures: GatewayFailure[] = [];
  readonly #world: World;
  readonly #peer: WebUplinkPeer;
  readonly #client: GatewayClient;
  readonly #chooser: UplinkChooser | null;
  readonly #solicitations = new Map<number, Solicitation>();
  /** What happened while the program did not run. */
  readonly #deferred: (() => void)[] = [];
  #timer: VirtualTimer | null = null;

  /** @internal */
  constructor(world: World, settings: WebUplinkSettings, peer: WebUplinkPeer) {
    const { gateway, uplink = 'auto', token, ...path } = settings;
    this.#world = world;
    this.#peer = peer;
    this.path = new WebPath(path);
    this.#chooser = uplink === 'auto' ? new UplinkChooser() : null;
    const random = world.random.stream(`web ${peer.name}`);
    const run = (action: () => void): void => this.#run(action);
    this.#client = new GatewayClient(
      { urls: [`wss://${gateway.name}/6bed4`], token },
      {
        connect: (_url, protocols) =>
          new WebConnection(world, this.path, random, run, protocols, gateway),
        now: () => peer.now(),
        random: () => random.next(),
        setTimer(milliseconds, action) {
          let isCancelled = false;
          const act = (): void => {
            if (!isCancelled) action();
          };
          const timer = new VirtualTimer(world, () => run(act), milliseconds);
          return () => {
            isCancelled = true;
            timer.close();
          };
        },
        datagram: (bytes, offset, length, { address, port }) => {
          if (this.uses === 'gateway') peer.receive(bytes, offset, length, address, port);
        },
        opened: () => this.#opened(),
        closed: (failure) => this.#closed(failure),
      },
    );
    if (this.#chooser === null) this.#client.open();
  }

  /** The way that datagrams take now. */
  get uses(): UplinkKind {
    return this.#chooser?.uses ?? 'gateway';
  }

  /** Its public endpoint at the gateway; null without a connection. */
  get endpoint(): Endpoint | null {
    return this.#client.endpoint;
  }

  /** What went over the gateway. */
  get counters(): GatewayClientCounters {
    return this.#client.counters;
  }

  /** The computer is in another network, perhaps: tests the connection, and whether UDP works. */
  networkChanged(): void {
    this.#chooser?.changed(this.#peer.now());
    this.#setTimer();
    if (this.uses === 'gateway' || this.#chooser?.wantsGateway === true) {
      this.#client.networkChanged();
    }
  }

  /** @internal Goes on with what waited while the program did not run. */
  resume(): void {
    for (const action of this.#deferred.splice(0)) action();
    this.#setTimer();
  }

  /** @internal */
  takes(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    ttl: number,
  ): boolean {
    const chooser = this.#chooser;
    if (chooser !== null && isNdOf(bytes, offset, length, ICMPV6_ROUTER_SOLICITATION)) {
      this.#keep(bytes, offset, length, to);
      chooser.asked(this.#peer.now());
      this.#setTimer();
    }
    if (this.uses === 'udp') return false;
    // What is to end on the way opens NATs, and what is for all stays on the local network: there is neither.
    if (ttl === 0 && !isIPv4Multicast(to.address)) this.#client.send(bytes, offset, length, to);
    return true;
  }

  /** @internal */
  keeps(bytes: Uint8Array, length: number, address: number, port: number): boolean {
    const chooser = this.#chooser;
    if (chooser === null) return true;
    const isAnswer =
      isNdOf(bytes, 0, length, ICMPV6_ROUTER_ADVERTISEMENT) &&
      this.#solicitations.has(endpointKey(address, port));
    if (!isAnswer) return chooser.uses === 'gateway';
    const isChange = chooser.answered(this.#peer.now());
    this.#client.pause();
    this.#setTimer();
    // The machine solicits anew, and takes that answer.
    if (isChange) this.#peer.uplinkChanged();
    return isChange;
  }

  #run(action: () => void): void {
    if (this.#peer.isPaused) this.#deferred.push(action);
    else action();
  }

  #opened(): void {
    const chooser = this.#chooser;
    const isUsed =
      chooser === null || chooser.connected(this.#peer.now()) || chooser.uses === 'gateway';
    this.#setTimer();
    if (isUsed) this.#peer.uplinkChanged();
  }

  #closed(failure: GatewayFailure): void {
    this.failures.push(failure);
    if (!failure.wasOpen) return;
    this.#chooser?.changed(this.#peer.now());
    this.#setTimer();
  }

  #keep(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): void {
    const key = endpointKey(to.address, to.port);
    this.#solicitations.delete(key);
    this.#solicitations.set(key, {
      bytes: bytes.slice(offset, offset + length),
      router: new UdpEndpoint(to.address, to.port),
    });
    if (this.#solicitations.size <= MOST_ROUTERS) return;
    const [oldest] = this.#solicitations.keys();
    this.#solicitations.delete(oldest!);
  }

  #setTimer(): void {
    this.#timer?.close();
    this.#timer = null;
    const at = this.#chooser?.nextTimeout ?? Number.POSITIVE_INFINITY;
    if (at === Number.POSITIVE_INFINITY) return;
    const due = (): void => this.#run(() => this.#due());
    this.#timer = new VirtualTimer(this.#world, due, at - this.#peer.now());
  }

  #due(): void {
    const chooser = this.#chooser!;
    if (chooser.due(this.#peer.now())) {
      for (const { bytes, router } of this.#solicitations.values()) {
        this.#peer.sendUdp(bytes, router);
      }
    }
    if (chooser.wantsGateway) this.#client.open();
    this.#setTimer();
  }
}

function isNdOf(bytes: Uint8Array, offset: number, length: number, type: number): boolean {
  return isNd(bytes, offset, length) && bytes[offset + IPV6_HEADER_LENGTH] === type;
}
