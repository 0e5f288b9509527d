/** Milliseconds between probes for more, and round trips after which Reno would have grown. */
const LEAST_WAIT = 2_000;
const FURTHER_WAIT = 1_000;
const MOST_ROUNDS = 63;

/**
 * When BBR probes for a higher rate again: after two to three seconds, or, so that Reno and CUBIC come along, after as
 * many round trips as Reno would take to grow by the volume under way (draft-ietf-ccwg-bbr §5.3.3.5).
 */
export class BbrProbeClock {
  readonly #random: () => number;
  #start = 0;
  #wait = 0;
  #rounds = 0;

  /** @param random - gives numbers in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** A cycle begins (PickProbeWait). */
  restart(now: number): void {
    this.#rounds = this.#random() < 0.5 ? 0 : 1;
    this.#wait = LEAST_WAIT + this.#random() * FURTHER_WAIT;
    this.#start = now;
  }

  /** A round trip began. */
  countRound(): void {
    this.#rounds++;
  }

  /** IsTimeToProbeBW, with so many segments that are wanted under way. */
  isDue(now: number, segments: number): boolean {
    return now > this.#start + this.#wait || this.#rounds >= Math.min(segments, MOST_ROUNDS);
  }
}
