import type { AddressLayout, UdpEndpoint } from '@6bed4/codec';
import { readInt32 } from '../address/subnetPrefix.js';
import { Path, Proof } from '../report/path.js';

const ADDRESS_BYTES = 16;
const KEY_WORDS = 4;
const NO_SLOT = -1;
/** A power of two. */
const RECENT = 64;
/** Addresses with the same lower half that a stranger can have us keep. */
const MOST_SPELLINGS = 8;
/** What a remote may cause, in bytes, because the local side spoke to it first. */
const FIRST_CREDIT = 256;
/** Slots that are looked at to find one that may go. */
const EVICTION_SAMPLE = 16;

/**
 * What distinguishes remotes: `address` is a node's address without the bits that it hands out itself;
 * `endpoint` only the endpoint in it (draft-04 §7.4).
 */
export type RemoteKey = 'address' | 'endpoint';

/**
 * The remotes that a peer exchanges packets with: one slot each, whose properties lie in columns, so
 * that a packet costs neither an allocation nor more than a look at a few numbers.
 *
 * Finding: chained hashing of the lower half, multiply-shift over 16-bit words with secret multipliers
 * (Dietzfelbinger's universal hashing), so that strangers cannot make a chain long; of addresses with
 * the same lower half, they can put in eight.
 *
 * Eviction, when all slots are taken: a remote that was only heard of, never sent to, makes room for
 * any other. A remote whose packets take the router makes room for one that the local side sends to.
 * A remote with a usable direct path makes room for nobody. Among a sample of 16, the one that was
 * silent longest goes.
 */
export class Remotes {
  /** Most remotes there can be. */
  readonly capacity: number;

  /** {@link Path} that was proved last, `relayed` where none was. */
  readonly path: Uint8Array;
  /** {@link Proof} of that path. */
  readonly proof: Uint8Array;
  /** Until when packets may go direct, in milliseconds. */
  readonly usableUntil: Float64Array;
  /** When the path was last proved, in milliseconds; `-Infinity` for never. */
  readonly provedAt: Float64Array;
  /** Round trip of the last proof, in milliseconds; `NaN` where unknown. */
  readonly roundTrip: Float64Array;
  /** Endpoint that the remote's address spells: IPv4 as int32. */
  readonly spelledAddress: Int32Array;
  readonly spelledPort: Uint16Array;
  /** Where direct packets go: IPv4 as int32. */
  readonly directAddress: Int32Array;
  readonly directPort: Uint16Array;
  /** Private endpoint at which the remote was heard on the local network; port 0 for never. */
  readonly lanAddress: Int32Array;
  readonly lanPort: Uint16Array;
  /** When the remote was first met, in milliseconds. */
  readonly metAt: Float64Array;
  /** When a packet was last sent to it by the local side; `-Infinity` for never. */
  readonly lastSentAt: Float64Array;
  /** When an acceptable packet last came from it; `-Infinity` for never. */
  readonly lastReceivedAt: Float64Array;
  /**
   * 1 when the local side spoke first, or when the remote proved to be where it says. Towards others,
   * and on mere hints, we send no more bytes of our own than came from there.
   */
  readonly trusted: Uint8Array;
  /** Bytes received from it, less the bytes of our own sent there; with IPv4 and UDP headers. */
  readonly credit: Float64Array;
  readonly sentDirect: Float64Array;
  readonly sentRelayed: Float64Array;
  readonly receivedDirect: Float64Array;
  readonly receivedRelayed: Float64Array;

  /** Whether the upper half of an address distinguishes remotes. */
  readonly #upperMatters: boolean;
  /** Which bits of the lower half do, in its two words. */
  readonly #thirdMask: number;
  readonly #fourthMask: number;
  /** The lowest bits, where 0 means the router (draft-04 §5.2); 0 where the layout has none. */
  readonly #lanipMask: number;
  readonly #keys: Int32Array;
  readonly #addresses: Uint8Array;
  readonly #inUse: Uint8Array;
  readonly #next: Int32Array;
  readonly #buckets: Int32Array;
  readonly #multipliers: Int32Array;
  readonly #shift: number;
  /** Slots found lately, by a few bits of their address: most packets go where others went. */
  readonly #recent = new Uint32Array(RECENT);
  #free: number;
  #size = 0;
  #hand = 0;

