import { type AddressLayout, formatIPv6, UdpEndpoint } from '@6bed4/codec';
import { AddressTable, DESTINATION_OFFSET, grown, NO_SLOT } from '@6bed4/nd';
import { INBOUND_SHARE, MOST_INBOUND_AT_ADDRESS, REPLY_TIME } from '../defaults.js';
import type { PathChanged, PathSearch, RemoteSnapshot } from '../report/events.js';
import { OUTER_HEADERS } from '../specification.js';
import { DISTANT_PAST } from '../time.js';
import { Credit } from './credit.js';
import { InboundRemotes } from './inboundRemotes.js';
import { finiteOrNull, RemotePaths } from './remotePaths.js';
import { OpenReplies, Reply, replyIn } from './replies.js';

/** Slots at first. */
const FIRST_CAPACITY = 64;
/** Slots that are looked at to find one that may go. */
const EVICTION_SAMPLE = 16;

/** The part of a {@link PathSearch} that a strategy knows; times may be {@link DISTANT_PAST} or never come. */
export type SearchProgress = Pick<PathSearch, 'state' | 'failures'> & {
  readonly triedAt: number;
  readonly retryAt: number;
};

/** A strategy, which keeps columns of its own by slot. */
export interface SlotOwner {
  /** There are more slots now, up to `capacity`. */
  grow(capacity: number): void;

  /** Whether a search for a path to a remote is under way. */
  isSearching(slot: number): boolean;

  /** What was done to find a path to a remote. */
  search(slot: number): SearchProgress;

  /** A slot is released. */
  removed(slot: number): void;
}

/**
 * The part of an address that distinguishes remotes: `address` is a node's address without the bits
 * that it hands out itself; `endpoint` only the endpoint in it (draft-04 §7.4).
 */
export type RemoteKey = 'address' | 'endpoint';

/**
 * The remotes that a peer exchanges packets with: one slot each, whose properties lie in columns, so
 * that a packet costs neither an allocation nor more than a look at a few numbers. All that is known of
 * every remote is written by the methods of this class, of {@link RemotePaths} and of {@link Credit}, and
 * by nobody else; what only one strategy needs is kept by that strategy, by slot as well.
 *
 * A remote is *outbound* when the local side began: it sent a packet that cannot be a reply (see
 * {@link replyIn}), or one that may be, but nothing had come from there for {@link REPLY_TIME}. It is
 * *inbound* otherwise: a stranger began, and all that the local side sent there may have been caused by
 * him.
 *
 * The table grows with its remotes, by doubling, up to its maximum. Inbound remotes take a quarter of that
 * at most, and 16 with one IPv4 address. An inbound newcomer takes only the place of another inbound remote
 * which has no valid direct path and is not being searched for; an outbound one also the place of such
 * an outbound remote, or else of any inbound one. Of a sample of 16, the one that was idle longest goes. A
 * newcomer that gets no place is reached through the router.
 */
export class Remotes {
  readonly paths: RemotePaths;
  readonly credit: Credit;
  readonly #table: AddressTable;
  readonly #maximum: number;
  readonly #mostInbound: number;
  readonly #inbound: InboundRemotes;
  readonly #openReplies: OpenReplies;
  #owner: SlotOwner | null = null;
  /** The private endpoint from which the remote solicited us; port 0 for none. */
  #lanAddress = new Int32Array();
  #lanPort = new Uint16Array();
  #createdAt = new Float64Array();
  #lastSentAt = new Float64Array();
  #lastPacketAt = new Float64Array();
  #lastSignalAt = new Float64Array();
  #lastDirectAt = new Float64Array();
  #sentDirect = new Float64Array();
  #sentRelayed = new Float64Array();
  #receivedDirect = new Float64Array();
  #receivedRelayed = new Float64Array();
  /** Where the search for a remote to evict goes on. */
  #hand = 0;
  readonly #endpoint = new UdpEndpoint();

