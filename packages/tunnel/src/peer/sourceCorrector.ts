import {
  type Dialect,
  is6bed4Prefixed,
  isIPv6LinkLocal,
  isIPv6LinkLocalMulticast,
  isIPv6Routable,
  type Profile,
  type UdpEndpoint,
  writeUint32,
} from '@6bed4/codec';
import { DESTINATION_OFFSET, type RouterSolicitation, SOURCE_OFFSET } from '@6bed4/nd';
import { SubnetPrefix } from '../address/subnetPrefix.js';
import { UNSPECIFIED } from '../address/wellKnownAddresses.js';
import { CORRECTION_RATE, PEER_LIMITER_BUCKETS } from '../defaults.js';
import { Advertiser } from '../discovery/advertiser.js';
import type { Discovery } from '../discovery/discovery.js';
import type { MachineOutput } from '../machine/output.js';
import { AnswerBudget } from '../packet/answerBudget.js';
import { RateLimiter } from '../packet/rateLimiter.js';
import { buildStaticNack } from '../packet/rohc.js';
import { Drop, type DropCode } from '../report/drop.js';
import { ROUTER_IN_PREFIX } from '../specification.js';
import type { Lease } from './lease.js';
import type { PeerParts } from './peerParts.js';
import type { Uplinks } from './uplinks.js';

/** fc00::/7 (RFC 4193 §3.1). */
const UNIQUE_LOCAL = 0xfc;
const UNIQUE_LOCAL_MASK = 0xfe;

/**
 * Corrects remotes: reports the address under which we see them, and that we do not read compressed
 * headers. No endpoint is sent more bytes of all that than came from there, so that nobody can have us send
 * more than they spent, and each gets few of them.
 */
export class Corrector {
  readonly #profile: Profile;
  readonly #dialect: Dialect;
  readonly #discovery: Discovery;
  readonly #output: MachineOutput;
  readonly #uplinks: Uplinks;
  readonly #rate: RateLimiter;
  readonly #budget: AnswerBudget;

  constructor({ settings, output, uplinks }: PeerParts) {
    const { profile, discovery, random } = settings;
    this.#profile = profile;
    this.#dialect = profile.dialect;
    this.#discovery = discovery;
    this.#output = output;
    this.#uplinks = uplinks;
    this.#rate = new RateLimiter(CORRECTION_RATE, random, PEER_LIMITER_BUCKETS);
    this.#budget = new AnswerBudget(random, PEER_LIMITER_BUCKETS);
  }

