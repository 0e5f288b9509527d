import {
  PADDED_SOLICITATION,
  SILENCE,
  SILENCE_REPEAT,
  SILENCE_WATCH_INTERVAL,
} from '../defaults.js';
import { OUTER_HEADERS } from '../specification.js';
import { DISTANT_FUTURE, DISTANT_PAST } from '../time.js';
import type { Remotes } from './remotes.js';

/** Bytes of a Router Solicitation on the wire. */
const SOLICITATION_WEIGHT = PADDED_SOLICITATION + OUTER_HEADERS;

/**
 * Notices when remotes stop sending. No message says that a NAT of ours dropped our mappings: from
 * then on nothing reaches us until we send. But then remotes that were sending fall silent, and that is
 * a reason to solicit the routers, which restores the mapping to them and shows whether our endpoint
 * has changed. Silence has other reasons too, so this happens seldom.
 */
export class SilenceWatch {
  #dueAt = DISTANT_FUTURE;
  #lookedAt = DISTANT_PAST;
  /** Whether a remote stopped sending, and that is not reported yet. */
  #isPending = false;
  #reportedAt = DISTANT_PAST;

  /** A packet came from a remote: there is something to watch. For every packet. */
  packetArrived(now: number): void {
    if (this.#dueAt === DISTANT_FUTURE) this.#dueAt = now + SILENCE_WATCH_INTERVAL;
  }

  /**
   * Looks for remotes that sent until lately, and do so no more.
   *
   * @returns whether the routers are to be solicited now
   */
  handleTimeout(remotes: Remotes, now: number): boolean {
    if (now < this.#dueAt) return false;
    const since = this.#lookedAt - SILENCE;
    let isAnySending = false;
    remotes.forEach((slot) => {
      // Otherwise a stranger who sends and stops would have us solicit with more bytes than that took.
      if (!remotes.credit.affords(slot, SOLICITATION_WEIGHT)) return;
      const at = remotes.lastReceivedAt(slot);
      if (at > now - SILENCE) isAnySending = true;
      else if (at > since) this.#isPending = remotes.credit.charge(slot, SOLICITATION_WEIGHT);
    });
    this.#lookedAt = now;
    const isDue = this.#isPending && now - this.#reportedAt >= SILENCE_REPEAT;
    if (isDue) {
      this.#isPending = false;
      this.#reportedAt = now;
    }
    // What comes too early to be reported is reported later: nothing else would wake us then.
    const goesOn = isAnySending || this.#isPending;
    this.#dueAt = goesOn ? now + SILENCE_WATCH_INTERVAL : DISTANT_FUTURE;
    return isDue;
  }

  /** Time at which to call {@link SilenceWatch.handleTimeout}, in milliseconds; `Infinity` for never. */
  nextTimeout(): number {
    return this.#dueAt;
  }

  /** Ends the watch, since all remotes are gone. */
  stop(): void {
    this.#isPending = false;
    this.#dueAt = DISTANT_FUTURE;
  }
}
