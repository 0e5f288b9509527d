import { IPV6_ADDRESS_BYTES, UdpEndpoint } from '@6bed4/codec';
import { type NeighborAdvertisement, NO_SLOT, type Redirect, SOURCE_OFFSET } from '@6bed4/nd';
import {
  CONFIRMATION_LIFETIME,
  ONE_WAY_CHECK_INTERVAL,
  ONE_WAY_REACHABLE_TIME,
  REACHABLE_TIME,
} from '../defaults.js';
import { Drop, type DropCode } from '../report/drop.js';
import { Path } from '../report/path.js';
import { OUTER_HEADERS } from '../specification.js';
import { DISTANT_FUTURE } from '../time.js';
import type { Credit } from './credit.js';
import { LanSearch, type LanSearchOptions } from './lanSearch.js';
import { NatOpenings } from './natOpenings.js';
import { NeighborAnswers } from './neighborAnswers.js';
import { NEIGHBOR_SOLICITATION_WEIGHT, NeighborSolicitations } from './neighborSolicitations.js';
import { OpportunisticHandshakes } from './opportunisticHandshakes.js';
import {
  NextHop,
  type NextHopCode,
  type Peering,
  type PeeringHost,
  type SolicitedAnswer,
} from './peering.js';
import { ReachabilityHints } from './reachabilityHints.js';
import { RedirectHints } from './redirectHints.js';
import { isCredible } from './redirectMessages.js';
import type { RemotePaths } from './remotePaths.js';
import type { Remotes, SearchProgress } from './remotes.js';
import { SolicitationRounds } from './solicitationRounds.js';
import { Policy, type PolicyCode } from './trafficClassPolicy.js';

const MILLISECONDS_PER_SECOND = 1000;

/** Options of {@link NeighborDiscoveryPeering}. */
export interface NeighborDiscoveryOptions extends LanSearchOptions {
  /** Refuse Neighbor Advertisements without our nonce. */
  readonly requireNonce: boolean;
  /** Seconds after which an idle direct path is solicited, so that NATs keep it; 0 for never. */
  readonly directKeepalive: number;
  /** Send Redirects, and take them as hints (draft-01 §6.13). */
  readonly redirects: boolean;
  /** Send the first packet of TCP and SCTP handshakes directly (draft-03 §8.5, §8.6). */
  readonly opportunism: boolean;
}

/**
 * Direct paths by Neighbor Discovery (draft-01 §6.11, draft-03 §8.2): a Neighbor Solicitation goes
 * directly to the remote's endpoint, and only its answer confirms the path. Data is relayed meanwhile.
 *
 * - The first packet to a remote begins a round of solicitations (see {@link SolicitationRounds}).
 * - An answer confirms the path for CONFIRMATION_LIFETIME, which is less than any NAT keeps a mapping.
 * - A direct packet on a confirmation older than REACHABLE_TIME begins a round beside it, or than
 *   ONE_WAY_REACHABLE_TIME where nothing comes directly from the remote. After one solicitation without
 *   an answer, packets are relayed until there is one.
 * - Whatever comes directly from a remote that we reach through the router is a hint to solicit at once:
 *   its NAT now expects something from us.
 */
export class NeighborDiscoveryPeering implements Peering {
  readonly name = 'neighbor-discovery';
  readonly #host: PeeringHost;
  readonly #remotes: Remotes;
  readonly #paths: RemotePaths;
  readonly #credit: Credit;
  readonly #options: NeighborDiscoveryOptions;
  readonly #rounds: SolicitationRounds;
  readonly #solicitations: NeighborSolicitations;
  readonly #openings: NatOpenings;
  readonly #lan: LanSearch;
  readonly #answers: NeighborAnswers;
  readonly #redirects: RedirectHints;
  readonly #hints: ReachabilityHints;
  readonly #handshakes: OpportunisticHandshakes;
  readonly #to = new UdpEndpoint();
  #keepaliveAt = DISTANT_FUTURE;