  /**
   * Advertises the right address to the sender of a frame with a false one, under the same /64 (draft-03 §6,
   * draft-04 §3.2). Where the /64 is none of 6bed4, and the dialect corrects that too, under the /64 of our
   * own address that the frame is for, which its sender knows (draft-03 §10.2).
   *
   * @param refused - why the frame is dropped; the source may be right
   * @param length - bytes of the frame
   */
  correctSource(
    refused: DropCode,
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): void {
    const { layout } = this.#profile;
    const source = offset + SOURCE_OFFSET;
    if (!this.#discovery.retracts || !isIPv6Routable(bytes, source)) return;
    let offered: SubnetPrefix | null = null;
    if (refused === Drop.sourceMismatch && !layout.isOpaque(bytes, source)) {
      const claimed = new SubnetPrefix(bytes.subarray(source));
      offered = this.#mayOffer(claimed) ? claimed : null;
    } else if (refused === Drop.sourceNotAllowed && this.#dialect.correctsPrefix) {
      const lease = this.#uplinks.owning(bytes, offset + DESTINATION_OFFSET)?.lease;
      if (lease) offered = this.#underOurselves(lease) ?? lease.subnetPrefix;
    }
    if (offered === null) return;
    const advertiser = this.#advertiserFor(offered);
    const isSent = this.#answer(from, length, now, () => advertiser.correct(bytes, source, from));
    if (!isSent) this.#output.counters.answerWithheld();
  }

  /**
   * Answers the Router Solicitation of a remote that wants to know how we see it: under the /64 of its own
   * address, if that is one of ours, or else of our first router (draft-04 §3.3). Before draft-04, a peer
   * offers a /64 of its own alone, in which it is the router, and so only where routers are expected (draft-03
   * §10.2).
   */
  answerSolicitation(
    message: RouterSolicitation,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const { source, destination } = message;
    const isOnLink = isIPv6LinkLocal(destination, 0) || isIPv6LinkLocalMulticast(destination, 0);
    if (!isOnLink || !this.#discovery.retracts) return Drop.ndUnexpected;
    if (!this.#uplinks.accepts(from)) return Drop.sourceEndpointRefused;
    const offered = this.#offeredTo(source);
    if (offered === null) return Drop.ndUnexpected;
    const advertiser = this.#advertiserFor(offered);
    // To all nodes, unless from a link-local address: advertisements belong to the link (RFC 4861 §6.2.6).
    const question = isIPv6LinkLocal(source, 0) ? message : { ...message, source: UNSPECIFIED };
    const isSent = this.#answer(from, length, now, () => advertiser.answer(question, from));
    return isSent ? Drop.none : Drop.rateLimited;
  }

  /** Reports to the sender of compressed headers that we cannot read them (draft-03 §10.2). */
  refuseCompression(
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): void {
    if (!this.#uplinks.accepts(from) || this.#uplinks.hasPublicEndpoint(from)) return;
    const answer = buildStaticNack(bytes, offset, length);
    if (answer === null) return;
    if (!this.#answer(from, length, now, () => answer)) this.#output.counters.answerWithheld();
  }

  /**
   * Answers a frame of `length` bytes, unless that would be more than its sender spent or too often.
   *
   * @returns whether the answer was sent
   */
  #answer(
    to: Readonly<UdpEndpoint>,
    length: number,
    now: number,
    build: () => Uint8Array,
  ): boolean {
    this.#budget.earn(to, length);
    if (!this.#rate.allows(to.addressBits, now, to.port)) return false;
    const answer = build();
    if (!this.#budget.spend(to, answer.length)) return false;
    this.#output.send(to, answer, 0, answer.length);
    return true;
  }

  #offeredTo(source: Uint8Array): SubnetPrefix | null {
    const lease = this.#uplinks.leaseFor(source, 0);
    if (lease === null) return null;
    if (!this.#dialect.offersForeignPrefix) return this.#underOurselves(lease);
    return this.#mayOffer(lease.subnetPrefix) ? lease.subnetPrefix : null;
  }

  /** Whether a /64 of another may be advertised: not where it is locally routed (draft-04 §3.3.2). */
  #mayOffer(subnetPrefix: SubnetPrefix): boolean {
    const bytes = subnetPrefix.toBytes();
    const isLocal = (bytes[0]! & UNIQUE_LOCAL_MASK) === UNIQUE_LOCAL;
    return (
      !isLocal || !this.#dialect.offersForeignPrefix || is6bed4Prefixed(this.#profile, bytes, 0)
    );
  }

  /** The /64 in which we are the router, or null where our endpoint is not one that routers have. */
  #underOurselves({ publicEndpoint, subnetPrefix }: Lease): SubnetPrefix | null {
    const bytes = subnetPrefix.toBytes();
    if (publicEndpoint.port !== this.#profile.port || !is6bed4Prefixed(this.#profile, bytes, 0)) {
      return null;
    }
    writeUint32(bytes, ROUTER_IN_PREFIX, publicEndpoint.address);
    return new SubnetPrefix(bytes);
  }

  #advertiserFor(subnetPrefix: SubnetPrefix): Advertiser {
    return new Advertiser({
      discovery: this.#discovery,
      layout: this.#profile.layout,
      subnetPrefix,
      routes: [],
    });
  }
}
