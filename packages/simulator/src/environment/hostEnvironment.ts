import type { Host } from '../host/host.js';
import type { Random } from '../time/random.js';
import { VirtualTimer } from '../time/virtualTimer.js';
import type { World } from '../world/world.js';
import { SimulatedUdp } from './simulatedUdp.js';

const ANY_ADDRESS = '0.0.0.0';
/** Programs may assume nothing about the origin of their clocks, so each host has another. */
const MOST_CLOCK = 1_000_000_000;

/** The network that a simulated host is in. */
export interface HostNetwork {
  /** The IPv4 subnets that it is directly connected to, `A.B.C.D/length`. */
  subnets(): readonly string[];
  /**
   * Calls a listener when the host has moved to another network or address, or is back in its own.
   *
   * @returns a function that ends it
   */
  onMove(listener: () => void): () => void;
}

/**
 * A simulated host as a computer for `openTunnel`, `startPeer` and `startRouter` of `@6bed4/node`, which take it as their
 * option `environment`: its UDP sockets, its clock, timers in virtual time, and its random numbers.
 */
export class HostEnvironment {
  readonly #world: World;
  readonly #host: Host;
  readonly #random: Random;
  readonly #origin: number;
  readonly #listeners = new Set<() => void>();

  /** The network that the host is in. */
  readonly network: HostNetwork;

  /** @internal */
  constructor(world: World, host: Host) {
    this.#world = world;
    this.#host = host;
    this.#random = world.random.stream(`environment ${host.name}`);
    this.#origin = world.random.stream(`clock ${host.name}`).integer(0, MOST_CLOCK);
    const listeners = this.#listeners;
    this.network = {
      subnets: () => host.subnets,
      onMove: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
  }

  /** The clock of the host: milliseconds of virtual time, with an origin of its own. */
  now(): number {
    return this.#world.scheduler.now + this.#origin;
  }

  /** A number in [0, 1) that depends on the seed and the name of the host. */
  random(): number {
    return this.#random.next();
  }

  /** Calls a function once after so many milliseconds of virtual time. */
  setTimeout(callback: () => void, delay: number): VirtualTimer {
    return new VirtualTimer(this.#world, callback, delay);
  }

  /** Cancels a timer. */
  clearTimeout(timer: object): void {
    if (timer instanceof VirtualTimer) timer.close();
  }

  /**
   * Opens a UDP socket of the host.
   *
   * @param wanted - `address` of the host or 0.0.0.0; `port` 0 for any, with `even` for any even one
   * @throws Error with code EADDRINUSE or EADDRNOTAVAIL
   */
  bind(wanted: {
    readonly address: string;
    readonly port: number;
    readonly even: boolean;
  }): SimulatedUdp {
    const { address, port, even } = wanted;
    const host = this.#host;
    if (address !== ANY_ADDRESS && address !== host.address) {
      const text = `${host.name}: ${address} is not its address, ${host.address} is`;
      throw Object.assign(new Error(text), { code: 'EADDRNOTAVAIL' });
    }
    const free = () => host.freePort((candidate) => !even || candidate % 2 === 0);
    return new SimulatedUdp(host, port === 0 ? free() : port);
  }

  /** @internal The host is in another network, or back in it. */
  moved(): void {
    this.#world.isTouched = true;
    for (const listener of this.#listeners) listener();
  }
}