  /**
   * @param layout - how addresses spell endpoints
   * @param capacity - 1..2^20; about 170 bytes each are taken at once
   * @param random - numbers in [0, 1)
   */
  constructor(layout: AddressLayout, key: RemoteKey, capacity: number, random: () => number) {
    this.capacity = capacity;
    this.path = new Uint8Array(capacity);
    this.proof = new Uint8Array(capacity);
    this.usableUntil = new Float64Array(capacity);
    this.provedAt = new Float64Array(capacity);
    this.roundTrip = new Float64Array(capacity);
    this.spelledAddress = new Int32Array(capacity);
    this.spelledPort = new Uint16Array(capacity);
    this.directAddress = new Int32Array(capacity);
    this.directPort = new Uint16Array(capacity);
    this.lanAddress = new Int32Array(capacity);
    this.lanPort = new Uint16Array(capacity);
    this.metAt = new Float64Array(capacity);
    this.lastSentAt = new Float64Array(capacity);
    this.lastReceivedAt = new Float64Array(capacity);
    this.trusted = new Uint8Array(capacity);
    this.credit = new Float64Array(capacity);
    this.sentDirect = new Float64Array(capacity);
    this.sentRelayed = new Float64Array(capacity);
    this.receivedDirect = new Float64Array(capacity);
    this.receivedRelayed = new Float64Array(capacity);

    this.#upperMatters = key === 'address';
    [this.#thirdMask, this.#fourthMask] = layout.endpointMask;
    this.#lanipMask = layout.maxLanip;
    const bits = Math.max(1, Math.ceil(Math.log2(capacity)));
    this.#keys = new Int32Array(capacity * KEY_WORDS);
    this.#addresses = new Uint8Array(capacity * ADDRESS_BYTES);
    this.#inUse = new Uint8Array(capacity);
    this.#buckets = new Int32Array(2 ** bits).fill(NO_SLOT);
    this.#multipliers = new Int32Array(5).map(() => random() * 0x1_0000_0000);
    this.#shift = 32 - bits;
    this.#next = new Int32Array(capacity).map((_, slot) => slot + 1);
    this.#next[capacity - 1] = NO_SLOT;
    this.#free = 0;
  }

  /** Remotes there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * The slot of the remote with the IPv6 address at `offset`, or -1, also where the address is a
   * router's. For every packet.
   */
  find(bytes: Uint8Array, offset: number): number {
    const last = readInt32(bytes, offset + 12);
    if ((last & this.#lanipMask) === 0 && this.#lanipMask !== 0) return NO_SLOT;
    const third = readInt32(bytes, offset + 8) & this.#thirdMask;
    const fourth = last & this.#fourthMask;
    const place = (third ^ (fourth >>> 16)) & (RECENT - 1);
    const recent = this.#recent[place]!;
    if (this.#isAt(recent, third, fourth, bytes, offset)) return recent;
    let slot = this.#buckets[this.#hash(third, fourth)]!;
    while (slot !== NO_SLOT && !this.#isAt(slot, third, fourth, bytes, offset)) {
      slot = this.#next[slot]!;
    }
    if (slot !== NO_SLOT) this.#recent[place] = slot;
    return slot;
  }

  /**
   * Takes a slot for a remote that has none.
   *
   * @param bytes - its IPv6 address, at `offset`
   * @param endpoint - the endpoint that the address spells
   * @param spokenTo - whether the local side sends to it, rather than it to us
   * @param forget - is called with the slot of the remote that has to go, if one has
   * @returns the slot, or -1 when none can be had
   */
  create(
    bytes: Uint8Array,
    offset: number,
    endpoint: Readonly<UdpEndpoint>,
    spokenTo: boolean,
    now: number,
    forget: (slot: number) => void,
  ): number {
    const third = readInt32(bytes, offset + 8) & this.#thirdMask;
    const fourth = readInt32(bytes, offset + 12) & this.#fourthMask;
    const bucket = this.#hash(third, fourth);
    if (!spokenTo && this.#spellings(bucket, third, fourth) >= MOST_SPELLINGS) return NO_SLOT;
    if (this.#free === NO_SLOT) {
      const victim = this.#victim(spokenTo, now);
      if (victim === NO_SLOT) return NO_SLOT;
      forget(victim);
      this.remove(victim);
    }
    const slot = this.#free;
    this.#free = this.#next[slot]!;
    this.#size++;
    this.#inUse[slot] = 1;
    for (let index = 0; index < ADDRESS_BYTES; index++) {
      this.#addresses[slot * ADDRESS_BYTES + index] = bytes[offset + index]!;
    }
    const at = slot * KEY_WORDS;
    this.#keys[at] = readInt32(bytes, offset);
    this.#keys[at + 1] = readInt32(bytes, offset + 4);
    this.#keys[at + 2] = third;
    this.#keys[at + 3] = fourth;
    this.#next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;

    this.path[slot] = Path.relayed;
    this.proof[slot] = Proof.none;
    this.usableUntil[slot] = Number.NEGATIVE_INFINITY;
    this.provedAt[slot] = Number.NEGATIVE_INFINITY;
    this.roundTrip[slot] = Number.NaN;
    this.spelledAddress[slot] = endpoint.addressBits;
    this.spelledPort[slot] = endpoint.port;
    this.directAddress[slot] = endpoint.addressBits;
    this.directPort[slot] = endpoint.port;
    this.lanPort[slot] = 0;
    this.metAt[slot] = now;
    this.lastSentAt[slot] = Number.NEGATIVE_INFINITY;
    this.lastReceivedAt[slot] = Number.NEGATIVE_INFINITY;
    this.trusted[slot] = spokenTo ? 1 : 0;
    this.credit[slot] = spokenTo ? FIRST_CREDIT : 0;
    this.sentDirect[slot] = 0;
    this.sentRelayed[slot] = 0;
    this.receivedDirect[slot] = 0;
    this.receivedRelayed[slot] = 0;
    return slot;
  }

  /** Gives a slot back. */
  remove(slot: number): void {
    const at = slot * KEY_WORDS;
    const bucket = this.#hash(this.#keys[at + 2]!, this.#keys[at + 3]!);
    // Nobody is at this key: 0.0.0.0, port 0.
    this.#keys.fill(0, at, at + KEY_WORDS);
    let previous = this.#buckets[bucket]!;
    if (previous === slot) {
      this.#buckets[bucket] = this.#next[slot]!;
    } else {
      while (this.#next[previous] !== slot) previous = this.#next[previous]!;
      this.#next[previous] = this.#next[slot]!;
    }
    this.#inUse[slot] = 0;
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.#size--;
  }

  /** Whether the IPv6 address at `offset` has the upper half under which the remote was met. */
  isInSegment(slot: number, bytes: Uint8Array, offset: number): boolean {
    const at = slot * KEY_WORDS;
    return (
      this.#keys[at] === readInt32(bytes, offset) &&
      this.#keys[at + 1] === readInt32(bytes, offset + 4)
    );
  }

  /** Whether any remote with this lower half was heard at this private endpoint. */
  wasHeardOnLan(bytes: Uint8Array, offset: number, from: Readonly<UdpEndpoint>): boolean {
    const third = readInt32(bytes, offset + 8) & this.#thirdMask;
    const fourth = readInt32(bytes, offset + 12) & this.#fourthMask;
    let slot = this.#buckets[this.#hash(third, fourth)]!;
    for (; slot !== NO_SLOT; slot = this.#next[slot]!) {
      const at = slot * KEY_WORDS;
      const isSpelled = this.#keys[at + 2] === third && this.#keys[at + 3] === fourth;
      const isHeard =
        this.lanPort[slot] === from.port && this.lanAddress[slot] === from.addressBits;
      if (isSpelled && isHeard) return true;
    }
    return false;
  }

  /** Calls `visit` with every slot in use; it may remove the one that it is given. */
  forEach(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.capacity; slot++) {
      if (this.#inUse[slot] === 1) visit(slot);
    }
  }

  /** The IPv6 address under which a remote was met, 16 bytes; valid until the slot is given back. */
  address(slot: number): Uint8Array {
    return this.#addresses.subarray(slot * ADDRESS_BYTES, (slot + 1) * ADDRESS_BYTES);
  }

  /** When the local side or the remote last sent something, in milliseconds. */
  lastUsedAt(slot: number): number {
    return Math.max(this.lastSentAt[slot]!, this.lastReceivedAt[slot]!, this.metAt[slot]!);
  }

  #victim(spokenTo: boolean, now: number): number {
    let heardOf = NO_SLOT;
    let relayed = NO_SLOT;
    const looks = Math.min(EVICTION_SAMPLE, this.capacity);
    for (let look = 0; look < looks; look++) {
      const slot = this.#hand;
      this.#hand = slot + 1 === this.capacity ? 0 : slot + 1;
      if (this.usableUntil[slot]! > now) continue;
      if (this.lastSentAt[slot] === Number.NEGATIVE_INFINITY && this.trusted[slot] === 0) {
        heardOf = this.#quieter(heardOf, slot);
      } else {
        relayed = this.#quieter(relayed, slot);
      }
    }
    if (heardOf !== NO_SLOT) return heardOf;
    return spokenTo ? relayed : NO_SLOT;
  }

  #quieter(left: number, right: number): number {
    if (left === NO_SLOT) return right;
    return this.lastUsedAt(right) < this.lastUsedAt(left) ? right : left;
  }

  #isAt(slot: number, third: number, fourth: number, bytes: Uint8Array, offset: number): boolean {
    const keys = this.#keys;
    const at = slot * KEY_WORDS;
    return (
      keys[at + 3] === fourth &&
      keys[at + 2] === third &&
      (!this.#upperMatters || this.isInSegment(slot, bytes, offset))
    );
  }

  /** How many addresses with this lower half there are. */
  #spellings(bucket: number, third: number, fourth: number): number {
    let count = 0;
    for (let slot = this.#buckets[bucket]!; slot !== NO_SLOT; slot = this.#next[slot]!) {
      const at = slot * KEY_WORDS;
      if (this.#keys[at + 2] === third && this.#keys[at + 3] === fourth) count++;
    }
    return count;
  }

  #hash(third: number, fourth: number): number {
    const multipliers = this.#multipliers;
    const sum =
      multipliers[4]! +
      Math.imul(multipliers[0]!, third >>> 16) +
      Math.imul(multipliers[1]!, third & 0xffff) +
      Math.imul(multipliers[2]!, fourth >>> 16) +
      Math.imul(multipliers[3]!, fourth & 0xffff);
    return (sum | 0) >>> this.#shift;
  }
}
