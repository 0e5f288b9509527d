import { type Endpoint, isInvitationAt, type Profile } from '@6bed4/codec';
import { LocalSubnets } from '../address/localSubnets.js';
import { PEER_LIMITER_BUCKETS } from '../defaults.js';
import type { TunnelSink } from '../machine/machine.js';
import { MachineCore, type SendOutcome } from '../machine/machineCore.js';
import { PathFinder } from '../peering/pathFinder.js';
import type { PeeringHost } from '../peering/peering.js';
import {
  OPPORTUNISTIC_SEND,
  type OpportunisticSends,
  POLICY_SENDS,
  type SendIntent,
} from '../peering/sendIntent.js';
import type { PolicyName } from '../peering/trafficClassPolicy.js';
import { Drop, type DropCode, type DropReason, dropReasons } from '../report/drop.js';
import type { RemoteSnapshot } from '../report/events.js';
import { DatagramReceiver } from './datagramReceiver.js';
import { PacketSender } from './packetSender.js';
import { checkOptions, type PeerOptions, type PeerSettings } from './peerOptions.js';
import type { UplinkSnapshot } from './uplink.js';
import { Uplinks } from './uplinks.js';

/**
 * The 6bed4 peer (draft-03 §10.2, draft-04 §4): gets an address from each of its routers, keeps the
 * way there open, and carries IPv6 packets between the local side and the tunnel.
 *
 * @example
 * ```ts
 * const peer = new Peer({ routers: ['192.0.2.1'], random: Math.random }, sink);
 * peer.start(now);
 * ```
 */
export class Peer extends MachineCore {
  readonly #settings: PeerSettings;
  readonly #uplinks: Uplinks;
  readonly #localSubnets = new LocalSubnets();
  readonly #paths: PathFinder;
  readonly #receiver: DatagramReceiver;
  readonly #sender: PacketSender;

