import { grown } from '@6bed4/nd';
import { OUTER_HEADERS } from '../specification.js';
import type { LanSearch } from './lanSearch.js';
import type { NatOpenings } from './natOpenings.js';
import type { NeighborSolicitations } from './neighborSolicitations.js';
import type { SolicitedAnswer } from './peering.js';
import type { Remotes } from './remotes.js';
import type { SolicitationRounds } from './solicitationRounds.js';

/**
 * Solicits a remote that we do not reach directly, at the hint that something came directly from it
 * (draft-03 §8, §10.2), and answers its own solicitations. A remote that has not shown that it is where its
 * address says is sent no more by all of that than came from there.
 */
export class ReachabilityHints {
  readonly #remotes: Remotes;
  readonly #rounds: SolicitationRounds;
  readonly #solicitations: NeighborSolicitations;
  readonly #openings: NatOpenings;
  readonly #lan: LanSearch;
  /** 1 when the last solicitation of a remote was answered. */
  #hasAnswered = new Uint8Array();

  constructor(
    remotes: Remotes,
    rounds: SolicitationRounds,
    solicitations: NeighborSolicitations,
    openings: NatOpenings,
    lan: LanSearch,
  ) {
    this.#remotes = remotes;
    this.#rounds = rounds;
    this.#solicitations = solicitations;
    this.#openings = openings;
    this.#lan = lan;
    this.grow(remotes.capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#hasAnswered = grown(this.#hasAnswered, capacity);
  }

  /** Begins with a remote, or anew with it after our network changed. */
  restart(slot: number): void {
    this.#hasAnswered[slot] = 0;
  }

  /** Something came directly from a remote. */
  received(slot: number, now: number): void {
    if (this.#remotes.paths.isValid(slot, now) || !this.#rounds.admitsHint(slot, now)) return;
    const isUnderWay = this.#rounds.isUnderWay(slot);
    this.#openings.remoteIsOpen(slot, isUnderWay);
    if (isUnderWay) {
      // The next solicitation of the round comes early.
      this.#solicitations.send(slot, 0, now);
      this.#lan.search(slot, now);
    } else {
      this.#rounds.start(slot, now);
    }
  }

  /**
   * A remote solicited us from the endpoint that its address encodes.
   *
   * @returns whether it was answered
   */
  solicited(slot: number, answer: SolicitedAnswer, now: number): boolean {
    // Where credit does not suffice for the answer and a question of our own, they take turns.
    const asksFirst = this.#hasAnswered[slot] === 1;
    if (asksFirst) this.received(slot, now);
    const isAnswered = this.answers(slot, answer);
    this.#hasAnswered[slot] = isAnswered ? 1 : 0;
    if (!asksFirst) this.received(slot, now);
    return isAnswered;
  }

  /** Sends an answer, if the remote's credit suffices. */
  answers(slot: number, { length, send }: SolicitedAnswer): boolean {
    const isPaid = this.#remotes.credit.charge(slot, length + OUTER_HEADERS);
    if (isPaid) send();
    return isPaid;
  }
}
