import { PADDED_SOLICITATION, SILENCE, SILENCE_RATE, SILENCE_WATCH_INTERVAL } from '../defaults.js';
import { TokenBucket } from '../packet/rateLimiter.js';
import { OUTER_HEADERS } from '../specification.js';
import { DISTANT_FUTURE, DISTANT_PAST } from '../time.js';
import type { Remotes } from './remotes.js';

/** Bytes of a Router Solicitation on the wire. */
const SOLICITATION_WEIGHT = PADDED_SOLICITATION + OUTER_HEADERS;

/** Listener for remotes that fall silent. */
export interface SilenceListener {
  /** A remote that was sending does so no more; once for each silence. */
  remoteSilent(slot: number, now: number): void;

  /**
   * Some remotes did.
   *
   * @param mayAsk - whether the routers may be solicited, rather than sent a keepalive
   */
  silence(mayAsk: boolean, now: number): void;
}

/**
 * Notices when remotes stop sending. No message says that a NAT of ours dropped our mappings: from
 * then on nothing reaches us until we send. But then remotes that were sending fall silent. Whatever is
 * sent to them and to the routers restores the mappings; a solicitation also shows whether our endpoint has
 * changed. Silence has other reasons too, so routers are solicited seldom, and sent empty datagrams otherwise.
 */
export class SilenceWatch {
  readonly #solicitations = new TokenBucket(SILENCE_RATE);
  #dueAt = DISTANT_FUTURE;
  #lookedAt = DISTANT_PAST;
  /** Whether a remote stopped sending, and that is not reported yet. */
  #isPending = false;

  /** A packet came from a remote: there is something to watch. For every packet. */
  packetArrived(now: number): void {
    if (this.#dueAt === DISTANT_FUTURE) this.#dueAt = now + SILENCE_WATCH_INTERVAL;
  }

  /** Looks for remotes that sent until lately, and do so no more. */
  handleTimeout(remotes: Remotes, listener: SilenceListener, now: number): void {
    if (now < this.#dueAt) return;
    const since = this.#lookedAt - SILENCE;
    let isAnySending = false;
    let isAnySilent = false;
    remotes.forEach((slot) => {
      // Otherwise a stranger who sends and stops would have us solicit with more bytes than that took.
      if (!remotes.credit.affords(slot, SOLICITATION_WEIGHT)) return;
      // Signals do not count: what silence makes us send would be one for the remote.
      const at = remotes.lastPacketAt(slot);
      if (at > now - SILENCE) {
        isAnySending = true;
      } else if (at > since) {
        remotes.credit.charge(slot, SOLICITATION_WEIGHT);
        isAnySilent = true;
        listener.remoteSilent(slot, now);
      }
    });
    this.#lookedAt = now;
    this.#isPending ||= isAnySilent;
    const mayAsk = this.#isPending && this.#solicitations.allows(now);
    if (mayAsk) this.#isPending = false;
    // Where no solicitation is due yet, it follows later: nothing else would wake us then.
    const goesOn = isAnySending || this.#isPending;
    this.#dueAt = goesOn ? now + SILENCE_WATCH_INTERVAL : DISTANT_FUTURE;
    if (isAnySilent || mayAsk) listener.silence(mayAsk, now);
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
