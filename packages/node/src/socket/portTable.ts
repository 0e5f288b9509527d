import { HIGHEST_PORT, sameIPv6Address } from '@6bed4/codec';
import { type BoundPlace, type PortBinding, placesOverlap } from './portBinding.js';

/** The first of the dynamic ports (RFC 6335 §6), for sockets that request no certain one. */
const FIRST_DYNAMIC_PORT = 49_152;
const DYNAMIC_PORTS = HIGHEST_PORT + 1 - FIRST_DYNAMIC_PORT;

/** The bound sockets by UDP port, and the choice of the one that a datagram is for. */
export class PortTable {
  readonly #random: () => number;
  readonly #ports = new Map<number, PortBinding[]>();
  /** Numbers of sockets by lanip. */
  readonly #lanips = new Map<number, number>();

  /** @param random - unpredictable numbers in [0, 1) (RFC 6056) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Iterates over all bindings. */
  *[Symbol.iterator](): IterableIterator<PortBinding> {
    for (const bindings of this.#ports.values()) yield* bindings;
  }

  /** Whether another socket prevents one from being bound to this place. */
  isTaken(place: BoundPlace, port: number, reuseAddress: boolean): boolean {
    const bindings = this.#ports.get(port);
    return (
      bindings?.some(
        (other) => placesOverlap(other.place, place) && !(reuseAddress && other.reuseAddress),
      ) ?? false
    );
  }

  /** A free port for a place, chosen unpredictably (RFC 6056); 0 when none is free. */
  freePort(place: BoundPlace): number {
    const start = Math.floor(this.#random() * DYNAMIC_PORTS);
    for (let step = 0; step < DYNAMIC_PORTS; step++) {
      const port = FIRST_DYNAMIC_PORT + ((start + step) % DYNAMIC_PORTS);
      if (!this.isTaken(place, port, false)) return port;
    }
    return 0;
  }

  add(binding: PortBinding): void {
    const bindings = this.#ports.get(binding.port);
    if (bindings === undefined) this.#ports.set(binding.port, [binding]);
    else bindings.push(binding);
    this.#count(binding, 1);
  }

  remove(binding: PortBinding): void {
    const bindings = this.#ports.get(binding.port);
    const index = bindings?.indexOf(binding) ?? -1;
    if (bindings === undefined || index < 0) return;
    bindings.splice(index, 1);
    if (bindings.length === 0) this.#ports.delete(binding.port);
    this.#count(binding, -1);
  }

  /**
   * Finds the socket that a datagram is for: one that is connected to the sender before one that is not,
   * one that is bound to one address before one that is bound to all, and of several the one that was
   * bound last. For every packet.
   *
   * @param destination - offset of the destination address
   * @param lanip - of the destination address; -1 for ::1
   * @param source - offset of the source address
   */
  find(
    bytes: Uint8Array,
    destination: number,
    lanip: number,
    port: number,
    source: number,
    sourcePort: number,
  ): PortBinding | null {
    const bindings = this.#ports.get(port);
    if (bindings === undefined) return null;
    let best: PortBinding | null = null;
    let bestScore = 0;
    for (let index = bindings.length - 1; index >= 0; index--) {
      const binding = bindings[index]!;
      let score = 1;
      if (!binding.acceptsAddress(bytes, destination, lanip)) continue;
      if (binding.hasOneAddress) score += 1;
      if (binding.remote !== null) {
        const isPeer =
          binding.remotePort === sourcePort && sameIPv6Address(binding.remote, 0, bytes, source);
        if (!isPeer) continue;
        score += 2;
      }
      if (score <= bestScore) continue;
      best = binding;
      bestScore = score;
    }
    return best;
  }

  /** Whether any socket is bound to an address with this lanip. */
  hasLanip(lanip: number): boolean {
    return (this.#lanips.get(lanip) ?? 0) > 0;
  }

  /** The sockets at a port that have joined a multicast group. */
  members(group: string, port: number): PortBinding[] {
    return this.#ports.get(port)?.filter((binding) => binding.groups.has(group)) ?? [];
  }

  #count({ place }: PortBinding, change: number): void {
    if (place.kind === 'loopback') return;
    const count = (this.#lanips.get(place.lanip) ?? 0) + change;
    if (count === 0) this.#lanips.delete(place.lanip);
    else this.#lanips.set(place.lanip, count);
  }
}
