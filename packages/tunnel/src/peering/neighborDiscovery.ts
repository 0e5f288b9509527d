import { UdpEndpoint } from '@6bed4/codec';
import { type NeighborAdvertisement, NO_SLOT, type Redirect, SOURCE_OFFSET } from '@6bed4/nd';
import { CONFIRMATION_LIFETIME } from '../defaults.js';
import { Drop, type DropCode } from '../report/drop.js';
import { Confirmation, Path, type PathCode } from '../report/path.js';
import { OUTER_HEADERS } from '../specification.js';
import { DISTANT_FUTURE } from '../time.js';
import type { Credit } from './credit.js';
import { LanSearch, type LanSearchOptions } from './lanSearch.js';
import { NeighborSolicitations, NO_ATTEMPT } from './neighborSolicitations.js';
import { OpportunisticHandshakes } from './opportunisticHandshakes.js';
import { NextHop, type NextHopCode, type Peering, type PeeringHost } from './peering.js';
import { RedirectHints } from './redirectHints.js';
import { isCredible } from './redirectMessages.js';
import type { RemotePaths } from './remotePaths.js';
import type { Remotes } from './remotes.js';
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
 * - A direct packet on a confirmation older than REACHABLE_TIME begins a round beside it. After one
 *   solicitation without an answer, packets are relayed until there is one.
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
  readonly #lan: LanSearch;
  readonly #redirects: RedirectHints;
  readonly #handshakes: OpportunisticHandshakes;
  readonly #to = new UdpEndpoint();
  #keepaliveAt = DISTANT_FUTURE;

  constructor(host: PeeringHost, remotes: Remotes, options: NeighborDiscoveryOptions) {
    this.#host = host;
    this.#remotes = remotes;
    this.#paths = remotes.paths;
    this.#credit = remotes.credit;
    this.#options = options;
    this.#rounds = new SolicitationRounds(remotes, {
      solicit: (slot, attempt, now) => this.#solicit(slot, attempt, now),
      unreachable: (slot) => this.#unreachable(slot),
    });
    this.#solicitations = new NeighborSolicitations(host, remotes, options.requireNonce);
    this.#lan = new LanSearch(host, remotes, this.#solicitations, options);
    this.#redirects = new RedirectHints(host, remotes);
    this.#handshakes = new OpportunisticHandshakes(remotes.capacity);
  }

  created(slot: number, isInvitation: boolean, now: number): void {
    this.#solicitations.created(slot);
    this.#begin(slot, now);
    if (!isInvitation) return;
    // Used at once, and solicited beside the first packet.
    this.#rounds.refreshSoon(slot, now);
    this.#paths.invite(slot, now + CONFIRMATION_LIFETIME);
  }

  removed(slot: number): void {
    this.#rounds.removed(slot);
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
    if (this.#paths.isValid(slot, now) && this.#fitsLan(slot, bytes, offset)) {
      if (this.#rounds.isRefreshDue(slot, now)) this.#rounds.begin(slot, now);
      return NextHop.direct;
    }
    return this.#search(slot, bytes, offset, length, policy, now);
  }

  sendOpportunistic(slot: number, now: number): number {
    if (this.#paths.isValid(slot, now) || this.#rounds.hasFailed(slot)) return 0;
    return this.#handshakes.beginFor(slot, now);
  }

  replyReported(send: number, now: number): boolean {
    const slot = this.#handshakes.repliedTo(send, now);
    if (slot === NO_SLOT) return false;
    this.#confirmedByUpperLayer(slot, now);
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
      if (!isDirect) return;
      if (this.#handshakes.isReply(slot, bytes, offset, length, now)) {
        this.#confirmedByUpperLayer(slot, now);
      } else {
        this.#hint(slot, now);
      }
    } else if (!isDirect && this.#options.redirects) {
      this.#redirects.packetRelayed(slot, bytes, offset, length, now);
    }
  }

  solicited(slot: number, from: Readonly<UdpEndpoint>, now: number): void {
    const isValid = this.#paths.isValid(slot, now);
    const isLanPath = isValid && this.#paths.path(slot) === Path.lan;
    if (!isLanPath && this.#lan.canBeAt(slot, from)) {
      this.#lan.proposed(slot, from, now);
    } else if (!isValid) {
      this.#handshakes.received(slot);
      this.#hint(slot, now);
    }
  }

  advertised(
    advertisement: NeighborAdvertisement,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const slot = this.#remotes.find(advertisement.target, 0);
    if (slot === NO_SLOT) return Drop.ndUnexpected;
    const attempt = this.#solicitations.attemptAnswered(slot, advertisement, now);
    if (attempt === NO_ATTEMPT) return Drop.ndUnexpected;
    if (this.#paths.isEncodedEndpoint(slot, from)) {
      // Where the local network is the path, the encoded endpoint is not solicited.
      if (this.#paths.path(slot) === Path.lan) return Drop.ndUnexpected;
      this.#answered(slot, Path.direct, from, attempt, now);
      return Drop.none;
    }
    if (!this.#lan.canBeAt(slot, from)) return Drop.ndUnexpected;
    if (this.#lan.wasSolicited(slot, from)) {
      this.#answered(slot, Path.lan, from, attempt, now);
    } else {
      // It answers a solicitation to all hosts. Only one on the path itself confirms it.
      this.#lan.proposed(slot, from, now);
    }
    return Drop.none;
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
    if (slot === NO_SLOT || !isCredible(layout, redirect, from, isOwn)) return Drop.ndUnexpected;
    if (!this.#paths.isEncodedEndpoint(slot, from)) return Drop.ndUnexpected;
    this.#credit.grant(slot, length + OUTER_HEADERS);
    if (!this.#paths.isValid(slot, now)) this.#hint(slot, now);
    return Drop.none;
  }

  probed(): void {}

  prefixOffered(): DropCode {
    return Drop.advertisementRefused;
  }

  ownsBound(): boolean {
    return false;
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
      if (!this.#lan.canBeAt(slot, this.#to)) this.#unreachable(slot);
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
    this.#handshakes.reset(slot);
    this.#lan.created(slot);
    this.#redirects.created(slot, now);
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
   * On the local network, a remote knows us only by the endpoint in the address that we solicited from.
   * It would refuse a packet whose source encodes another one, by way of another router.
   */
  #fitsLan(slot: number, bytes: Uint8Array, offset: number): boolean {
    if (this.#paths.path(slot) !== Path.lan) return true;
    const own = this.#host.ownAddressFor(this.#remotes.address(slot));
    return (
      own !== null && this.#host.layout.matchesEndpoint(bytes, offset + SOURCE_OFFSET, own.endpoint)
    );
  }

  /** Something came directly from a remote that we do not reach directly (draft-03 §8, §10.2). */
  #hint(slot: number, now: number): void {
    if (!this.#rounds.admitsHint(slot, now)) return;
    if (this.#rounds.isUnderWay(slot)) {
      // A round is under way: its next solicitation comes early.
      this.#paths.readEncodedEndpoint(slot, this.#to);
      this.#solicitations.send(slot, this.#to, 0, now);
    } else {
      this.#rounds.begin(slot, now);
    }
  }

  /** Sends the next solicitation of a round. */
  #solicit(slot: number, attempt: number, now: number): void {
    this.#solicitations.prepare(slot, attempt);
    // The path owes an answer: nothing is risked on it any more.
    if (attempt > 1) this.#paths.expire(slot);
    if (!this.#solicitations.affords(slot)) return;
    if (this.#paths.path(slot) === Path.lan) {
      this.#paths.readDirect(slot, this.#to);
      this.#lan.solicited(slot, this.#to, now);
      this.#solicitations.send(slot, this.#to, 0, now);
    } else {
      this.#paths.readEncodedEndpoint(slot, this.#to);
      this.#solicitations.send(slot, this.#to, 0, now);
      this.#lan.search(slot, now);
    }
  }

  /** A round was in vain. */
  #unreachable(slot: number): void {
    this.#lan.giveUp(slot);
    this.#paths.giveUp(slot);
  }

  /** A Neighbor Advertisement answers a solicitation on this path. */
  #answered(
    slot: number,
    path: PathCode,
    endpoint: Readonly<UdpEndpoint>,
    attempt: number,
    now: number,
  ): void {
    this.#paths.measured(slot, this.#solicitations.roundTrip(slot, attempt, now));
    this.#reachable(slot, now);
    const validUntil = now + CONFIRMATION_LIFETIME;
    this.#paths.confirm(slot, path, endpoint, Confirmation.neighborAdvertisement, validUntil, now);
  }

  /** TCP, SCTP or an application received the reply to what went directly to the remote. */
  #confirmedByUpperLayer(slot: number, now: number): void {
    this.#reachable(slot, now);
    const to = this.#to;
    this.#paths.readEncodedEndpoint(slot, to);
    const validUntil = now + CONFIRMATION_LIFETIME;
    this.#paths.confirm(slot, Path.direct, to, Confirmation.upperLayer, validUntil, now);
  }

  #reachable(slot: number, now: number): void {
    this.#credit.trust(slot);
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
      if (due <= now) this.#rounds.begin(slot, now);
      this.#keepaliveAt = Math.min(this.#keepaliveAt, due <= now ? now + interval : due);
    });
  }
}
