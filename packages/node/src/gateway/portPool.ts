/**
 * The UDP ports of a gateway. One that was given back is the last to be used again: what is still sent to its last holder
 * then has time to end.
 */
export class PortPool {
  readonly #free: number[];
  #next = 0;
  #count: number;

  /** @param random - numbers in [0, 1) that others cannot predict, so that nobody knows the next port */
  constructor(ports: readonly number[], random: () => number) {
    this.#free = [...ports];
    this.#count = ports.length;
    for (let last = this.#free.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [this.#free[last], this.#free[other]] = [this.#free[other]!, this.#free[last]!];
    }
  }

  /** Ports that are free. */
  get free(): number {
    return this.#count;
  }

  /** Takes a port; null when none is free. */
  take(): number | null {
    if (this.#count === 0) return null;
    const port = this.#free[this.#next]!;
    this.#next = (this.#next + 1) % this.#free.length;
    this.#count--;
    return port;
  }

  /** Gives a port back. */
  give(port: number): void {
    this.#free[(this.#next + this.#count) % this.#free.length] = port;
    this.#count++;
  }
}
