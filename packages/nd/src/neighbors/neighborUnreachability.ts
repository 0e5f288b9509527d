import { AddressTable } from './addressTable.js';
import { type NeighborEvent, type NeighborState, neighborTransitions } from './neighborStates.js';

/** Protocol constants of RFC 4861 §10, in milliseconds and in solicitations. */
const REACHABLE_TIME = 30_000;
const DELAY_FIRST_PROBE_TIME = 5_000;
const RETRANS_TIMER = 1_000;
const MAX_MULTICAST_SOLICIT = 3;
const MAX_UNICAST_SOLICIT = 3;

const HIGHEST_CAPACITY = 2 ** 20;
const HIGHEST_DURATION = 2 ** 31;
const HIGHEST_ATTEMPTS = 255;

const STATES = ['incomplete', 'reachable', 'stale', 'delay', 'probe'] as const;
const INCOMPLETE = STATES.indexOf('incomplete');
const REACHABLE = STATES.indexOf('reachable');
const STALE = STATES.indexOf('stale');
const DELAY = STATES.indexOf('delay');
const PROBE = STATES.indexOf('probe');
const TIMED = [INCOMPLETE, REACHABLE, DELAY, PROBE] as const;
/** A slot that is not in use. */
const NONE = 255;
const NO_ENTRY = -1;

/** What a neighbor cache asks of its owner. It may call the cache from within. */
export interface NeighborListener {
  /**
   * A Neighbor Solicitation is to be sent now: to the neighbor itself in state `probe`, else to its
   * solicited-node multicast address (RFC 4861 §7.2.2, §7.3.3).
   *
   * @param entry - whom to ask for
   * @param attempt - 1 for the first solicitation of a row
   */
  solicit(entry: number, attempt: number): void;

  /** Nobody answered the last solicitation; the entry goes after this call (RFC 4861 §7.3.3). */
  unreachable(entry: number): void;

  /** The entry makes room for another; it goes after this call. */
  evicted(entry: number): void;
}

/** How a neighbor cache behaves. Times are milliseconds, 1..2^31. */
export interface NeighborCacheOptions {
  /** Entries, 1..2^20; their memory, about 60 bytes each, is taken at once. */
  readonly capacity: number;
  /** Numbers in [0, 1), for a hash that strangers cannot foresee. */
  readonly random: () => number;
  /** How long a proof is worth something; default 30,000 (RFC 4861 §6.3.4). */
  readonly reachableTime?: number;
  /** How long an upper layer may take to prove the neighbor; default 5,000 (RFC 4861 §7.3.3). */
  readonly delayFirstProbeTime?: number;
  /** Between solicitations; default 1,000 (RFC 4861 §6.3.4). */
  readonly retransTimer?: number;
  /** Solicitations for a neighbor that is not known, 1..255; default 3 (RFC 4861 §7.2.2). */
  readonly maxMulticastSolicit?: number;
  /** Solicitations for a neighbor that was known, 1..255; default 3 (RFC 4861 §7.3.3). */
  readonly maxUnicastSolicit?: number;
}

/** What matters of a Neighbor Advertisement to the entry of its target (RFC 4861 §7.2.5). */
export interface Advertised {
  /** S. */
  readonly solicited: boolean;
  /** O. */
  readonly override: boolean;
  /** The link-layer address is the one in the entry, or the advertisement names none. */
  readonly sameLink: boolean;
}

/**
 * The Neighbor Cache of RFC 4861 §5.1: who is known on the link, in which state, with a value of the
 * owner's. Its states and all transitions stand in {@link neighborTransitions}.
 *
 * An entry is a number that stays the same while the neighbor is in the cache, and may be given to
 * another one afterwards. Events for an entry that has gone do nothing.
 *
 * Time is an argument, in milliseconds on any clock; one that runs backwards counts as standing still.
 * The owner calls {@link NeighborCache.handleTimeout} when {@link NeighborCache.nextTimeout} has come.
 * Every method takes the same short time, however many entries there are, and none allocates.
 *
 * Eviction: when the cache is full, a new neighbor takes the place of the `incomplete` one whose last
 * solicitation is oldest, else of the one that has been `stale` longest. Entries in use (`reachable`,
 * `delay`, `probe`) never go for another: when there are only those, the new neighbor is refused.
 */