  /**
   * @param layout - how addresses encode endpoints
   * @param maximum - most remotes there can be, 1..2^20
   * @param random - numbers in [0, 1) that attackers cannot predict
   * @param pathChanged - is called with each path that differs from the one reported before
   */
  constructor(
    layout: AddressLayout,
    key: RemoteKey,
    maximum: number,
    random: () => number,
    pathChanged: (change: Omit<PathChanged, 'type'>) => void,
  ) {
    const capacity = Math.min(FIRST_CAPACITY, maximum);
    this.#maximum = maximum;
    this.#mostInbound = Math.max(1, Math.floor(maximum / INBOUND_SHARE));
    this.paths = new RemotePaths(capacity, (slot, change) => {
      pathChanged({ ...this.#name(slot), ...change });
    });
    this.credit = new Credit(capacity);
    const bits = {
      upperHalf: key === 'address',
      lowerHalf: layout.endpointMask,
      // The lowest bits, where 0 means the router (draft-04 §5.2).
      neverZero: layout.maxLanip,
    };
    this.#table = new AddressTable(capacity, bits, random);
    this.#inbound = new InboundRemotes(capacity, random);
    this.#openReplies = new OpenReplies(random);
    this.#growColumns(capacity);
  }

  // The table

  /** Names the strategy, which is told of changes from now on. */
  attach(owner: SlotOwner): void {
    this.#owner = owner;
  }

  /** Slots, in use or free. */
  get capacity(): number {
    return this.#table.capacity;
  }

  /** Remotes there are. */
  get size(): number {
    return this.#table.size;
  }

  /**
   * The slot of the remote with the IPv6 address at `offset`, or -1, also where the address is a
   * router's. For every packet.
   */
  find(bytes: Uint8Array, offset: number): number {
    return this.#table.find(bytes, offset);
  }

  /**
   * Takes a slot for the destination of a packet of the local side, which has none.
   *
   * @param offset - of the packet
   * @param endpoint - the endpoint that its address encodes
   * @returns the slot, or -1 when none can be had
   */
  createDestination(
    bytes: Uint8Array,
    offset: number,
    endpoint: Readonly<UdpEndpoint>,
    now: number,
  ): number {
    const reply = replyIn(bytes, offset);
    const isOutbound =
      reply === Reply.no || (reply === Reply.perhaps && !this.#isOpenReply(endpoint, now));
    return this.#create(bytes, offset + DESTINATION_OFFSET, endpoint, isOutbound, now);
  }

  /**
   * Takes a slot for a remote that has none, and from which something came.
   *
   * @param offset - of its IPv6 address
   * @param endpoint - the endpoint that its address encodes
   * @returns the slot, or -1 when none can be had
   */
  createSource(
    bytes: Uint8Array,
    offset: number,
    endpoint: Readonly<UdpEndpoint>,
    now: number,
  ): number {
    const slot = this.#create(bytes, offset, endpoint, false, now);
    if (slot === NO_SLOT) this.#openReplies.open(endpoint, now);
    return slot;
  }

  /** Gives a slot back. */
  remove(slot: number): void {
    this.#owner?.removed(slot);
    this.#inbound.remove(slot);
    this.#table.remove(slot);
  }

  /** Whether the local side began to send to the remote, rather than it to us. For every packet. */
  isOutbound(slot: number): boolean {
    return !this.#inbound.has(slot);
  }

  /** Makes an inbound remote an outbound one, if this packet of the local side to it is no reply. */
  considerOutbound(slot: number, bytes: Uint8Array, offset: number, now: number): void {
    const reply = replyIn(bytes, offset);
    const heardAt = Math.max(this.lastReceivedAt(slot), this.#createdAt[slot]!);
    const isLate = reply === Reply.perhaps && now - heardAt >= REPLY_TIME;
    if (reply !== Reply.no && !isLate) return;
    this.#inbound.remove(slot);
    this.paths.reportAgain(slot);
  }

  /** Calls `visit` with every slot in use; it may remove the one that it is given. */
  forEach(visit: (slot: number) => void): void {
    this.#table.forEach(visit);
  }

  /** The IPv6 addresses of all slots, 16 bytes each in their order, until a slot is taken. For every packet. */
  get addresses(): Uint8Array {
    return this.#table.addresses;
  }

  /** The IPv6 address for which a slot was taken, 16 bytes; valid until the slot is released. */
  address(slot: number): Uint8Array {
    return this.#table.address(slot);
  }

  /** Whether the IPv6 address at `offset` has the subnet prefix for which the slot was taken. */
  hasSubnetPrefix(slot: number, bytes: Uint8Array, offset: number): boolean {
    return this.#table.hasUpperHalf(slot, bytes, offset);
  }

  // The local network (draft-01 §6.11)

  /** The remote solicited us from this private endpoint. */
  seenOnLan(slot: number, from: Readonly<UdpEndpoint>): void {
    this.#lanAddress[slot] = from.addressBits;
    this.#lanPort[slot] = from.port;
  }

  /** Our own network changed: no private endpoint of a remote means anything any more. */
  leftLan(slot: number): void {
    this.#lanPort[slot] = 0;
  }

  /** Whether any remote with the lower half of the address at `offset` solicited us from there. */
  wasSeenOnLan(bytes: Uint8Array, offset: number, from: Readonly<UdpEndpoint>): boolean {
    const table = this.#table;
    let slot = table.firstAlike(bytes, offset);
    for (; slot !== NO_SLOT; slot = table.nextAlike(slot)) {
      const isSeen = this.#lanPort[slot] === from.port;
      if (isSeen && this.#lanAddress[slot] === from.addressBits) return true;
    }
    return false;
  }

  // Traffic

  /** A packet of the local side went to the remote, or several; for every packet. */
  sent(slot: number, isDirect: boolean, now: number, count = 1): void {
    this.#lastSentAt[slot] = now;
    const counts = isDirect ? this.#sentDirect : this.#sentRelayed;
    counts[slot]! += count;
  }

  /** A packet of `length` bytes for the local side came from the remote; for every packet. */
  received(slot: number, isDirect: boolean, length: number, now: number): void {
    this.#lastPacketAt[slot] = now;
    if (isDirect) this.#lastDirectAt[slot] = now;
    const counts = isDirect ? this.#receivedDirect : this.#receivedRelayed;
    counts[slot]!++;
    this.credit.earn(slot, length + OUTER_HEADERS);
  }

  /** Something else than a packet for the local side came from the remote: a solicitation, a probe. */
  signaled(slot: number, now: number): void {
    this.#lastSignalAt[slot] = now;
  }

  /** Time of the last packet for the local side; {@link DISTANT_PAST} for never. */
  lastPacketAt(slot: number): number {
    return this.#lastPacketAt[slot]!;
  }

  /** Time of the last of them that came directly; {@link DISTANT_PAST} for never. */
  lastDirectAt(slot: number): number {
    return this.#lastDirectAt[slot]!;
  }

  /** Time of the last packet of the local side to the remote; {@link DISTANT_PAST} for never. */
  lastSentAt(slot: number): number {
    return this.#lastSentAt[slot]!;
  }

  /** Time of the last acceptable packet from the remote; {@link DISTANT_PAST} for never. */
  lastReceivedAt(slot: number): number {
    return Math.max(this.#lastPacketAt[slot]!, this.#lastSignalAt[slot]!);
  }

  /** Time at which the local side or the remote last sent something, in milliseconds. */
  lastUsedAt(slot: number): number {
    return Math.max(this.#lastSentAt[slot]!, this.lastReceivedAt(slot), this.#createdAt[slot]!);
  }

  /** A remote and its path at this moment, as users see it. */
  snapshot(slot: number, now: number): RemoteSnapshot {
    const { remote: address, direction } = this.#name(slot);
    return {
      address,
      direction,
      ...this.paths.snapshot(slot, now),
      search: this.paths.isValid(slot, now) ? null : this.#search(slot),
      createdAt: this.#createdAt[slot]!,
      lastSentAt: finiteOrNull(this.#lastSentAt[slot]!),
      lastReceivedAt: finiteOrNull(this.lastReceivedAt(slot)),
      packetsSentDirect: this.#sentDirect[slot]!,
      packetsSentRelayed: this.#sentRelayed[slot]!,
      packetsReceivedDirect: this.#receivedDirect[slot]!,
      packetsReceivedRelayed: this.#receivedRelayed[slot]!,
    };
  }

  #search(slot: number): PathSearch | null {
    const progress = this.#owner?.search(slot);
    if (progress === undefined) return null;
    const { state, failures, triedAt, retryAt } = progress;
    return {
      ...{ state, failures },
      endpoint: this.paths.encodedEndpoint(slot),
      triedAt: finiteOrNull(triedAt),
      retryAt: finiteOrNull(retryAt),
      directAt: finiteOrNull(this.#lastDirectAt[slot]!),
    };
  }

  #name(slot: number): Pick<PathChanged, 'remote' | 'direction'> {
    const direction = this.isOutbound(slot) ? 'outbound' : 'inbound';
    return { remote: formatIPv6(this.address(slot)), direction };
  }

  // Places in the table

  #create(
    bytes: Uint8Array,
    offset: number,
    endpoint: Readonly<UdpEndpoint>,
    isOutbound: boolean,
    now: number,
  ): number {
    if (!this.#makePlace(endpoint.addressBits, isOutbound, now)) return NO_SLOT;
    const slot = this.#table.insert(bytes, offset);
    if (!isOutbound) this.#inbound.add(slot, endpoint.addressBits);
    this.paths.reset(slot, endpoint);
    this.credit.reset(slot, isOutbound);
    this.#lanPort[slot] = 0;
    this.#createdAt[slot] = now;
    this.#lastSentAt[slot] = DISTANT_PAST;
    this.#lastPacketAt[slot] = DISTANT_PAST;
    this.#lastSignalAt[slot] = DISTANT_PAST;
    this.#lastDirectAt[slot] = DISTANT_PAST;
    this.#sentDirect[slot] = 0;
    this.#sentRelayed[slot] = 0;
    this.#receivedDirect[slot] = 0;
    this.#receivedRelayed[slot] = 0;
    return slot;
  }

  /** Makes a place for a newcomer with this IPv4 address; false when it gets none. */
  #makePlace(address: number, isOutbound: boolean, now: number): boolean {
    const isFull = isOutbound ? this.size === this.#maximum : this.#refusesInbound(address);
    if (!isFull) {
      if (this.size === this.capacity) this.#grow();
      return true;
    }
    const victim =
      isOutbound || this.#countAt(address) < MOST_INBOUND_AT_ADDRESS
        ? this.#victim(isOutbound, now)
        : this.#idlestAt(address, now);
    if (victim === NO_SLOT) return false;
    // What the local side sends to it still replies.
    if (!this.isOutbound(victim) && now - this.lastReceivedAt(victim) < REPLY_TIME) {
      this.paths.readEncodedEndpoint(victim, this.#endpoint);
      this.#openReplies.open(this.#endpoint, now);
    }
    this.remove(victim);
    return true;
  }

  /** Whether an inbound newcomer with this IPv4 address needs the place of another remote. */
  #refusesInbound(address: number): boolean {
    return (
      this.size === this.#maximum ||
      this.#inbound.size >= this.#mostInbound ||
      this.#countAt(address) >= MOST_INBOUND_AT_ADDRESS
    );
  }

  /** Whether a packet to a remote without slot may reply to what came when it got none. */
  #isOpenReply(endpoint: Readonly<UdpEndpoint>, now: number): boolean {
    return this.#refusesInbound(endpoint.addressBits) && this.#openReplies.close(endpoint, now);
  }

  #grow(): void {
    const capacity = Math.min(2 * this.capacity, this.#maximum);
    this.#table.grow(capacity);
    this.#inbound.grow(capacity);
    this.paths.grow(capacity);
    this.credit.grow(capacity);
    this.#growColumns(capacity);
    this.#owner?.grow(capacity);
  }

  #growColumns(capacity: number): void {
    this.#lanAddress = grown(this.#lanAddress, capacity);
    this.#lanPort = grown(this.#lanPort, capacity);
    this.#createdAt = grown(this.#createdAt, capacity);
    this.#lastSentAt = grown(this.#lastSentAt, capacity);
    this.#lastPacketAt = grown(this.#lastPacketAt, capacity);
    this.#lastSignalAt = grown(this.#lastSignalAt, capacity);
    this.#lastDirectAt = grown(this.#lastDirectAt, capacity);
    this.#sentDirect = grown(this.#sentDirect, capacity);
    this.#sentRelayed = grown(this.#sentRelayed, capacity);
    this.#receivedDirect = grown(this.#receivedDirect, capacity);
    this.#receivedRelayed = grown(this.#receivedRelayed, capacity);
  }

  // Eviction

  #countAt(address: number): number {
    let count = 0;
    let slot = this.#inbound.firstAt(address);
    for (; slot !== NO_SLOT; slot = this.#inbound.nextAt(slot)) count++;
    return count;
  }

  /** Of the inbound remotes with this IPv4 address, one that may go, or -1. */
  #idlestAt(address: number, now: number): number {
    let idlest = NO_SLOT;
    let slot = this.#inbound.firstAt(address);
    for (; slot !== NO_SLOT; slot = this.#inbound.nextAt(slot)) {
      if (this.#isUnused(slot, now)) idlest = this.#idler(idlest, slot);
    }
    return idlest;
  }

  /** A remote that makes place for a newcomer, or -1. */
  #victim(isOutbound: boolean, now: number): number {
    const inbound = this.#idlest(true, false, now);
    if (inbound !== NO_SLOT || !isOutbound) return inbound;
    const outbound = this.#idlest(false, false, now);
    return outbound === NO_SLOT ? this.#idlest(true, true, now) : outbound;
  }

  /** Of a sample of the inbound remotes, or of all in a full table, the one that was idle longest. */
  #idlest(isInbound: boolean, mayBeUsed: boolean, now: number): number {
    const count = isInbound ? this.#inbound.size : this.size;
    let idlest = NO_SLOT;
    for (let looks = Math.min(EVICTION_SAMPLE, count); looks > 0; looks--) {
      this.#hand = (this.#hand + 1) % count;
      const slot = isInbound ? this.#inbound.at(this.#hand) : this.#hand;
      if (mayBeUsed || this.#isUnused(slot, now)) idlest = this.#idler(idlest, slot);
    }
    return idlest;
  }

  /** Whether a remote has no valid direct path, and none is being searched for. */
  #isUnused(slot: number, now: number): boolean {
    return !this.paths.isValid(slot, now) && this.#owner?.isSearching(slot) !== true;
  }

  #idler(left: number, right: number): number {
    if (left === NO_SLOT) return right;
    return this.lastUsedAt(right) < this.lastUsedAt(left) ? right : left;
  }
}
