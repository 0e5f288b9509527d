import { grown, NO_SLOT, SecretHash } from '@6bed4/nd';

const HASH_BITS = 10;
/** The place of a remote that is not inbound. */
const NO_PLACE = -1;

/**
 * The inbound remotes among all: in a list without gaps, of which a part can be looked at, and by the IPv4
 * address in their own address.
 */
export class InboundRemotes {
  readonly #hash: SecretHash;
  /** The first one of a chain; all with one IPv4 address are in the same. */
  readonly #chains = new Int32Array(2 ** HASH_BITS).fill(NO_SLOT);
  #next = new Int32Array();
  #addresses = new Int32Array();
  /** Where a slot is in the list. */
  #places = new Int32Array();
  #slots = new Int32Array();
  #size = 0;

  /** @param random - numbers in [0, 1) that attackers cannot predict */
  constructor(capacity: number, random: () => number) {
    this.#hash = new SecretHash(HASH_BITS, random);
    this.grow(capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#next = grown(this.#next, capacity);
    this.#addresses = grown(this.#addresses, capacity);
    this.#places = grown(this.#places, capacity, NO_PLACE);
    this.#slots = grown(this.#slots, capacity);
  }

  /** Inbound remotes there are. */
  get size(): number {
    return this.#size;
  }

  /** Whether a remote is inbound. For every packet. */
  has(slot: number): boolean {
    return this.#places[slot] !== NO_PLACE;
  }

  /** One of them, in an order that changes when one is removed. */
  at(index: number): number {
    return this.#slots[index]!;
  }

  /** @param address - the IPv4 address in the remote's own, as int32 */
  add(slot: number, address: number): void {
    this.#addresses[slot] = address;
    const chain = this.#hash.bucketOf(address, 0);
    this.#next[slot] = this.#chains[chain]!;
    this.#chains[chain] = slot;
    this.#places[slot] = this.#size;
    this.#slots[this.#size++] = slot;
  }

  /** A remote is not inbound any more, if it was. */
  remove(slot: number): void {
    const place = this.#places[slot]!;
    if (place === NO_PLACE) return;
    const last = this.#slots[--this.#size]!;
    this.#slots[place] = last;
    this.#places[last] = place;
    this.#places[slot] = NO_PLACE;
    const chain = this.#hash.bucketOf(this.#addresses[slot]!, 0);
    let previous = this.#chains[chain]!;
    if (previous === slot) {
      this.#chains[chain] = this.#next[slot]!;
      return;
    }
    while (this.#next[previous] !== slot) previous = this.#next[previous]!;
    this.#next[previous] = this.#next[slot]!;
  }

  /** The first one with this IPv4 address, or -1. */
  firstAt(address: number): number {
    return this.#at(this.#chains[this.#hash.bucketOf(address, 0)]!, address);
  }

  /** The next one with the same IPv4 address, or -1. */
  nextAt(slot: number): number {
    return this.#at(this.#next[slot]!, this.#addresses[slot]!);
  }

  #at(from: number, address: number): number {
    let slot = from;
    while (slot !== NO_SLOT && this.#addresses[slot] !== address) slot = this.#next[slot]!;
    return slot;
  }
}
