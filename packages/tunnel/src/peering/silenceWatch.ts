import { grown } from '@6bed4/nd';
import {
  PADDED_SOLICITATION,
  SILENCE_REPEAT,
  SILENCE_TICK,
  SILENCE_TICKS,
  STEADY_SILENCE_TICKS,
  STEADY_TICKS,
} from '../defaults.js';
import { OUTER_HEADERS } from '../specification.js';
import { DISTANT_FUTURE, DISTANT_PAST } from '../time.js';
import type { Remotes } from './remotes.js';

/** Bytes of a Router Solicitation on the wire. */
const SOLICITATION_WEIGHT = PADDED_SOLICITATION + OUTER_HEADERS;

/** The ticks that a remote's history has, as bits, the latest one lowest. */
const HISTORY = 0xffff;
const MOST_TICKS = 16;
const STEADY_SILENCE = 2 ** (STEADY_TICKS + STEADY_SILENCE_TICKS) - 1;
/** Something came in each tick, and then nothing. */
const STEADY_THEN_SILENT = (2 ** STEADY_TICKS - 1) << STEADY_SILENCE_TICKS;
const SILENCE = 2 ** (SILENCE_TICKS + 1) - 1;
const SOMETHING_THEN_SILENT = 1 << SILENCE_TICKS;
/** Who has this in his history may still fall silent. */
const SENDING = 2 ** SILENCE_TICKS - 1;

/**
 * Notices when remotes stop sending. No message says that a NAT of ours dropped our mappings: from
 * then on nothing reaches us until we send. But then remotes that were sending fall silent, and that is
 * a reason to send something to them, and to solicit the routers, which restores the mappings and shows whether
 * our endpoint has changed. Silence has other reasons too, so the routers are solicited seldom.
 */
export class SilenceWatch {
  #dueAt = DISTANT_FUTURE;
  #lookedAt = DISTANT_PAST;
  /** Whether a remote stopped sending, and that is not reported yet. */
  #isPending = false;
  #reportedAt = DISTANT_PAST;
  /** The ticks of each slot in which something came. */
  #histories = new Uint16Array();

  /** A packet came from a remote: there is something to watch. For every packet. */
  packetArrived(now: number): void {
    if (this.#dueAt === DISTANT_FUTURE) this.#begin(now);
  }

  /**
   * Looks for remotes that sent until lately, and do so no more.
   *
   * @param fellSilent - is called for each of them
   * @returns whether the routers are to be solicited now
   */
  handleTimeout(
    remotes: Remotes,
    now: number,
    fellSilent: (slot: number, now: number) => void,
  ): boolean {
    if (now < this.#dueAt) return false;
    if (this.#histories.length < remotes.capacity) {
      this.#histories = grown(this.#histories, remotes.capacity);
    }
    // More than one where nobody has called in time.
    const ticks = Math.min(Math.round((now - this.#lookedAt) / SILENCE_TICK), MOST_TICKS);
    let isAnySending = false;
    remotes.forEach((slot) => {
      const isSilent = this.#hasFallenSilent(slot, ticks, remotes.lastReceivedAt(slot));
      if ((this.#histories[slot]! & SENDING) !== 0) isAnySending = true;
      // Otherwise a stranger who sends and stops would have us solicit with more bytes than that took.
      if (!isSilent || !remotes.credit.affords(slot, SOLICITATION_WEIGHT)) return;
      this.#isPending = remotes.credit.charge(slot, SOLICITATION_WEIGHT);
      fellSilent(slot, now);
    });
    this.#lookedAt = now;
    const isDue = this.#isPending && now - this.#reportedAt >= SILENCE_REPEAT;
    if (isDue) {
      this.#isPending = false;
      this.#reportedAt = now;
    }
    // What comes too early to be reported is reported later: nothing else would wake us then.
    const goesOn = isAnySending || this.#isPending;
    this.#dueAt = goesOn ? now + SILENCE_TICK : DISTANT_FUTURE;
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
    this.#histories = new Uint16Array();
  }

  #begin(now: number): void {
    this.#histories.fill(0);
    this.#lookedAt = now;
    this.#dueAt = now + SILENCE_TICK;
  }

  /** Counts ticks of a slot; returns whether it fell silent in one of them. */
  #hasFallenSilent(slot: number, ticks: number, lastReceivedAt: number): boolean {
    // What came in the very moment of the last look may have come after it.
    const came = lastReceivedAt >= this.#lookedAt ? 1 : 0;
    let history = this.#histories[slot]!;
    let isSilent = false;
    for (let left = ticks; left > 0; left--) {
      history = ((history << 1) | (left === 1 ? came : 0)) & HISTORY;
      if ((history & STEADY_SILENCE) === STEADY_THEN_SILENT) {
        // Once is enough.
        history = 0;
        isSilent = true;
      } else if ((history & SILENCE) === SOMETHING_THEN_SILENT) {
        isSilent = true;
      }
    }
    this.#histories[slot] = history;
    return isSilent;
  }
}
