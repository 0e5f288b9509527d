import { EventEmitter } from 'node:events';
import { type Endpoint, type Profile, parseIPv4 } from '@6bed4/codec';
import { Router } from '@6bed4/tunnel';
import { Carrier, type DaemonCounters } from './carrier.js';
import { defined } from './defined.js';
import { checkingOptions, type StartError, UsageError } from './errors.js';
import { type CommonOptions, checkPort, chooseProfile } from './options.js';
import { planOfRouter } from './packet/interfacePlan.js';
import { unforeseeable } from './random.js';
import type { DatagramPort } from './udp/datagramPort.js';
import { PortableUdp } from './udp/portable.js';

const FIRST_MULTICAST = 224;

/** What {@link startRouter} is told. */
export interface RouterDaemonOptions extends CommonOptions {
  /**
   * Own public IPv4 address; it is part of every address that is handed out. Needed unless
   * `datagrams` is given.
   */
  readonly listen?: string;
  /** UDP port; default: the profile's well-known port, by which other routers find this one. */
  readonly port?: number;
  /** Prefix to serve, completed to /64 (draft-04 §3.3); default: the profile's. */
  readonly prefix?: string;
  /** Network identifier for prefixes with room for it, 0..65535; default: the profile's. */
  readonly netid?: number;
  /** Prefixes that are offered to peers as routes, at most 32. */
  readonly routes?: readonly string[];
  /**
   * Whether something behind this router takes IPv6 packets; default true. Without it, packets to
   * elsewhere are answered with "no route".
   */
  readonly ipv6Side?: boolean;
}

/** What a {@link RouterDaemon} tells. */
export interface RouterDaemonEvents {
  /** A packet for the IPv6 side; only without TUN. */
  packet: [packet: Uint8Array];
  /** Something is not as it should be, but the router goes on. */
  warning: [error: StartError];
  /** The router cannot go on and has closed. */
  error: [error: StartError];
  /** Everything was given back. */
  close: [];
}

/** A running 6bed4 router; made by {@link startRouter}. */
export class RouterDaemon extends EventEmitter<RouterDaemonEvents> {
  #carrier: Carrier<Router> | null = null;
  #closing: Promise<void> | null = null;

  /** @internal */
  static async start(options: RouterDaemonOptions): Promise<RouterDaemon> {
    const daemon = new RouterDaemon();
    await daemon.#open(options);
    return daemon;
  }

  /** The router's own IPv6 address. */
  get address(): string {
    return this.#running.machine.address;
  }

  /** The /64 that it serves, as `address/64`. */
  get prefix(): string {
    return this.#running.machine.prefix;
  }

  /** Its public endpoint. */
  get endpoint(): Endpoint {
    return this.#running.machine.endpoint;
  }

  /** Name of its TUN interface, or null. */
  get tun(): string | null {
    return this.#running.tun;
  }

  /** What passed and what was dropped and why. */
  counters(): DaemonCounters {
    return this.#running.counters;
  }

  /**
   * Sends an IPv6 packet from the IPv6 side into the tunnel; only without TUN.
   *
   * @param packet - the whole packet; may be used again when this returns
   */
  send(packet: Uint8Array): void {
    this.#running.send(packet);
  }

  /** Ends the router and gives everything back. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes at the end of a block: `await using`. */
  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #running(): Carrier<Router> {
    return this.#carrier!;
  }

  async #open(options: RouterDaemonOptions): Promise<void> {
    const profile = chooseProfile(options);
    const { prefix, netid, routes, ipv6Side, allowPrivate, allowLoopback, clock } = options;
    const carrier = await Carrier.open({
      datagrams: options.datagrams ?? (await openUdp(options, profile)),
      tun: options.tun ?? false,
      machine: (sink, { endpoint }) =>
        new Router(
          {
            ...endpoint,
            profile,
            random: options.random ?? unforeseeable,
            ...defined({ prefix, netid, routes, ipv6Side, allowPrivate, allowLoopback }),
          },
          sink,
        ),
      onEvent: () => {},
      onPacket: (packet) => this.emit('packet', packet),
      onWarning: (error) => this.emit('warning', error),
      onFailure: (error) => void this.close().then(() => this.emit('error', error)),
      ...defined({ clock }),
    });
    this.#carrier = carrier;
    try {
      carrier.configure(planOfRouter(carrier.machine.address));
    } catch (error) {
      await carrier.close();
      throw error;
    }
    carrier.start();
  }

  async #close(): Promise<void> {
    await this.#running.close();
    this.emit('close');
  }
}

/**
 * Starts a 6bed4 router: hands out addresses to peers, and relays between them and to its IPv6 side,
 * which is a TUN interface or this program.
 *
 * @throws UsageError for an option that cannot be used
 * @throws StartError when the port or the interface cannot be had
 *
 * @example
 * ```ts
 * const router = await startRouter({ listen: '127.0.0.1' });
 * console.log(router.address, router.prefix);
 * await router.close();
 * ```
 */
export function startRouter(options: RouterDaemonOptions): Promise<RouterDaemon> {
  return RouterDaemon.start(options);
}

function openUdp(options: RouterDaemonOptions, profile: Profile): Promise<DatagramPort> {
  const { listen = '' } = options;
  const first = checkingOptions(() => parseIPv4(listen, 'listen')) >>> 24;
  if (first === 0 || first >= FIRST_MULTICAST) {
    throw new UsageError('listen', listen, 'the IPv4 address by which peers reach this router');
  }
  const port = checkPort(options.port ?? profile.port);
  return PortableUdp.open({ address: listen, port, even: !profile.layout.acceptsPort(1) });
}
