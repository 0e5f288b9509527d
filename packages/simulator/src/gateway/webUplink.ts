import type { Endpoint, UdpEndpoint } from '@6bed4/codec';
import {
  type GatewayClientCounters,
  type GatewayFailure,
  GatewayUplink,
  type GatewayUplinkHost,
  type UplinkKind,
} from '@6bed4/gateway';
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

/** What an uplink needs of its peer, and of the clock of that. */
export interface WebUplinkPeer
  extends Pick<Required<GatewayUplinkHost>, 'now' | 'receive' | 'sendUdp'> {
  readonly name: string;
  /** Whether its program does not run for a while. */
  readonly isPaused: boolean;
  /** Datagrams take another way than before. */
  uplinkChanged(): void;
}

/**
 * The way of a peer to the Internet where that may be a gateway: the unchanged `GatewayUplink` of `@6bed4/gateway`, in
 * virtual time.
 */
export class WebUplink {
  /** The way of its WebSockets, which can be made worse, and cut. */
  readonly path: WebPath;
  /** Why there was no connection, each time. */
  readonly failures: GatewayFailure[] = [];
  readonly #peer: WebUplinkPeer;
  readonly #uplink: GatewayUplink;
  /** What happened while the program did not run. */
  readonly #deferred: (() => void)[] = [];

  /** @internal */
  constructor(world: World, settings: WebUplinkSettings, peer: WebUplinkPeer) {
    const { gateway, uplink = 'auto', token, ...path } = settings;
    this.#peer = peer;
    this.path = new WebPath(path);
    const random = world.random.stream(`web ${peer.name}`);
    const run = (action: () => void): void => this.#run(action);
    this.#uplink = new GatewayUplink(
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
        receive: (bytes, offset, length, address, port) =>
          peer.receive(bytes, offset, length, address, port),
        ...(uplink === 'auto' && {
          sendUdp(bytes, offset, length, to, tos, ttl) {
            peer.sendUdp(bytes, offset, length, to, tos, ttl);
          },
        }),
        changed: () => peer.uplinkChanged(),
        failed: (failure) => this.failures.push(failure),
      },
    );
    this.#uplink.start();
  }

  /** The way that datagrams take now. */
  get uses(): UplinkKind {
    return this.#uplink.uses;
  }

  /** Its public endpoint at the gateway; null without a connection. */
  get endpoint(): Endpoint | null {
    return this.#uplink.endpoint;
  }

  /** What went over the gateway. */
  get counters(): GatewayClientCounters {
    return this.#uplink.counters;
  }

  /** The computer is in another network, perhaps: tests the connection, and whether UDP works. */
  networkChanged(): void {
    this.#uplink.networkChanged();
  }

  /** @internal Goes on with what waited while the program did not run. */
  resume(): void {
    for (const action of this.#deferred.splice(0)) action();
  }

  /** @internal */
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

  /** @internal */
  receiveUdp(bytes: Uint8Array, length: number, address: number, port: number): void {
    this.#uplink.receiveUdp(bytes, 0, length, address >>> 0, port);
  }

  #run(action: () => void): void {
    if (this.#peer.isPaused) this.#deferred.push(action);
    else action();
  }
}
