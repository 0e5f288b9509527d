import { UdpEndpoint } from '@6bed4/codec';
import { type NeighborAdvertisement, NO_SLOT } from '@6bed4/nd';
import { CONFIRMATION_LIFETIME } from '../defaults.js';
import { Drop, type DropCode } from '../report/drop.js';
import { Confirmation, type ConfirmationCode, Path, type PathCode } from '../report/path.js';
import { type LanSearch, NOT_ANSWERED } from './lanSearch.js';
import { ANY_ATTEMPT, type NeighborSolicitations, NO_ATTEMPT } from './neighborSolicitations.js';
import { nonceOf } from './nonce.js';
import type { Remotes } from './remotes.js';

/** The owner of {@link NeighborAnswers}. */
export interface AnswerListener {
  /** Whether a round of solicitations to a remote is under way. */
  isAsking(slot: number): boolean;

  /** The direct path to a remote is being confirmed. */
  reachable(slot: number, now: number): void;
}

/**
 * Confirms direct paths by the answers to what was sent on them: Neighbor Advertisements, and the replies
 * of upper layers.
 *
 * An advertisement without a nonce waits until the next solicitation of its round is due, for one with a
 * nonce shows that its remote does not answer without. It makes nobody trusted, and never confirms a path
 * on the local network.
 */
export class NeighborAnswers {
  readonly #remotes: Remotes;
  readonly #solicitations: NeighborSolicitations;
  readonly #lan: LanSearch;
  readonly #listener: AnswerListener;
  readonly #to = new UdpEndpoint();

  constructor(
    remotes: Remotes,
    solicitations: NeighborSolicitations,
    lan: LanSearch,
    listener: AnswerListener,
  ) {
    this.#remotes = remotes;
    this.#solicitations = solicitations;
    this.#lan = lan;
    this.#listener = listener;
  }

  /** A valid Neighbor Advertisement came directly from this endpoint. */
  advertised(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const slot = this.#remotes.find(advertisement.target, 0);
    // Unsolicited advertisements prove nothing (RFC 4861 §7.2.5).
    if (slot === NO_SLOT || !advertisement.solicited) return Drop.ndUnexpected;
    const isAnswer = this.#remotes.paths.isEncodedEndpoint(slot, from)
      ? this.#advertisedDirectly(slot, advertisement, from, now)
      : this.#advertisedOnLan(slot, advertisement, from, now);
    return isAnswer ? Drop.none : Drop.ndUnexpected;
  }

  /** Takes the advertisement without a nonce that was held, if nothing spoke against it since. */
  takeHeld(slot: number, now: number): boolean {
    if (!this.#solicitations.takeHeld(slot)) return false;
    this.#remotes.paths.readEncodedEndpoint(slot, this.#to);
    this.#answeredDirectly(slot, this.#to, ANY_ATTEMPT, now);
    return true;
  }

  /** TCP, SCTP or an application received the reply to what went directly to the remote. */
  confirmedByUpperLayer(slot: number, now: number): void {
    this.#remotes.credit.trust(slot);
    this.#remotes.paths.readEncodedEndpoint(slot, this.#to);
    this.#confirm(slot, Path.direct, this.#to, Confirmation.upperLayer, now);
  }

  #advertisedDirectly(
    slot: number,
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): boolean {
    const { paths } = this.#remotes;
    // Where the local network is the path, the encoded endpoint is not solicited.
    if (paths.path(slot) === Path.lan) return false;
    const attempt = this.#solicitations.attemptAnswered(slot, advertisement, now);
    if (attempt === NO_ATTEMPT) return false;
    const waits =
      attempt === ANY_ATTEMPT && this.#listener.isAsking(slot) && !paths.isValid(slot, now);
    if (waits) this.#solicitations.hold(slot);
    else this.#answeredDirectly(slot, from, attempt, now);
    return true;
  }

  #answeredDirectly(slot: number, from: Readonly<UdpEndpoint>, attempt: number, now: number): void {
    // Without a nonce, others can say it too: nothing may be sent there at their request.
    if (attempt !== ANY_ATTEMPT) this.#remotes.credit.trust(slot);
    const roundTrip = this.#solicitations.roundTrip(slot, attempt, now);
    this.#answered(slot, Path.direct, from, roundTrip, now);
  }

  #advertisedOnLan(
    slot: number,
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): boolean {
    const nonce = nonceOf(advertisement);
    if (nonce === null || !this.#lan.canBeAt(slot, from)) return false;
    const roundTrip = this.#lan.advertised(slot, from, nonce, now);
    if (roundTrip === NOT_ANSWERED) return false;
    this.#remotes.credit.trust(slot);
    this.#remotes.seenOnLan(slot, from);
    this.#answered(slot, Path.lan, from, roundTrip, now);
    return true;
  }

  #answered(
    slot: number,
    path: PathCode,
    endpoint: Readonly<UdpEndpoint>,
    roundTrip: number,
    now: number,
  ): void {
    this.#remotes.paths.measured(slot, roundTrip);
    this.#confirm(slot, path, endpoint, Confirmation.neighborAdvertisement, now);
  }

  #confirm(
    slot: number,
    path: PathCode,
    endpoint: Readonly<UdpEndpoint>,
    confirmation: ConfirmationCode,
    now: number,
  ): void {
    this.#listener.reachable(slot, now);
    const validUntil = now + CONFIRMATION_LIFETIME;
    this.#remotes.paths.confirm(slot, path, endpoint, confirmation, validUntil, now);
  }
}
