import {
  LONGEST_ROUTER_TRIAL,
  REFRESH_INTERVAL,
  ROUTER_QUESTION_INTERVAL,
  ROUTER_QUESTIONS,
  ROUTER_REPLY_TIME,
  ROUTER_STABLE,
  ROUTER_TRIAL,
  SHARED_REFRESH_INTERVAL,
  UNREACHABLE_AFTER_ATTEMPTS,
} from '../defaults.js';
import type { MachineOutput } from '../machine/output.js';
import { DISTANT_FUTURE } from '../time.js';
import type { Uplink } from './uplink.js';

/** The part of a peer that knows all of its uplinks. */
export interface FailoverHost {
  /** Other uplinks with a lease that can stand in for one. */
  alternativesTo(uplink: Uplink): readonly Uplink[];
}

/**
 * Decides when a router counts as unreachable, and when as reachable again (RFC 4861 §6.3.6, §7.3). Where
 * several routers have given addresses, that is a matter of seconds, since another address can be used
 * meanwhile (RFC 6724 §5, rule 3):
 *
 * - A router that is sent packets and sends none is solicited, and every router is from time to time.
 * - Only answers to solicitations prove that it is there: anyone can forge its packets, which therefore
 *   postpone the question, but not for longer than that time.
 * - A few unanswered solicitations suffice, provided that another router answers meanwhile: otherwise the
 *   fault is with our own network, and no address is better than another.
 * - A router that is back has to answer for a while, which is longer for one that fails often.
 *
 * The uplink holds the state and the timers; this class holds none.
 */
export class RouterFailover {
  readonly #output: MachineOutput;
  readonly #host: FailoverHost;
  readonly #doubt: (uplink: Uplink, now: number) => void;

  /** @param doubt - solicits the router of an uplink */
  constructor(
    output: MachineOutput,
    host: FailoverHost,
    doubt: (uplink: Uplink, now: number) => void,
  ) {
    this.#output = output;
    this.#host = host;
    this.#doubt = doubt;
  }

  /** Expects a router to send something, because it was sent something. */
  watch(uplink: Uplink, now: number): void {
    if (uplink.timer('watch') !== DISTANT_FUTURE) return;
    if (this.#host.alternativesTo(uplink).length === 0) return;
    uplink.watchedSince = now;
    const { lastAdvertisementAt } = uplink;
    const at = Math.max(now + ROUTER_REPLY_TIME, lastAdvertisementAt + ROUTER_QUESTION_INTERVAL);
    uplink.setTimer('watch', at);
  }

  /** Solicits the router when nothing came meanwhile. */
  endWatch(uplink: Uplink, now: number): void {
    uplink.setTimer('watch', DISTANT_FUTURE);
    const isSilent = uplink.lastReceivedAt < uplink.watchedSince;
    if (isSilent && uplink.state === 'leased') this.#doubt(uplink, now);
  }

  /** The wait for an answer to the solicitation just sent, in milliseconds. */
  solicitationWait(uplink: Uplink): number {
    return uplink.solicitationWait(this.#alternativesTo(uplink).length > 0 ? ROUTER_QUESTIONS : 0);
  }

  /** A solicitation was not answered. */
  unanswered(uplink: Uplink, now: number): void {
    uplink.trialUntil = DISTANT_FUTURE;
    if (uplink.reportedUnreachable || uplink.temporary) return;
    const { router, attempts, reachableSince, trialTime } = uplink;
    if (attempts < this.#questions(uplink, now)) return;
    uplink.reportedUnreachable = true;
    const isAgain = now - reachableSince < ROUTER_STABLE;
    uplink.trialTime = isAgain ? Math.min(2 * trialTime, LONGEST_ROUTER_TRIAL) : ROUTER_TRIAL;
    this.#output.event({ type: 'router-unreachable', router, attempts });
  }

  /** A solicitation was answered. */
  answered(uplink: Uplink, now: number): void {
    uplink.lastReceivedAt = now;
    if (!uplink.reportedUnreachable) return;
    // Where no other router is reachable, there is nothing to wait for.
    if (this.#alternativesTo(uplink).some((one) => !one.reportedUnreachable)) {
      uplink.trialUntil = Math.min(uplink.trialUntil, now + uplink.trialTime);
      if (now < uplink.trialUntil) return;
    }
    uplink.reportedUnreachable = false;
    uplink.trialUntil = DISTANT_FUTURE;
    uplink.reachableSince = now;
    this.#output.event({ type: 'router-reachable', router: uplink.router });
  }

  /** Time until a router that has answered is solicited again, in milliseconds. */
  refreshInterval(uplink: Uplink): number {
    if (this.#host.alternativesTo(uplink).length === 0) return REFRESH_INTERVAL;
    return uplink.reportedUnreachable
      ? Math.min(uplink.trialTime / 2, SHARED_REFRESH_INTERVAL)
      : SHARED_REFRESH_INTERVAL;
  }

  /** An uplink has got a lease, so that others are no longer alone. */
  joined(uplink: Uplink, now: number): void {
    for (const one of this.#host.alternativesTo(uplink)) {
      const at = Math.min(one.timer('refresh'), now + SHARED_REFRESH_INTERVAL);
      if (one.state === 'leased') one.setTimer('refresh', at);
    }
  }

  /** The number of solicitations that have to be in vain; solicits others, to see whether they answer. */
  #questions(uplink: Uplink, now: number): number {
    const { attempts, solicitedAt } = uplink;
    const others = this.#alternativesTo(uplink);
    if (others.length === 0) return UNREACHABLE_AFTER_ATTEMPTS;
    if (others.some((one) => one.lastAdvertisementAt >= solicitedAt)) return ROUTER_QUESTIONS;
    if (attempts === 1) {
      for (const one of others) if (one.state === 'leased') this.#doubt(one, now);
    }
    return ROUTER_QUESTIONS + UNREACHABLE_AFTER_ATTEMPTS;
  }

  /** The uplinks that can stand in for one, while it has a lease. */
  #alternativesTo(uplink: Uplink): readonly Uplink[] {
    return uplink.lease === null ? [] : this.#host.alternativesTo(uplink);
  }
}
