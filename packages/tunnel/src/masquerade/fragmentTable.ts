import { hashBytes, IPV6_ADDRESS_BYTES, readInt32, sameBytes } from '@6bed4/codec';
import { SecretHash, SOURCE_OFFSET } from '@6bed4/nd';
import { FRAGMENT_LIFETIME, FRAGMENTED_PACKETS } from '../defaults.js';
import { DISTANT_PAST } from '../time.js';
import { NO_MAPPING } from './mappings.js';

const ADDRESSES = 2 * IPV6_ADDRESS_BYTES;
const IDENTIFICATION_OFFSET = 4;
const IDENTIFICATION = 4;
const KEY = ADDRESSES + IDENTIFICATION;

/**
 * The mappings of fragmented packets whose first fragment went by: only that one has ports. Of a fixed size: two
 * packets that fall into the same entry take it from each other, which ones do nobody can foretell, and what
 * follows of the loser is treated as if there were no mapping.
 */
export class FragmentTable {
  readonly #hash: SecretHash;
  readonly #keys = new Uint8Array(KEY * FRAGMENTED_PACKETS);
  readonly #mappings = new Int32Array(FRAGMENTED_PACKETS);
  readonly #until = new Float64Array(FRAGMENTED_PACKETS).fill(DISTANT_PAST);

  /** @param random - numbers in [0, 1) that attackers cannot predict */
  constructor(random: () => number) {
    this.#hash = new SecretHash(Math.log2(FRAGMENTED_PACKETS), random);
  }

  /**
   * Keeps the mapping of a packet.
   *
   * @param packet - offset of its IPv6 header
   * @param fragment - offset of its fragment header
   * @param now - milliseconds
   */
  remember(
    bytes: Uint8Array,
    packet: number,
    fragment: number,
    mapping: number,
    now: number,
  ): void {
    const entry = this.#entry(bytes, packet, fragment);
    const key = KEY * entry;
    for (let index = 0; index < ADDRESSES; index++) {
      this.#keys[key + index] = bytes[packet + SOURCE_OFFSET + index]!;
    }
    for (let index = 0; index < IDENTIFICATION; index++) {
      this.#keys[key + ADDRESSES + index] = bytes[fragment + IDENTIFICATION_OFFSET + index]!;
    }
    this.#mappings[entry] = mapping;
    this.#until[entry] = now + FRAGMENT_LIFETIME;
  }

  /** The mapping of the packet that a later fragment belongs to, or {@link NO_MAPPING}. */
  find(bytes: Uint8Array, packet: number, fragment: number, now: number): number {
    const entry = this.#entry(bytes, packet, fragment);
    const key = KEY * entry;
    const isSame =
      now < this.#until[entry]! &&
      sameBytes(this.#keys, key, bytes, packet + SOURCE_OFFSET, ADDRESSES) &&
      sameBytes(
        this.#keys,
        key + ADDRESSES,
        bytes,
        fragment + IDENTIFICATION_OFFSET,
        IDENTIFICATION,
      );
    return isSame ? this.#mappings[entry]! : NO_MAPPING;
  }

  #entry(bytes: Uint8Array, packet: number, fragment: number): number {
    const start = packet + SOURCE_OFFSET;
    return this.#hash.bucketOf(
      hashBytes(bytes, start, start + ADDRESSES),
      readInt32(bytes, fragment + IDENTIFICATION_OFFSET),
    );
  }
}
