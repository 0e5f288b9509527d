import { type AddressLease, Peer, type RemoteSnapshot, type TunnelEvent } from '@6bed4/tunnel';
import { random } from './random';
import { openUdpDriver, type UdpDriver } from './udpDriver';

/** The state of a {@link Tunnel}, for a screen. */
export interface TunnelState {
  readonly phase: 'stopped' | 'starting' | 'online' | 'unreachable' | 'failed';
  /** The IPv6 address, once a router gave one. */
  readonly address: string | null;
  /** The UDP endpoint as the router sees it. */
  readonly publicEndpoint: string | null;
  /** Why the tunnel could not start. */
  readonly error: string | null;
}

/** Options of a {@link Tunnel}. */
export interface TunnelOptions {
  /** IPv4 addresses of routers, each with `:port` if it is not the usual one. */
  readonly routers: readonly string[];
  /** The IPv4 address to bind to; default: all. */
  readonly bindAddress?: string;
  /** Called for each IPv6 packet, which may be kept. */
  packet(packet: Uint8Array): void;
  /** Called when {@link Tunnel.state} is another one. */
  changed(state: TunnelState): void;
}

const STOPPED: TunnelState = { phase: 'stopped', address: null, publicEndpoint: null, error: null };

/** A peer of a 6bed4 network and its UDP socket, which is replaced when the network changes. */
export class Tunnel {
  readonly #options: TunnelOptions;
  #state = STOPPED;
  #driver: UdpDriver<Peer> | null = null;
  #wanted = false;
  /** The last of what was asked for; each waits for the one before. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  get state(): TunnelState {
    return this.#state;
  }

  /** Opens a socket and asks the routers for an address. */
  start(): Promise<void> {
    this.#wanted = true;
    return this.#then(() => this.#open());
  }

  /** Gives the address up and closes the socket. */
  stop(): Promise<void> {
    this.#wanted = false;
    return this.#then(async () => this.#close());
  }

  /**
   * Begins anew with another socket, after the network changed: the old one may be bound to what is gone. Does
   * nothing while stopped.
   */
  restart(): Promise<void> {
    return this.#then(async () => {
      if (!this.#wanted) return;
      this.#close();
      await this.#open();
    });
  }

  /** Goes on after the app was suspended: asks the routers at once whether the address still holds. */
  resume(): void {
    this.#driver?.resume();
    this.#driver?.command((peer, now) => peer.solicit(now));
  }

  /** Sends an IPv6 packet, if there is a socket. */
  send(packet: Uint8Array): void {
    this.#driver?.send(packet);
  }

  /** Those with which packets were exchanged lately. */
  remotes(): RemoteSnapshot[] {
    let list: RemoteSnapshot[] = [];
    this.#driver?.command((peer, now) => {
      list = peer.remotes(now);
    });
    return list;
  }

  #then(step: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(step);
    return this.#last;
  }

  async #open(): Promise<void> {
    if (this.#driver !== null || !this.#wanted) return;
    const { routers, bindAddress = '0.0.0.0', packet } = this.#options;
    this.#become({ ...STOPPED, phase: 'starting' });
    try {
      const driver = await openUdpDriver(
        bindAddress,
        (sink) => new Peer({ routers, random }, sink),
        {
          packet,
          event: (event) => this.#happened(event),
        },
      );
      this.#driver = driver;
      driver.command((peer, now) => peer.start(now));
    } catch (error) {
      this.#become({ ...STOPPED, phase: 'failed', error: String(error) });
    }
  }

  #close(): void {
    this.#driver?.close();
    this.#driver = null;
    this.#become(STOPPED);
  }

  #happened(event: TunnelEvent): void {
    const state = this.#state;
    switch (event.type) {
      case 'address-acquired':
      case 'address-changed':
        this.#become(online(event));
        break;
      case 'address-lost':
        this.#become({ ...STOPPED, phase: 'starting' });
        break;
      case 'router-unreachable':
        this.#become({ ...state, phase: 'unreachable' });
        break;
      case 'router-reachable':
        if (state.address !== null) this.#become({ ...state, phase: 'online' });
        break;
      default:
        this.#become(state);
    }
  }

  #become(state: TunnelState): void {
    this.#state = state;
    this.#options.changed(state);
  }
}

function online({ address, publicEndpoint }: AddressLease): TunnelState {
  const endpoint = `${publicEndpoint.address}:${publicEndpoint.port}`;
  return { phase: 'online', address, publicEndpoint: endpoint, error: null };
}
