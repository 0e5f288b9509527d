import type { Random } from '../time/random.js';
import type { CompleteNatBehaviour } from './behavior.js';

const LOWEST_REGISTERED = 1024;
const HIGHEST = 65_535;
const RANDOM_TRIES = 32;

/** Chooses the outside port of new mappings (RFC 4787 §4.2). */
export class PortAllocator {
  readonly #behaviour: CompleteNatBehaviour;
  readonly #random: Random;
  #next: number;

  constructor(behaviour: CompleteNatBehaviour, random: Random) {
    this.#behaviour = behaviour;
    this.#random = random;
    this.#next = behaviour.firstPort;
  }

  /** A free port for a new mapping of this inside port, or null when there is none. */
  allocate(insidePort: number, isFree: (port: number) => boolean): number | null {
    // REQ-3a: ports 0..1023 map into the same range, and all others into theirs.
    const isPrivileged = insidePort < LOWEST_REGISTERED;
    const lowest = isPrivileged ? 1 : LOWEST_REGISTERED;
    const highest = isPrivileged ? LOWEST_REGISTERED - 1 : HIGHEST;
    const isUsable = (port: number): boolean => this.#hasParity(port, insidePort) && isFree(port);
    const { allocation } = this.#behaviour;
    if (allocation === 'preserving' && isUsable(insidePort)) return insidePort;
    if (allocation === 'random') {
      for (let attempt = 0; attempt < RANDOM_TRIES; attempt++) {
        const port = this.#random.integer(lowest, highest);
        if (isUsable(port)) return port;
      }
      this.#next = this.#random.integer(lowest, highest);
    }
    for (let attempt = lowest; attempt <= highest; attempt++) {
      if (this.#next < lowest || this.#next > highest) this.#next = lowest;
      const port = this.#next++;
      if (isUsable(port)) return port;
    }
    return null;
  }

  #hasParity(port: number, insidePort: number): boolean {
    return !this.#behaviour.parity || (port & 1) === (insidePort & 1);
  }
}
