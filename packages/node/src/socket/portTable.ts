import { sameBytes } from './bytes.js';
import { type Binding, type BoundPlace, placesOverlap } from './portBinding.js';

const ADDRESS_BYTES = 16;
/** Ports for who asks for none in particular (RFC 6335 §6). */
const FIRST_DYNAMIC_PORT = 49_152;
const DYNAMIC_PORTS = 65_536 - FIRST_DYNAMIC_PORT;

/** Which sockets are at which UDP port, and which of them a datagram is for. */
export class PortTable {
  readonly #random: () => number;
  readonly #ports = new Map<number, Binding[]>();
  /** How many sockets are at each lanip. */
  readonly #lanips = new Map<number, number>();

  /** @param random - numbers in [0, 1) that strangers cannot foresee (RFC 6056) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** All bindings. */
  *[Symbol.iterator](): IterableIterator<Binding> {
    for (const bindings of this.#ports.values()) yield* bindings;
  }

  /** Whether another socket is in the way of one at this place. */
  isTaken(place: BoundPlace, port: number, mayShare: boolean): boolean {
    const bindings = this.#ports.get(port);
    return (
      bindings?.some(
        (other) => placesOverlap(other.place, place) && !(mayShare && other.mayShare),
      ) ?? false
    );
  }

  /** A free port for a place, chosen so that strangers cannot foresee it; 0 when none is free. */
  freePort(place: BoundPlace): number {
    const start = Math.floor(this.#random() * DYNAMIC_PORTS);
    for (let step = 0; step < DYNAMIC_PORTS; step++) {
      const port = FIRST_DYNAMIC_PORT + ((start + step) % DYNAMIC_PORTS);
      if (!this.isTaken(place, port, false)) return port;
    }
    return 0;
  }

  add(binding: Binding): void {
    const bindings = this.#ports.get(binding.port);
    if (bindings === undefined) this.#ports.set(binding.port, [binding]);
    else bindings.push(binding);
    this.#count(binding, 1);
  }

  remove(binding: Binding): void {
    const bindings = this.#ports.get(binding.port);
    const index = bindings?.indexOf(binding) ?? -1;
    if (bindings === undefined || index < 0) return;
    bindings.splice(index, 1);
    if (bindings.length === 0) this.#ports.delete(binding.port);
    this.#count(binding, -1);
  }

  /**
   * The socket that a datagram is for: one that is connected to its sender before one that is not, one
   * at the very address before one at all, and of several the one that was bound last. For every packet.
   *
   * @param destination - offset of the address that it was sent to
   * @param lanip - which of our addresses that is; -1 for ::1
   * @param source - offset of the address that it came from
   */
  find(
    bytes: Uint8Array,
    destination: number,
    lanip: number,
    port: number,
    source: number,
    sourcePort: number,
  ): Binding | null {
    const bindings = this.#ports.get(port);
    if (bindings === undefined) return null;
    let best: Binding | null = null;
    let bestScore = 0;
    for (let index = bindings.length - 1; index >= 0; index--) {
      const binding = bindings[index]!;
      let score = 1;
      if (!binding.takesAddress(bytes, destination, lanip)) continue;
      if (binding.isAtOneAddress) score += 1;
      if (binding.remote !== null) {
        const isPeer =
          binding.remotePort === sourcePort &&
          sameBytes(binding.remote, 0, bytes, source, ADDRESS_BYTES);
        if (!isPeer) continue;
        score += 2;
      }
      if (score <= bestScore) continue;
      best = binding;
      bestScore = score;
    }
    return best;
  }

  /** Whether any socket is at an address with a lanip. */
  hasLanip(lanip: number): boolean {
    return (this.#lanips.get(lanip) ?? 0) > 0;
  }

  /** The sockets at a port that have joined a multicast group. */
  members(group: string, port: number): Binding[] {
    return this.#ports.get(port)?.filter((binding) => binding.groups.has(group)) ?? [];
  }

  #count({ place }: Binding, change: number): void {
    if (place.kind === 'loopback') return;
    const count = (this.#lanips.get(place.lanip) ?? 0) + change;
    if (count === 0) this.#lanips.delete(place.lanip);
    else this.#lanips.set(place.lanip, count);
  }
}
