import { grown } from '@6bed4/nd';
import { HEARD_TIME, MAX_UNICAST_SOLICIT, OPENING_TTL } from '../defaults.js';
import type { Remotes } from './remotes.js';

/** Of one remote: whether the next solicitation of a round is to arrive there. */
const Stage = {
  asks: 0,
  /** The remote is open: the round that begins next asks, too. */
  asksNext: 1,
  /** Only our own NAT is opened, until something comes from the remote. */
  opens: 2,
  /** The same, but what comes through the router does not mean that the remote is open now. */
  opensAgain: 3,
} as const;

/**
 * The solicitations that only open our own NAT, and are sent with OPENING_TTL.
 *
 * A NAT whose own computer takes what nobody asked for, as a Linux host without a filter does, also
 * remembers where that came from and where it went. When the peer behind it then sends to the very same
 * endpoint, the NAT has to map it to another port, and each further solicitation keeps that so. Where both
 * sides have such NATs, each has to be opened from inside before anything arrives from outside.
 *
 * So the side that begins opens its NAT and sends its first packet through the router. The other side is
 * open as soon as it answers, and asks at once, since it knows that ours is open too. Whatever then comes from
 * it is the sign that we may ask as well. Without such a sign, the last solicitation of a round asks.
 *
 * After a search in vain, both sides may be spoilt like that for as long as a NAT remembers, 30 s in Linux.
 * Their next rounds, which then begin about together, open for a second before they ask.
 */
export class NatOpenings {
  readonly #remotes: Remotes;
  #stages = new Uint8Array();

  constructor(remotes: Remotes) {
    this.#remotes = remotes;
    this.grow(remotes.capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#stages = grown(this.#stages, capacity);
  }

  /** Begins with a remote, or anew with it after our network changed. */
  restart(slot: number): void {
    this.#stages[slot] = Stage.opens;
  }

  /**
   * A round begins.
   *
   * @param isFirst - whether no search was in vain since the last confirmation
   */
  begin(slot: number, isFirst: boolean, now: number): void {
    const remotes = this.#remotes;
    const isOpen =
      remotes.paths.isValid(slot, now) ||
      this.#stages[slot] === Stage.asksNext ||
      (isFirst && now - remotes.lastReceivedAt(slot) < HEARD_TIME);
    const opens = isFirst ? Stage.opens : Stage.opensAgain;
    this.#stages[slot] = isOpen ? Stage.asks : opens;
  }

  /**
   * The IPv4 TTL of the next solicitation of a round; 0 for the system's default.
   *
   * @param attempt - 1 for the first
   */
  nextTtl(slot: number, attempt: number): number {
    if (attempt >= MAX_UNICAST_SOLICIT) this.#stages[slot] = Stage.asks;
    return this.#stages[slot]! < Stage.opens ? 0 : OPENING_TTL;
  }

  /** Whether a packet from the remote, through the router, would show that it is open. For every such packet. */
  isWaiting(slot: number): boolean {
    return this.#stages[slot] === Stage.opens;
  }

  /**
   * The NATs in front of the remote let in what we send now.
   *
   * @param isUnderWay - whether a round is
   */
  remoteIsOpen(slot: number, isUnderWay: boolean): void {
    this.#stages[slot] = isUnderWay ? Stage.asks : Stage.asksNext;
  }
}
