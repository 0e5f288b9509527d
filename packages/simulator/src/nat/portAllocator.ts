import type { Random } from '../time/random.js';
import type { CompleteNatOptions } from './behavior.js';

const LOWEST_REGISTERED = 1024;
const HIGHEST = 65_535;
const RANDOM_TRIES = 32;

/** Chooses the external port of new mappings (RFC 4787 §4.2). */
export class PortAllocator {
  readonly #options: CompleteNatOptions;
  readonly #random: Random;
  #next: number;

  constructor(options: CompleteNatOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#next = options.firstPort;
  }

  /** A free port for a new mapping of this internal port, or null when there is none. */
  allocate(internalPort: number, isFree: (port: number) => boolean): number | null {
    // REQ-3a: ports 0..1023 map into the same range, and all others into theirs.
    const isPrivileged = internalPort < LOWEST_REGISTERED;
    const lowest = isPrivileged ? 1 : LOWEST_REGISTERED;
    const highest = isPrivileged ? LOWEST_REGISTERED - 1 : HIGHEST;
    const isUsable = (port: number): boolean => this.#hasParity(port, internalPort) && isFree(port);
    const { portAssignment } = this.#options;
    if (portAssignment === 'preservation' && isUsable(internalPort)) return internalPort;
    if (portAssignment === 'random') {
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

  #hasParity(port: number, internalPort: number): boolean {
    return !this.#options.portParity || (port & 1) === (internalPort & 1);
  }
}
