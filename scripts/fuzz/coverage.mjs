/** Tells which inputs execute what no other did, from the counters that istanbul adds to code. */

/** A counter's value as one of eight bits: 1, 2, 3, 4–7, 8–15, 16–31, 32–127, more. */
function bitOf(count) {
  if (count < 4) return 1 << (count - 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}

/** The counters of all instrumented modules, and what was ever seen in them. */
export class Coverage {
  /** Arrays of counters. */
  #counters = [];
  #seen;

  constructor(coverage = globalThis.__coverage__ ?? {}) {
    let count = 0;
    for (const { s, b } of Object.values(coverage)) {
      for (const counters of [s, ...Object.values(b)]) {
        const length = Object.keys(counters).length;
        this.#counters.push({ counters, length, first: count });
        count += length;
      }
    }
    this.#seen = new Uint8Array(count);
  }

  /** How many counters there are. */
  get size() {
    return this.#seen.length;
  }

  /** How many of them were ever above zero. */
  get reached() {
    let reached = 0;
    for (const bits of this.#seen) if (bits !== 0) reached++;
    return reached;
  }

  /** Forgets what was seen. */
  forget() {
    this.#seen.fill(0);
  }

  /** Sets all counters to zero. */
  reset() {
    for (const { counters, length } of this.#counters) {
      for (let index = 0; index < length; index++) counters[index] = 0;
    }
  }

  /**
   * Takes the counters into account and sets them to zero; returns whether there was something new.
   *
   * @param isCoarse - whether to tell only none, one and more apart
   */
  take(isCoarse = false) {
    const seen = this.#seen;
    let isNew = false;
    for (const { counters, length, first } of this.#counters) {
      for (let index = 0; index < length; index++) {
        const count = counters[index];
        if (count === 0) continue;
        counters[index] = 0;
        const bit = isCoarse ? Math.min(count, 2) : bitOf(count);
        if ((seen[first + index] & bit) === 0) {
          seen[first + index] |= bit;
          isNew = true;
        }
      }
    }
    return isNew;
  }
}
