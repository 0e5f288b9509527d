import type { Profile, UdpEndpoint } from '@6bed4/codec';
import type { RouterSolicitation } from '@6bed4/nd';
import { SubnetPrefix } from '../address/subnetPrefix.js';
import { CORRECTION_RATE, PEER_LIMITER_BUCKETS } from '../defaults.js';
import { Advertiser } from '../discovery/advertiser.js';
import type { Discovery } from '../discovery/discovery.js';
import type { MachineOutput } from '../machine/output.js';
import { RateLimiter } from '../packet/rateLimiter.js';
import { buildStaticNack } from '../packet/rohc.js';
import { Drop, type DropCode } from '../report/drop.js';
import type { PeerParts } from './peerParts.js';
import type { Uplinks } from './uplinks.js';

/**
 * Corrects remotes: reports the address under which we see them, and that we do not read compressed
 * headers. An unsolicited correction is never longer than the frame that caused it: then
 * anyone could have us send more than they spent. Each remote gets few of all of it.
 */
export class Corrector {
  readonly #profile: Profile;
  readonly #discovery: Discovery;
  readonly #output: MachineOutput;
  readonly #uplinks: Uplinks;
  readonly #rate: RateLimiter;

  constructor({ settings, output, uplinks }: PeerParts) {
    this.#profile = settings.profile;
    this.#discovery = settings.discovery;
    this.#output = output;
    this.#uplinks = uplinks;
    this.#rate = new RateLimiter(CORRECTION_RATE, settings.random, PEER_LIMITER_BUCKETS);
  }

  /**
   * Advertises the right address to the sender of a frame with a false one (draft-03 §6).
   *
   * @param source - offset of the IPv6 source address
   * @param length - bytes of the frame
   */
  correctSource(
    bytes: Uint8Array,
    source: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): void {
    if (!this.#discovery.retracts || this.#profile.layout.isOpaque(bytes, source)) return;
    const subnetPrefix = new SubnetPrefix(bytes.subarray(source, source + 16));
    const answer = this.#advertiserFor(subnetPrefix).correct(bytes, source, from);
    if (answer.length > length || !this.#rate.allows(from.addressBits, now)) {
      this.#output.counters.answerWithheld();
      return;
    }
    this.#output.send(from, answer, 0, answer.length);
  }

  /** Advertises to a remote that solicits it how we see it (draft-03 §10.2, draft-04 §7.7). */
  answerSolicitation(
    message: RouterSolicitation,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const lease = this.#uplinks.firstLease();
    if (!this.#discovery.retracts || lease === null) return Drop.ndUnexpected;
    if (!this.#uplinks.accepts(from)) return Drop.sourceEndpointRefused;
    if (!this.#rate.allows(from.addressBits, now)) return Drop.rateLimited;
    const answer = this.#advertiserFor(lease.subnetPrefix).answer(message, from);
    this.#output.send(from, answer, 0, answer.length);
    return Drop.none;
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
    if (answer === null || answer.length > length) return;
    if (this.#rate.allows(from.addressBits, now)) {
      this.#output.send(from, answer, 0, answer.length);
    } else {
      this.#output.counters.answerWithheld();
    }
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