export class NeighborCache<T> {
  /** Most entries there can be. */
  readonly capacity: number;
  readonly #listener: NeighborListener;
  readonly #table: AddressTable;
  readonly #values: (T | undefined)[];
  readonly #states: Uint8Array;
  readonly #attempts: Uint8Array;
  readonly #deadlines: Float64Array;
  /** How long each state lasts, by its number. */
  readonly #durations: Float64Array;
  /** How many solicitations each state allows, by its number. */
  readonly #limits: Uint8Array;
  /**
   * Entries of a state form a list in the order in which they came to it. As a state always lasts
   * equally long, that is the order of their deadlines too.
   */
  readonly #oldest: Int32Array;
  readonly #newest: Int32Array;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  /** Unused slots, linked by `#newer`. */
  #free: number;
  #size = 0;
  #now = Number.NEGATIVE_INFINITY;

  /**
   * @param options - size and times
   * @param listener - is told what to send and who goes
   * @throws RangeError naming the option that is out of range
   */
  constructor(options: NeighborCacheOptions, listener: NeighborListener) {
    const capacity = checkOption('capacity', options.capacity, HIGHEST_CAPACITY);
    const duration = (name: DurationName, fallback: number): number =>
      checkOption(name, options[name] ?? fallback, HIGHEST_DURATION);
    const attempts = (name: AttemptsName, fallback: number): number =>
      checkOption(name, options[name] ?? fallback, HIGHEST_ATTEMPTS);
    this.capacity = capacity;
    this.#listener = listener;
    this.#table = new AddressTable(capacity, options.random);
    this.#values = new Array<T | undefined>(capacity).fill(undefined);
    this.#states = new Uint8Array(capacity).fill(NONE);
    this.#attempts = new Uint8Array(capacity);
    this.#deadlines = new Float64Array(capacity);
    this.#durations = new Float64Array(STATES.length).fill(Number.POSITIVE_INFINITY);
    this.#durations[REACHABLE] = duration('reachableTime', REACHABLE_TIME);
    this.#durations[DELAY] = duration('delayFirstProbeTime', DELAY_FIRST_PROBE_TIME);
    this.#durations[INCOMPLETE] = duration('retransTimer', RETRANS_TIMER);
    this.#durations[PROBE] = this.#durations[INCOMPLETE]!;
    this.#limits = new Uint8Array(STATES.length);
    this.#limits[INCOMPLETE] = attempts('maxMulticastSolicit', MAX_MULTICAST_SOLICIT);
    this.#limits[PROBE] = attempts('maxUnicastSolicit', MAX_UNICAST_SOLICIT);
    this.#oldest = new Int32Array(STATES.length).fill(NO_ENTRY);
    this.#newest = new Int32Array(STATES.length).fill(NO_ENTRY);
    this.#older = new Int32Array(capacity).fill(NO_ENTRY);
    this.#newer = new Int32Array(capacity).map((_, slot) => slot + 1);
    this.#newer[capacity - 1] = NO_ENTRY;
    this.#free = 0;
  }

  /** Entries there are. */
  get size(): number {
    return this.#size;
  }

  /** The entry of the IPv6 address at `offset`, 16 bytes, or -1. */
  find(bytes: Uint8Array, offset: number): number {
    return this.#table.find(bytes, offset);
  }

