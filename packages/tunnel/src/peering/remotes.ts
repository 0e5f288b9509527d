import { type AddressLayout, formatIPv6, type UdpEndpoint } from '@6bed4/codec';
import { AddressTable, NO_SLOT } from '@6bed4/nd';
import type { PathChanged, RemoteSnapshot } from '../report/events.js';
import { OUTER_HEADERS } from '../specification.js';
import { DISTANT_PAST } from '../time.js';
import { Credit } from './credit.js';
import { finiteOrNull, RemotePaths } from './remotePaths.js';

/** Addresses with the same lower half that unknown senders can make us keep. */
const MAX_ALIKE = 8;
/** Slots that are looked at to find one that may go. */
const EVICTION_SAMPLE = 16;

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
 * Eviction, when all slots are taken: a remote that only sent to us, and was never sent to, makes room
 * for any other. A remote whose packets are relayed makes room for one that the local side sends to. A
 * remote with a valid direct path makes room for nobody. Of a sample of 16, the one that was idle
 * longest goes.
 */
export class Remotes {
  /** Most remotes there can be. */
  readonly capacity: number;
  readonly paths: RemotePaths;
  readonly credit: Credit;
  readonly #table: AddressTable;
  /** The private endpoint from which the remote solicited us; port 0 for none. */
  readonly #lanAddress: Int32Array;
  readonly #lanPort: Uint16Array;
  /** 1 where the local side sent to the remote first. */
  readonly #outbound: Uint8Array;
  readonly #createdAt: Float64Array;
  readonly #lastSentAt: Float64Array;
  readonly #lastReceivedAt: Float64Array;
  readonly #sentDirect: Float64Array;
  readonly #sentRelayed: Float64Array;
  readonly #receivedDirect: Float64Array;
  readonly #receivedRelayed: Float64Array;
  /** Slot at which the next search for a remote to evict begins. */
  #hand = 0;

  /**
   * @param layout - how addresses encode endpoints
   * @param capacity - 1..2^20; about 190 bytes each are taken at once
   * @param random - numbers in [0, 1)
   * @param pathChanged - is called with each path that differs from the one reported before
   */
  constructor(
    layout: AddressLayout,
    key: RemoteKey,
    capacity: number,
    random: () => number,
    pathChanged: (change: Omit<PathChanged, 'type'>) => void,
  ) {
    this.capacity = capacity;
    this.paths = new RemotePaths(capacity, (slot, change) => {
      pathChanged({ remote: formatIPv6(this.address(slot)), ...change });
    });
    this.credit = new Credit(capacity);
    const bits = {
      upperHalf: key === 'address',
      lowerHalf: layout.endpointMask,
      // The lowest bits, where 0 means the router (draft-04 §5.2).
      neverZero: layout.maxLanip,
    };
    this.#table = new AddressTable(capacity, bits, random);
    this.#lanAddress = new Int32Array(capacity);
    this.#lanPort = new Uint16Array(capacity);
    this.#outbound = new Uint8Array(capacity);
    this.#createdAt = new Float64Array(capacity);
    this.#lastSentAt = new Float64Array(capacity);
    this.#lastReceivedAt = new Float64Array(capacity);
    this.#sentDirect = new Float64Array(capacity);
    this.#sentRelayed = new Float64Array(capacity);
    this.#receivedDirect = new Float64Array(capacity);
    this.#receivedRelayed = new Float64Array(capacity);
  }

