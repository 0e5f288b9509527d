import { IPV6_ADDRESS_BYTES, readUint32, sameIPv6Address } from '@6bed4/codec';
import { SecretHash } from '@6bed4/nd';

const SLOT_BITS = 10;
const SLOTS = 1 << SLOT_BITS;
const INBOUND = 1;
const OUTBOUND = 2;

/**
 * Which side began to send to the other, for the remotes of late. Strangers never displace a remote that
 * the local side began with. A table of fixed size, hashed in a way that attackers cannot predict.
 */
export class OutboundRemotes {
  readonly #addresses = new Uint8Array(SLOTS * IPV6_ADDRESS_BYTES);
  /** By slot: 0 for none, else {@link INBOUND} or {@link OUTBOUND}. */
  readonly #beginners = new Uint8Array(SLOTS);
  readonly #upper: SecretHash;
  readonly #lower: SecretHash;

  /** @param random - numbers in [0, 1) that attackers cannot predict */
  constructor(random: () => number) {
    this.#upper = new SecretHash(SLOT_BITS, random);
    this.#lower = new SecretHash(SLOT_BITS, random);
  }

  /** The local side sends to the address at `offset`. */
  sent(bytes: Uint8Array, offset: number): void {
    const slot = this.#slotOf(bytes, offset);
    if (!this.#isAt(slot, bytes, offset)) this.#set(slot, bytes, offset, OUTBOUND);
  }

  /** The address at `offset` has sent to the local side. */
  received(bytes: Uint8Array, offset: number): void {
    const slot = this.#slotOf(bytes, offset);
    if (this.#beginners[slot] !== OUTBOUND) this.#set(slot, bytes, offset, INBOUND);
  }

  /** Whether the local side began to send to the address at `offset`. */
  has(bytes: Uint8Array, offset: number): boolean {
    const slot = this.#slotOf(bytes, offset);
    return this.#beginners[slot] === OUTBOUND && this.#isAt(slot, bytes, offset);
  }

  #isAt(slot: number, bytes: Uint8Array, offset: number): boolean {
    return (
      this.#beginners[slot] !== 0 &&
      sameIPv6Address(this.#addresses, slot * IPV6_ADDRESS_BYTES, bytes, offset)
    );
  }

  #set(slot: number, bytes: Uint8Array, offset: number, beginner: number): void {
    const address = bytes.subarray(offset, offset + IPV6_ADDRESS_BYTES);
    this.#addresses.set(address, slot * IPV6_ADDRESS_BYTES);
    this.#beginners[slot] = beginner;
  }

  #slotOf(bytes: Uint8Array, offset: number): number {
    return (
      this.#upper.bucketOf(readUint32(bytes, offset), readUint32(bytes, offset + 4)) ^
      this.#lower.bucketOf(readUint32(bytes, offset + 8), readUint32(bytes, offset + 12))
    );
  }
}