  /**
   * Makes an entry for an IPv6 address that has none.
   *
   * @param bytes - the address, 16 bytes at `offset`
   * @param event - `sent` when a packet is to go there, which solicits at once; `learnt` when a
   * solicitation, Router Advertisement or Redirect named its link-layer address (RFC 4861 §7.2.3)
   * @param value - what the owner keeps there
   * @returns the entry, or -1 when the cache is full of entries in use
   */
  create(
    bytes: Uint8Array,
    offset: number,
    event: 'sent' | 'learnt',
    value: T,
    now: number,
  ): number {
    this.#advance(now);
    if (this.#free === NO_ENTRY && !this.#evict()) return NO_ENTRY;
    const entry = this.#free;
    this.#free = this.#newer[entry]!;
    this.#table.insert(entry, bytes, offset);
    this.#values[entry] = value;
    this.#size++;
    this.#apply(entry, event);
    return entry;
  }

  /** In which state an entry is; `none` when it has gone. */
  state(entry: number): NeighborState | 'none' {
    return this.#isIn(entry) ? STATES[this.#states[entry]!]! : 'none';
  }

  /** What the owner keeps in an entry. */
  value(entry: number): T {
    return this.#values[entry] as T;
  }

  /** Replaces what the owner keeps in an entry. */
  setValue(entry: number, value: T): void {
    this.#values[entry] = value;
  }

  /** Solicitations sent in this state, 0..255. */
  attempts(entry: number): number {
    return this.#attempts[entry]!;
  }

  /** Copies the IPv6 address of an entry, 16 bytes. */
  copyAddress(entry: number, out: Uint8Array, offset: number): void {
    this.#table.copyAddress(entry, out, offset);
  }

  /** A packet goes to the neighbor (RFC 4861 §7.3.3). For every packet. */
  sent(entry: number, now: number): void {
    this.#advance(now);
    // A proof that has run out is none, though nobody has called handleTimeout yet.
    if (this.#states[entry] === REACHABLE && this.#deadlines[entry]! <= this.#now) {
      this.#apply(entry, 'timeout');
    }
    if (this.#states[entry] === STALE) this.#apply(entry, 'sent');
  }

  /**
   * A valid Neighbor Advertisement came for this neighbor (RFC 4861 §7.2.5). One that names no
   * link-layer address is of no use to an `incomplete` entry, unless the link does without.
   *
   * @returns whether the link-layer address that it names is to be recorded
   */
  advertised(entry: number, { solicited, override, sameLink }: Advertised, now: number): boolean {
    this.#advance(now);
    if (!this.#isIn(entry)) return false;
    if (this.#states[entry] === INCOMPLETE) {
      this.#apply(entry, solicited ? 'answered' : 'learnt');
      return true;
    }
    if (!override && !sameLink) {
      this.#apply(entry, 'contradicted');
      return false;
    }
    if (solicited) this.#apply(entry, 'answered');
    else if (!sameLink) this.#apply(entry, 'learnt');
    return !sameLink;
  }

  /**
   * A solicitation, Router Advertisement or Redirect names a link-layer address for this neighbor that
   * is not the one in its entry (RFC 4861 §6.3.4, §7.2.3, §8.3). The same one again changes nothing and
   * is not to be told.
   */
  learnt(entry: number, now: number): void {
    this.#advance(now);
    if (this.#isIn(entry)) this.#apply(entry, 'learnt');
  }

  /** An upper layer knows that packets arrive there (RFC 4861 §7.3.1). */
  progress(entry: number, now: number): void {
    this.#advance(now);
    if (this.#isIn(entry)) this.#apply(entry, 'progress');
  }

  /** Takes an entry out, without telling the listener. */
  remove(entry: number): void {
    if (!this.#isIn(entry)) return;
    this.#detach(entry);
    this.#release(entry);
  }

  /** Calls `visit` with each entry; it may remove the one that it is given. */
  forEach(visit: (entry: number) => void): void {
    for (let entry = 0; entry < this.capacity; entry++) {
      if (this.#isIn(entry)) visit(entry);
    }
  }

  /**
   * When {@link NeighborCache.handleTimeout} wants to run, in milliseconds; `Infinity` for never. Any
   * call that takes a time or removes an entry may change it.
   */
  nextTimeout(): number {
    let next = Number.POSITIVE_INFINITY;
    for (let index = 0; index < TIMED.length; index++) {
      const entry = this.#oldest[TIMED[index]!]!;
      if (entry !== NO_ENTRY) next = Math.min(next, this.#deadlines[entry]!);
    }
    return next;
  }

  /** Does all that has become due. An entry that is long overdue is solicited once, not for each time. */
  handleTimeout(now: number): void {
    this.#advance(now);
    for (const state of TIMED) {
      let entry = this.#oldest[state]!;
      while (entry !== NO_ENTRY && this.#deadlines[entry]! <= this.#now) {
        const limit = this.#limits[state]!;
        const exhausted = limit > 0 && this.#attempts[entry]! >= limit;
        this.#apply(entry, exhausted ? 'exhausted' : 'timeout');
        entry = this.#oldest[state]!;
      }
    }
  }

  #isIn(entry: number): boolean {
    return this.#states[entry]! < NONE;
  }

  #advance(now: number): void {
    if (now > this.#now) this.#now = now;
  }

  #apply(entry: number, event: NeighborEvent): void {
    const before = this.#states[entry]!;
    const transition = neighborTransitions[before === NONE ? 'none' : STATES[before]!][event];
    if (transition === undefined) return;
    if (transition.to === 'none') {
      this.#detach(entry);
      this.#listener.unreachable(entry);
      this.#release(entry);
      return;
    }
    const after = STATES.indexOf(transition.to);
    if (before !== NONE) this.#unlink(entry, before);
    this.#link(entry, after);
    this.#deadlines[entry] = this.#now + this.#durations[after]!;
    if (after !== before) this.#attempts[entry] = 0;
    if (transition.solicit === true) {
      const attempt = this.#attempts[entry]! + 1;
      this.#attempts[entry] = attempt;
      this.#listener.solicit(entry, attempt);
    }
  }

  /** Makes room for one entry, if there is one that may go. */
  #evict(): boolean {
    const incomplete = this.#oldest[INCOMPLETE]!;
    const entry = incomplete === NO_ENTRY ? this.#oldest[STALE]! : incomplete;
    if (entry === NO_ENTRY) return false;
    this.#detach(entry);
    this.#listener.evicted(entry);
    this.#release(entry);
    return true;
  }

  /** Makes an entry impossible to find; the listener can still read it. */
  #detach(entry: number): void {
    this.#unlink(entry, this.#states[entry]!);
    this.#table.remove(entry);
    this.#states[entry] = NONE;
    this.#size--;
  }

  #release(entry: number): void {
    this.#values[entry] = undefined;
    this.#newer[entry] = this.#free;
    this.#free = entry;
  }

  #link(entry: number, state: number): void {
    const newest = this.#newest[state]!;
    this.#states[entry] = state;
    this.#older[entry] = newest;
    this.#newer[entry] = NO_ENTRY;
    this.#newest[state] = entry;
    if (newest === NO_ENTRY) this.#oldest[state] = entry;
    else this.#newer[newest] = entry;
  }

  #unlink(entry: number, state: number): void {
    const older = this.#older[entry]!;
    const newer = this.#newer[entry]!;
    if (older === NO_ENTRY) this.#oldest[state] = newer;
    else this.#newer[older] = newer;
    if (newer === NO_ENTRY) this.#newest[state] = older;
    else this.#older[newer] = older;
  }
}

type DurationName = 'reachableTime' | 'delayFirstProbeTime' | 'retransTimer';
type AttemptsName = 'maxMulticastSolicit' | 'maxUnicastSolicit';

function checkOption(name: string, value: number, highest: number): number {
  if (!Number.isInteger(value) || value < 1 || value > highest) {
    throw new RangeError(`${name}: found ${value}, expected an integer from 1 to ${highest}`);
  }
  return value;
}
