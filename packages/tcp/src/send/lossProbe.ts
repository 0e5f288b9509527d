import { isAfter, isBefore } from '../segment/sequence.js';
import type { RoundTrip } from './roundTrip.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Longest delay of an acknowledgment that is expected from the other side (RFC 8985 §7.2). */
const LONGEST_ACK_DELAY = 200;
/**
 * Least time until a probe. RFC 8985 §7.2 has no such bound; but on short paths two round trips are less than a host
 * takes that acknowledges once for a whole flight, and than timers of drivers come late.
 */
const LEAST_TIME = 10;

/**
 * Tail loss probe (RFC 8985 §7): what was lost at the end of the data is noticed by the acknowledgment of a segment
 * that is sent for that, before the retransmission timer expires. In milliseconds.
 */
export class LossProbe {
  /** When a probe has to be sent; infinite for not. */
  deadline = NEVER;
  readonly #roundTrip: RoundTrip;
  /** TLP.end_seq: SND.NXT when a probe was sent; meaningless without one. */
  #end = 0;
  #isOut = false;
  #isRetransmission = false;
  /** Round trips that had been measured when a probe was last sent. */
  #samplesBefore = 0;

  constructor(roundTrip: RoundTrip) {
    this.#roundTrip = roundTrip;
  }

  /**
   * Schedules a probe (§7.2), unless one is out or no round trip was measured since the last one (§7.3): without
   * that, a path that only became slower would be probed for each flight.
   *
   * @param segments - under way
   * @param limit - when the retransmission timer expires
   */
  schedule(segments: number, limit: number, now: number): void {
    const { smoothed, samples } = this.#roundTrip;
    if (this.#isOut || samples === this.#samplesBefore) {
      this.deadline = NEVER;
      return;
    }
    let wait = Math.max(2 * smoothed, LEAST_TIME);
    if (segments === 1) wait += LONGEST_ACK_DELAY;
    this.deadline = Math.min(now + wait, limit);
  }

  /** No probe is needed, since loss is being repaired. */
  cancel(): void {
    this.deadline = NEVER;
    this.#isOut = false;
  }

  /** A probe is sent (§7.3). */
  sent(next: number, isRetransmission: boolean): void {
    this.deadline = NEVER;
    this.#end = next;
    this.#isOut = true;
    this.#isRetransmission = isRetransmission;
    this.#samplesBefore = this.#roundTrip.samples;
  }

  /**
   * An acknowledgment came (§7.4).
   *
   * @param isDuplicate - whether it reports data that arrived twice
   * @param isRepeated - whether it acknowledges nothing new, and nothing selectively
   * @returns whether it shows that the probe repaired a loss, which is congestion
   */
  acknowledged(acknowledgment: number, isDuplicate: boolean, isRepeated: boolean): boolean {
    if (!this.#isOut || isBefore(acknowledgment, this.#end)) return false;
    if (!this.#isRetransmission || isDuplicate) {
      this.#isOut = false;
      return false;
    }
    if (isAfter(acknowledgment, this.#end)) {
      this.#isOut = false;
      return true;
    }
    // Both the probe and what it repeated arrived.
    if (isRepeated) this.#isOut = false;
    return false;
  }
}