  constructor(host: PeeringHost, remotes: Remotes, options: NeighborDiscoveryOptions) {
    this.#host = host;
    this.#remotes = remotes;
    this.#paths = remotes.paths;
    this.#credit = remotes.credit;
    this.#options = options;
    this.#rounds = new SolicitationRounds(remotes, host.random, {
      solicit: (slot, attempt, now) => this.#solicit(slot, attempt, now),
      unreachable: (slot, now) => this.#roundFailed(slot, now),
    });
    this.#solicitations = new NeighborSolicitations(host, remotes, options.requireNonce);
    this.#openings = new NatOpenings(remotes);
    this.#lan = new LanSearch(host, remotes, this.#solicitations, options);
    this.#answers = new NeighborAnswers(remotes, this.#solicitations, this.#lan, {
      isAsking: (slot) => this.#rounds.isUnderWay(slot),
      reachable: (slot, now) => this.#reachable(slot, now),
    });
    this.#hints = new ReachabilityHints(
      remotes,
      this.#rounds,
      this.#solicitations,
      this.#openings,
      this.#lan,
    );
    this.#redirects = new RedirectHints(host, remotes);
    this.#handshakes = new OpportunisticHandshakes(remotes.capacity);
  }

  grow(capacity: number): void {
    this.#rounds.grow(capacity);
    this.#solicitations.grow(capacity);
    this.#openings.grow(capacity);
    this.#redirects.grow(capacity);
    this.#handshakes.grow(capacity);
    this.#hints.grow(capacity);
  }

  created(slot: number, isInvitation: boolean, now: number): void {
    this.#solicitations.created(slot);
    this.#begin(slot, now);
    if (!isInvitation) return;
    // Used at once, and solicited beside the first packet.
    this.#rounds.refreshAt(slot, now);
    this.#paths.invite(slot, now + CONFIRMATION_LIFETIME);
  }

  isSearching(slot: number): boolean {
    return this.#rounds.isUnderWay(slot);
  }

  search(slot: number): SearchProgress {
    const rounds = this.#rounds;
    const failures = rounds.failures(slot);
    return {
      state: rounds.isUnderWay(slot) ? 'trying' : failures > 0 ? 'failed' : 'idle',
      failures,
      triedAt: this.#solicitations.sentAt(slot),
      retryAt: rounds.retryAt(slot),
    };
  }

  removed(slot: number): void {
    this.#rounds.removed(slot);
    this.#lan.forget(slot);
  }

  route(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    policy: PolicyCode | null,
    now: number,
  ): NextHopCode {
    if (policy === Policy.prohibited) return NextHop.router;
    if (this.#paths.isValid(slot, now) && this.#fitsSource(slot, bytes, offset)) {
      if (this.#rounds.isRefreshDue(slot, now)) this.#renew(slot, now);
      return NextHop.direct;
    }
    return this.#search(slot, bytes, offset, length, policy, now);
  }

  routesAlike(slot: number, isDirect: boolean, now: number): boolean {
    // What is due and was not begun, each packet tries to begin.
    return isDirect ? !this.#rounds.isRefreshDue(slot, now) : !this.#rounds.isRetryDue(slot, now);
  }

  sendOpportunistic(slot: number, now: number): number {
    if (this.#paths.isValid(slot, now) || this.#rounds.hasFailed(slot)) return 0;
    return this.#handshakes.beginFor(slot, now);
  }

  replyReported(send: number, now: number): boolean {
    const slot = this.#handshakes.repliedTo(send, now);
    if (slot === NO_SLOT) return false;
    this.#answers.confirmedByUpperLayer(slot, now);
    return true;
  }

  packetArrived(
    slot: number,
    isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    if (!this.#paths.isValid(slot, now)) {
      if (!isDirect) {
        if (this.#openings.isWaiting(slot)) this.#remoteSends(slot, now);
      } else if (this.#handshakes.isReply(slot, bytes, offset, length, now)) {
        this.#answers.confirmedByUpperLayer(slot, now);
      } else {
        this.#hints.received(slot, now);
      }
    } else if (!isDirect && this.#options.redirects) {
      this.#redirects.packetRelayed(slot, bytes, offset, length, now);
    }
  }

  arrivesAlike(
    slot: number,
    isDirect: boolean,
    _bytes: Uint8Array,
    _offset: number,
    now: number,
  ): boolean {
    // On a path that is not valid, each packet is a hint, whose price it brings itself.
    return !isDirect || this.#paths.isValid(slot, now);
  }

  solicited(
    slot: number,
    isOnLan: boolean,
    from: Readonly<UdpEndpoint>,
    answer: SolicitedAnswer,
    now: number,
  ): boolean {
    if (isOnLan) return this.#lan.solicited(slot, from, now) && this.#hints.answers(slot, answer);
    if (!this.#paths.isValid(slot, now)) this.#handshakes.received(slot);
    return this.#hints.solicited(slot, answer, now);
  }

  isOnTrial(slot: number, from: Readonly<UdpEndpoint>, now: number): boolean {
    return this.#lan.isOnTrial(slot, from, now);
  }

  advertised(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    return this.#answers.advertised(advertisement, from, now);
  }

  redirected(
    redirect: Redirect,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const { layout, isOwn } = this.#host;
    if (!this.#options.redirects) return Drop.ndUnexpected;
    const slot = this.#remotes.find(redirect.target, 0);
    if (slot === NO_SLOT) return Drop.ndUnexpected;
    this.#paths.readEncodedEndpoint(slot, this.#to);
    if (!isCredible(layout, redirect, this.#to, isOwn)) return Drop.ndUnexpected;
    const isOnLan = !this.#paths.isEncodedEndpoint(slot, from);
    if (isOnLan && !this.#lan.canBeAt(slot, from)) return Drop.ndUnexpected;
    this.#credit.earn(slot, length + OUTER_HEADERS);
    if (isOnLan) this.#lan.proposed(slot, from, now);
    else this.#hints.received(slot, now);
    return Drop.none;
  }

  probed(): void {}

  prefixOffered(): DropCode {
    return Drop.advertisementRefused;
  }

  ownsBound(): boolean {
    return false;
  }

  remoteSilent(slot: number, now: number): void {
    if (!this.#paths.isValid(slot, now)) {
      this.#hints.received(slot, now);
    } else if (
      this.#rounds.isRefreshDue(slot, now) &&
      this.#credit.chargeHint(slot, NEIGHBOR_SOLICITATION_WEIGHT)
    ) {
      this.#rounds.begin(slot, now);
    }
  }

  networkChanged(now: number): void {
    this.#remotes.forEach((slot) => {
      this.#paths.expire(slot);
      this.#remotes.leftLan(slot);
      this.#begin(slot, now);
    });
  }

  localSubnetsChanged(): void {
    this.#remotes.forEach((slot) => {
      if (this.#paths.path(slot) !== Path.lan) return;
      this.#paths.readDirect(slot, this.#to);
      if (!this.#lan.canBeAt(slot, this.#to)) this.#giveUp(slot);
    });
  }

  handleTimeout(now: number): void {
    this.#rounds.handleTimeout(now);
    if (now >= this.#keepaliveAt) this.#keepAlive(now);
  }

  nextTimeout(): number {
    return Math.min(this.#rounds.nextTimeout(), this.#keepaliveAt);
  }

  /** Begins with a remote, or anew with it after our network changed. */
  #begin(slot: number, now: number): void {
    this.#rounds.restart(slot);
    this.#solicitations.restart(slot);
    this.#openings.restart(slot);
    this.#handshakes.reset(slot);
    this.#lan.forget(slot);
    this.#hints.restart(slot);
    this.#redirects.created(slot, now);
  }

  /** Begins a round on a valid path, or postpones it while packets come directly. */
  #renew(slot: number, now: number): void {
    const isTwoWay = now - this.#remotes.lastDirectAt(slot) < ONE_WAY_REACHABLE_TIME;
    const renewsAt = this.#paths.confirmedAt(slot) + REACHABLE_TIME;
    // Who repeats no nonces is solicited seldom, so that mostly no answer is expected, and none can be forged.
    const isForgeable =
      this.#paths.path(slot) !== Path.lan && !this.#solicitations.repeatsNonces(slot);
    if ((isTwoWay || isForgeable) && now < renewsAt) {
      this.#rounds.refreshAt(slot, Math.min(now + ONE_WAY_CHECK_INTERVAL, renewsAt));
    } else {
      this.#rounds.begin(slot, now);
    }
  }

  /** Begins a search for a path that fits this packet, if one is due, and chooses its next hop. */
  #search(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    policy: PolicyCode | null,
    now: number,
  ): NextHopCode {
    if (this.#rounds.isRetryDue(slot, now)) {
      // Our own side wants to talk, as much as this packet is worth.
      this.#credit.grant(slot, length + OUTER_HEADERS);
      this.#rounds.begin(slot, now);
    }
    if (policy === Policy.presumptuous || policy === Policy.persistent) {
      // Unless another path is in use, which only does not fit this packet.
      const isValid = this.#paths.isValid(slot, now);
      if (!isValid && this.#rounds.isFirstSearch(slot)) return NextHop.direct;
      return policy === Policy.persistent ? NextHop.unreachable : NextHop.router;
    }
    const isOpportunistic =
      this.#options.opportunism &&
      !this.#rounds.hasFailed(slot) &&
      this.#handshakes.begins(slot, bytes, offset, length, now);
    return isOpportunistic ? NextHop.direct : NextHop.router;
  }

  /**
   * Whether a remote finds in the source of a packet the endpoint at which it sees us. What confirmed the
   * path is a solicitation from our address for that remote; a packet from an address by way of another
   * router, to which a NAT shows us at another endpoint, would be refused (draft-03 §6).
   */
  #fitsSource(slot: number, bytes: Uint8Array, offset: number): boolean {
    const at = slot * IPV6_ADDRESS_BYTES;
    return this.#host.isSourceFor(this.#remotes.addresses, at, bytes, offset + SOURCE_OFFSET);
  }

  /** Sends the next solicitation of a round. */
  #solicit(slot: number, attempt: number, now: number): void {
    if (attempt > 1 && this.#answers.takeHeld(slot, now)) return;
    this.#solicitations.prepare(slot, attempt);
    if (attempt === 1) this.#openings.begin(slot, this.#rounds.isFirstSearch(slot), now);
    // The path owes an answer: nothing is risked on it any more.
    if (attempt > 1) this.#paths.expire(slot);
    if (!this.#solicitations.affords(slot)) return;
    if (this.#paths.path(slot) === Path.lan) {
      this.#paths.readDirect(slot, this.#to);
      this.#lan.renew(slot, this.#to, attempt, now);
    } else {
      this.#solicitations.send(slot, this.#openings.nextTtl(slot, attempt), now);
      this.#lan.search(slot, now);
    }
  }

  /** A packet came through the router: the NATs of a remote that sends to us are open. */
  #remoteSends(slot: number, now: number): void {
    if (!this.#rounds.isUnderWay(slot)) return;
    this.#openings.remoteIsOpen(slot, true);
    this.#solicitations.send(slot, 0, now);
  }

  /** A round had no answer with a nonce. */
  #roundFailed(slot: number, now: number): void {
    if (!this.#answers.takeHeld(slot, now)) this.#giveUp(slot);
  }

  #giveUp(slot: number): void {
    this.#lan.giveUp(slot);
    this.#remotes.leftLan(slot);
    this.#paths.giveUp(slot);
  }

  #reachable(slot: number, now: number): void {
    this.#handshakes.reset(slot);
    this.#rounds.confirmed(slot, now);
    const interval = this.#options.directKeepalive * MILLISECONDS_PER_SECOND;
    if (interval > 0) this.#keepaliveAt = Math.min(this.#keepaliveAt, now + interval);
  }

  /** Begins a round on every idle direct path, as far as options want that. */
  #keepAlive(now: number): void {
    const interval = this.#options.directKeepalive * MILLISECONDS_PER_SECOND;
    this.#keepaliveAt = DISTANT_FUTURE;
    this.#remotes.forEach((slot) => {
      if (this.#paths.path(slot) === Path.relayed) return;
      const due = this.#paths.confirmedAt(slot) + interval;
      if (due <= now) this.#rounds.start(slot, now);
      this.#keepaliveAt = Math.min(this.#keepaliveAt, due <= now ? now + interval : due);
    });
  }
}