  // The table

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
   * Takes a slot for a remote that has none.
   *
   * @param bytes - its IPv6 address, at `offset`
   * @param endpoint - the endpoint that the address encodes
   * @param isSentTo - whether the local side sends to it, rather than it to us
   * @param removed - is called with the slot of the remote that has to go, if one has
   * @returns the slot, or -1 when none can be had
   */
  create(
    bytes: Uint8Array,
    offset: number,
    endpoint: Readonly<UdpEndpoint>,
    isSentTo: boolean,
    now: number,
    removed: (slot: number) => void,
  ): number {
    if (!isSentTo && this.#countAlike(bytes, offset) >= MAX_ALIKE) return NO_SLOT;
    if (this.size === this.capacity) {
      const victim = this.#victim(isSentTo, now);
      if (victim === NO_SLOT) return NO_SLOT;
      removed(victim);
      this.remove(victim);
    }
    const slot = this.#table.insert(bytes, offset);
    this.paths.reset(slot, endpoint);
    this.credit.reset(slot, isSentTo);
    this.#lanPort[slot] = 0;
    this.#outbound[slot] = isSentTo ? 1 : 0;
    this.#createdAt[slot] = now;
    this.#lastSentAt[slot] = DISTANT_PAST;
    this.#lastReceivedAt[slot] = DISTANT_PAST;
    this.#sentDirect[slot] = 0;
    this.#sentRelayed[slot] = 0;
    this.#receivedDirect[slot] = 0;
    this.#receivedRelayed[slot] = 0;
    return slot;
  }

  /** Gives a slot back. */
  remove(slot: number): void {
    this.#table.remove(slot);
  }

  /** Calls `visit` with every slot in use; it may remove the one that it is given. */
  forEach(visit: (slot: number) => void): void {
    this.#table.forEach(visit);
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

  /** A packet of the local side went to the remote; for every packet. */
  sent(slot: number, isDirect: boolean, now: number): void {
    this.#lastSentAt[slot] = now;
    const counts = isDirect ? this.#sentDirect : this.#sentRelayed;
    counts[slot]!++;
  }

  /** A packet of `length` bytes for the local side came from the remote; for every packet. */
  received(slot: number, isDirect: boolean, length: number, now: number): void {
    this.#lastReceivedAt[slot] = now;
    const counts = isDirect ? this.#receivedDirect : this.#receivedRelayed;
    counts[slot]!++;
    this.credit.earn(slot, length + OUTER_HEADERS);
  }

  /** Something else than a packet for the local side came from the remote: a solicitation, a probe. */
  signaled(slot: number, now: number): void {
    this.#lastReceivedAt[slot] = now;
  }

  /** Whether the local side sent to the remote before anything came from there. */
  isOutbound(slot: number): boolean {
    return this.#outbound[slot] === 1;
  }

  /** Time of the last packet of the local side to the remote; {@link DISTANT_PAST} for never. */
  lastSentAt(slot: number): number {
    return this.#lastSentAt[slot]!;
  }

  /** Time of the last acceptable packet from the remote; {@link DISTANT_PAST} for never. */
  lastReceivedAt(slot: number): number {
    return this.#lastReceivedAt[slot]!;
  }

  /** Time at which the local side or the remote last sent something, in milliseconds. */
  lastUsedAt(slot: number): number {
    return Math.max(this.#lastSentAt[slot]!, this.#lastReceivedAt[slot]!, this.#createdAt[slot]!);
  }

  /** A remote and its path at this moment, as users see it. */
  snapshot(slot: number, now: number): RemoteSnapshot {
    return {
      address: formatIPv6(this.address(slot)),
      ...this.paths.snapshot(slot, now),
      createdAt: this.#createdAt[slot]!,
      lastSentAt: finiteOrNull(this.#lastSentAt[slot]!),
      lastReceivedAt: finiteOrNull(this.#lastReceivedAt[slot]!),
      packetsSentDirect: this.#sentDirect[slot]!,
      packetsSentRelayed: this.#sentRelayed[slot]!,
      packetsReceivedDirect: this.#receivedDirect[slot]!,
      packetsReceivedRelayed: this.#receivedRelayed[slot]!,
    };
  }

  // Eviction

  #countAlike(bytes: Uint8Array, offset: number): number {
    let count = 0;
    let slot = this.#table.firstAlike(bytes, offset);
    for (; slot !== NO_SLOT; slot = this.#table.nextAlike(slot)) count++;
    return count;
  }

  #victim(isSentTo: boolean, now: number): number {
    let untrusted = NO_SLOT;
    let relayed = NO_SLOT;
    const looks = Math.min(EVICTION_SAMPLE, this.capacity);
    for (let look = 0; look < looks; look++) {
      const slot = this.#hand;
      this.#hand = slot + 1 === this.capacity ? 0 : slot + 1;
      if (this.paths.isValid(slot, now)) continue;
      if (this.#lastSentAt[slot] === DISTANT_PAST && !this.credit.isTrusted(slot)) {
        untrusted = this.#idler(untrusted, slot);
      } else {
        relayed = this.#idler(relayed, slot);
      }
    }
    if (untrusted !== NO_SLOT) return untrusted;
    return isSentTo ? relayed : NO_SLOT;
  }

  #idler(left: number, right: number): number {
    if (left === NO_SLOT) return right;
    return this.lastUsedAt(right) < this.lastUsedAt(left) ? right : left;
  }
}