  /** @throws InvalidArgumentError naming the option that cannot be used */
  constructor(options: PeerOptions, sink: TunnelSink) {
    const settings = checkOptions(options);
    const { trafficClass } = settings;
    super(
      sink,
      options.random,
      { ...settings.profile.dialect, trafficClass },
      PEER_LIMITER_BUCKETS,
    );
    const { output } = this;
    const uplinks = new Uplinks(settings, output, (moved, now) => {
      this.#paths.addressesChanged(moved, now);
    });
    this.#settings = settings;
    this.#uplinks = uplinks;
    this.#paths = new PathFinder(settings.peering, this.#hostOfPaths());
    const localSubnets = this.#localSubnets;
    const parts = { settings, output, uplinks, paths: this.#paths, localSubnets };
    this.#receiver = new DatagramReceiver(parts);
    this.#sender = new PacketSender(parts);
    for (const router of options.routers) uplinks.add(router, 0);
  }

  /** The constants in use. */
  get profile(): Profile {
    return this.#settings.profile;
  }

  /** The name of the peering strategy in use. */
  get peering(): string {
    return this.#settings.peering.name;
  }

  /** The effect of opportunistic sends with this strategy. */
  get opportunisticSends(): OpportunisticSends {
    return this.#settings.peering.opportunisticSends;
  }

  /**
   * Whether remotes behind our own NAT are searched on the local network. The driver then should also
   * hand over what is sent to 224.0.0.1 at the profile's port, and tell {@link setLocalSubnets}.
   */
  get searchesLan(): boolean {
    return this.#settings.peering.lanTtl > 0;
  }

  /** The routers of this peer and what they gave. */
  get uplinks(): readonly UplinkSnapshot[] {
    return this.#uplinks.snapshot();
  }

  /** The remotes with which packets were exchanged lately, and their paths; the latest first. */
  remotes(now: number): RemoteSnapshot[] {
    return this.#paths.snapshot(now);
  }

  /**
   * The remote with an IPv6 address of 16 bytes and its path, or null when no packets were exchanged
   * with it lately or none but the relayed path can lead there.
   */
  remote(address: Uint8Array, now: number): RemoteSnapshot | null {
    return this.#paths.snapshotOf(address, 0, now);
  }

  /** Begins to solicit all routers for addresses; `now` in milliseconds. */
  start(now: number): void {
    this.command(() => {
      this.#uplinks.start(now);
    });
  }

  /** Gives all addresses up and falls silent; {@link start} begins anew. */
  stop(_now: number): void {
    this.command(() => {
      this.#uplinks.stop();
      this.#paths.clear();
    });
  }

  /**
   * Solicits all routers again at once: after the driver moved to another UDP port, or the computer to
   * another network. Addresses are kept until another is offered.
   */
  solicit(now: number): void {
    this.command(() => {
      this.#uplinks.solicit(now);
      this.#paths.addressesChanged(true, now);
    });
  }

  /**
   * Adds a router and, when the peer runs, solicits it for an address.
   *
   * @throws InvalidArgumentError when it is there already, is not an endpoint, or there are 16
   */
  addRouter(router: Endpoint | string, now: number): void {
    this.command(() => {
      this.#uplinks.add(router, now);
    });
  }

  /**
   * Has these routers and no others, in this order of preference. Those that were there already keep the
   * addresses that they gave.
   *
   * @throws InvalidArgumentError for one that is none or there twice, or more than 16; nothing is changed then
   */
  setRouters(routers: readonly (Endpoint | string)[], now: number): void {
    this.command(() => {
      this.#uplinks.set(routers, now);
    });
  }

  /** Gives the router's address up and removes the router; false when it was not there. */
  removeRouter(router: Endpoint | string): boolean {
    const uplink = this.#uplinks.find(router);
    if (uplink === null) return false;
    this.command(() => {
      this.#uplinks.remove(uplink);
    });
    return true;
  }

  /**
   * As {@link handlePacket}, for a program that says for each packet which path it wants, and wants to
   * know at once when a packet goes nowhere. With `probe-and-seen`, the policy is written into the
   * traffic class; elsewhere the traffic class stays as it is.
   *
   * @returns null when the packet was sent, or why it was not
   */
  handlePacketBy(
    policy: PolicyName,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropReason | null {
    const outcome = this.takePacket(bytes, offset, length, now, POLICY_SENDS[policy]);
    return outcome === Drop.none ? null : (dropReasons[outcome] as DropReason);
  }

  /**
   * Takes a packet of the local side that its sender will send again if no answer comes, such as a SIP
   * request over UDP. It goes directly to the remote, even where that path is not confirmed yet; the
   * retransmission is then given to {@link handlePacket} and takes the usual way (draft-03 §8.7). With
   * `probe-and-seen`, choose the presumptuous policy in the packet's traffic class instead.
   *
   * @returns a number for {@link reportReply}, or 0 when the packet went its usual way
   */
  handleOpportunisticPacket(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): number {
    const outcome = this.takePacket(bytes, offset, length, now, OPPORTUNISTIC_SEND);
    return outcome < 0 ? -outcome : 0;
  }

  /**
   * The reply to what {@link handleOpportunisticPacket} sent has come, before it was sent again. If something
   * came directly from the remote since, that confirms the path.
   *
   * @param name - the number that {@link handleOpportunisticPacket} returned
   * @returns whether it did
   */
  reportReply(name: number, now: number): boolean {
    let isConfirmed = false;
    this.command(() => {
      isConfirmed = this.#paths.replyReported(name, now);
    });
    return isConfirmed;
  }

  /**
   * Tells the IPv4 subnets that this computer is directly connected to, instead of those told before; none
   * at first. Only there can remotes be found on the local network: see {@link searchesLan}.
   *
   * @param subnets - `A.B.C.D/length`, the address being any in the subnet
   * @throws InvalidArgumentError, with nothing changed
   */
  setLocalSubnets(subnets: readonly string[]): void {
    this.command(() => {
      this.#localSubnets.set(subnets);
      this.#paths.localSubnetsChanged();
    });
  }

  /** Sends what is due: solicitations, keepalives. */
  override handleTimeout(now: number): void {
    this.command(() => {
      this.#uplinks.handleTimeout(now);
      this.#paths.handleTimeout(now);
    });
  }

  /** The time at which something is due, in milliseconds; `Infinity` for never. */
  override nextTimeout(): number {
    return Math.min(this.#paths.nextTimeout(), this.#uplinks.nextTimeout());
  }

  /** @internal */
  protected override emptyDatagram(now: number): void {
    if (this.#uplinks.isRunning) this.#receiver.receiveEmpty(this.from, now);
  }

  /** @internal */
  protected override compressedFrame(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    if (!this.#uplinks.isRunning) return;
    this.#receiver.receiveCompressed(bytes, offset, length, this.from, now);
  }

  /** @internal */
  protected override fromTunnel(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): DropCode {
    if (!this.#uplinks.isRunning) return Drop.stopped;
    return this.#receiver.receive(bytes, offset, length, this.from, now);
  }

  /** @internal */
  protected override fromLocalSide(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
    intent: SendIntent,
  ): SendOutcome {
    if (!this.#uplinks.isRunning) return Drop.stopped;
    return this.#sender.send(bytes, offset, length, intent, now);
  }

  /** @internal */
  protected override repeatFromTunnel(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    now: number,
  ): boolean {
    return this.#receiver.repeat(bytes, offset, length, size, now);
  }

  /** @internal */
  protected override repeatFromLocalSide(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    now: number,
  ): boolean {
    return this.#sender.repeat(bytes, offset, length, size, now);
  }

  #hostOfPaths(): PeeringHost {
    const { profile, random } = this.#settings;
    const uplinks = this.#uplinks;
    return {
      layout: profile.layout,
      random,
      send: (to, bytes, length, ttl) => this.output.send(to, bytes, 0, length, ttl),
      accepts: (endpoint) => uplinks.accepts(endpoint),
      isOurselves: (bytes, at, endpoint) => uplinks.isOurselves(bytes, at, endpoint),
      sharesPublicAddress: (addressBits) => uplinks.hasPublicAddress(addressBits),
      isOnLocalSubnet: (addressBits) => this.#localSubnets.hasHost(addressBits),
      isInterpretable: (bytes, at) => uplinks.isInterpretable(bytes, at),
      isOwn: (address) => uplinks.leaseEncodedBy(address, 0) !== null,
      isInvitation: (bytes, at) => isInvitationAt(profile, bytes, at),
      ownAddressFor: (remote) => uplinks.identityFor(remote),
      isSourceFor: (remotes, at, bytes, offset) => uplinks.isSourceFor(remotes, at, bytes, offset),
      remoteRefused: () => this.counters.remoteRefused(),
      pathChanged: (change) => this.output.event({ type: 'path-changed', ...change }),
      // If a NAT of ours dropped our mapping, nothing reaches us until we send; if it gave us another endpoint,
      // nothing reaches our address. Soliciting settles both.
      silence: (mayAsk, now) => uplinks.silence(mayAsk, now),
    };
  }
}
