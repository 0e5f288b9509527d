import { Deadlines } from './deadlines.js';
import { grown } from './grown.js';
import { type NeighborEvent, type NeighborState, neighborTransitions } from './neighborStates.js';

const STATES = ['none', 'incomplete', 'reachable', 'stale', 'delay', 'probe'] as const;
const NONE = STATES.indexOf('none');
const INCOMPLETE = STATES.indexOf('incomplete');
const REACHABLE = STATES.indexOf('reachable');
const STALE = STATES.indexOf('stale');
const DELAY = STATES.indexOf('delay');
const PROBE = STATES.indexOf('probe');

/** The requests of a {@link NeighborUnreachability} to its owner, which may call it from within. */
export interface NeighborListener {
  /**
   * A Neighbor Solicitation is to be sent now.
   *
   * @param attempt - 1 for the first solicitation of a round
   */
  solicit(slot: number, attempt: number, now: number): void;

  /** Nothing confirmed the last solicitation of a round; nothing is known of the neighbor any more. */
  unreachable(slot: number, now: number): void;
}

/** Size and times of a {@link NeighborUnreachability}; RFC 4861 §10 names the defaults of hosts. */
export interface NeighborUnreachabilityOptions {
  /** Slots at first; about 20 bytes each are taken at once. */
  readonly capacity: number;
  /** REACHABLE_TIME: how long a confirmation holds, in milliseconds; 30,000 on hosts. */
  readonly reachableTime: number;
  /** DELAY_FIRST_PROBE_TIME, in milliseconds, more than 0; 5,000 on hosts. */
  readonly delayFirstProbeTime: number;
  /** RETRANS_TIMER: between solicitations, in milliseconds; 1,000 on hosts. */
  readonly retransTimer: number;
  /** MAX_UNICAST_SOLICIT: solicitations in a round, 1..255; 3 on hosts. */
  readonly maxUnicastSolicit: number;
}

/**
 * Neighbor Unreachability Detection (RFC 4861 §7.3): decides when a neighbor is solicited, how often,
 * and when to give it up. The neighbors are slots of a table of the owner's; their states and all
 * transitions stand in {@link neighborTransitions}.
 *
 * Time is an argument, in milliseconds on any clock; one that runs backwards counts as standing still.
 * The owner calls {@link NeighborUnreachability.handleTimeout} when
 * {@link NeighborUnreachability.nextTimeout} has come. Every method takes the same short time, however
 * many neighbors there are, and none allocates, but for {@link NeighborUnreachability.grow}.
 */
export class NeighborUnreachability {
  readonly #listener: NeighborListener;
  readonly #maxUnicastSolicit: number;
  #states: Uint8Array;
  /** Solicitations sent in this state. */
  #attempts: Uint8Array;
  readonly #deadlines: Deadlines;

  constructor(options: NeighborUnreachabilityOptions, listener: NeighborListener) {
    this.#listener = listener;
    this.#maxUnicastSolicit = options.maxUnicastSolicit;
    this.#states = new Uint8Array(options.capacity).fill(NONE);
    this.#attempts = new Uint8Array(options.capacity);
    // Stryker disable next-line ArrowFunction: no deadline runs in the other states
    const durations = STATES.map(() => Number.POSITIVE_INFINITY);
    durations[INCOMPLETE] = options.retransTimer;
    durations[REACHABLE] = options.reachableTime;
    durations[DELAY] = options.delayFirstProbeTime;
    durations[PROBE] = options.retransTimer;
    this.#deadlines = new Deadlines(options.capacity, durations);
  }

  /** Makes room for more slots, up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#states = grown(this.#states, capacity, NONE);
    this.#attempts = grown(this.#attempts, capacity);
    this.#deadlines.grow(capacity);
  }

  /** The state of a neighbor. */
  state(slot: number): NeighborState {
    return STATES[this.#states[slot]!]!;
  }

  /** Whether anything is known of a neighbor, or a round of solicitations is under way. */
  isKnown(slot: number): boolean {
    return this.#states[slot] !== NONE;
  }

  /** A packet goes to the neighbor (RFC 4861 §7.3.3). */
  sent(slot: number, now: number): void {
    // A confirmation that is over is none, though nobody has called handleTimeout yet.
    if (this.#states[slot] === REACHABLE && this.#deadlines.isDue(slot, now)) {
      this.#apply(slot, 'timeout', now);
    }
    this.#apply(slot, 'sent', now);
  }

  /** A Neighbor Advertisement or an upper layer shows that packets arrive there (RFC 4861 §7.3.1). */
  confirmed(slot: number, now: number): void {
    this.#apply(slot, 'confirmed', now);
  }

  /** Ends what is known and under way, without calling the listener. */
  remove(slot: number): void {
    this.#states[slot] = NONE;
    this.#deadlines.clear(slot);
  }

  /**
   * Time at which to call {@link NeighborUnreachability.handleTimeout}, in milliseconds; `Infinity`
   * for never. Any call that takes a time or removes a neighbor may change it.
   */
  nextTimeout(): number {
    return this.#deadlines.next();
  }

  /** Does all that has become due. A neighbor long overdue is solicited once, not for each time. */
  handleTimeout(now: number): void {
    const deadlines = this.#deadlines;
    for (let slot = deadlines.take(now); slot >= 0; slot = deadlines.take(now)) {
      const isExhausted = this.#attempts[slot]! >= this.#maxUnicastSolicit;
      this.#apply(slot, isExhausted ? 'exhausted' : 'timeout', now);
    }
  }

  #apply(slot: number, event: NeighborEvent, now: number): void {
    const before = this.#states[slot]!;
    const transition = neighborTransitions[STATES[before]!][event];
    if (transition === undefined) return;
    if (transition.to === 'none') {
      this.remove(slot);
      this.#listener.unreachable(slot, now);
      return;
    }
    const after = STATES.indexOf(transition.to);
    this.#states[slot] = after;
    if (after === STALE) this.#deadlines.clear(slot);
    else this.#deadlines.set(slot, after, now);
    if (after !== before) this.#attempts[slot] = 0;
    if (transition.solicit === true) {
      const attempt = this.#attempts[slot]! + 1;
      this.#attempts[slot] = attempt;
      this.#listener.solicit(slot, attempt, now);
    }
  }
}
