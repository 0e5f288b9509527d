/** More restorations than this within {@link WINDOW} milliseconds are a dispute with someone. */
const MOST_RESTORATIONS = 10;
const WINDOW = 60_000;
/** Milliseconds between two attempts in a dispute: from the first to the last, doubled each time. */
const FIRST_DELAY = 10_000;
const LONGEST_DELAY = 300_000;

interface Restorations {
  /** When the present window began. */
  since: number;
  count: number;
  /** Milliseconds until the next attempt; 0 when there is no dispute. */
  delay: number;
  last: number;
}

/**
 * Limits how often the same part of an interface is put back. Two programs that both insist would otherwise change it
 * as fast as they can.
 */
export class RestorationLimits {
  readonly #parts = new Map<string, Restorations>();

  /** Whether a part may be put back now. */
  allows(name: string, now: number): boolean {
    const part = this.#parts.get(name);
    return part === undefined || now >= part.last + part.delay;
  }

  /** Whether a part was put back too often, and not long ago. */
  isDisputed(name: string, now: number): boolean {
    const part = this.#parts.get(name);
    return part !== undefined && part.delay > 0 && now < part.last + part.delay + WINDOW;
  }

  /** Notes that a part was put back that others had removed. */
  restored(name: string, now: number): void {
    const wasDisputed = this.isDisputed(name, now);
    const part = this.#parts.get(name) ?? { since: now, count: 0, delay: 0, last: now };
    if (!wasDisputed) part.delay = 0;
    if (now - part.since >= WINDOW) Object.assign(part, { since: now, count: 0 });
    part.count++;
    part.last = now;
    this.#parts.set(name, part);
    if (wasDisputed) part.delay = Math.min(part.delay * 2, LONGEST_DELAY);
    else if (part.count > MOST_RESTORATIONS) part.delay = FIRST_DELAY;
  }

  /** Forgets all parts but these. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#parts.keys()) if (!names.has(name)) this.#parts.delete(name);
  }
}
