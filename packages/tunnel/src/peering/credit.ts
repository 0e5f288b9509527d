import { grown } from '@6bed4/nd';

/** Bytes of our own that a remote may cause because the local side sent to it first. */
const FIRST_CREDIT = 256;
/** Credit beyond which packets of a remote earn it no more, in bytes: the largest packet. */
const MAX_EARNED_CREDIT = 1280;

/**
 * The bounds on what unknown senders can make us send. A remote is trusted once the local side sent to it
 * first, or once it has shown that it is where its address says. To all others we send no more bytes of
 * our own than came from there, so nobody gains by forging an IPv4 source address. All bytes count with
 * their IPv4 and UDP headers.
 */
export class Credit {
  #trusted = new Uint8Array();
  /** Bytes received from a remote, less the bytes of our own sent there. */
  #bytes = new Float64Array();

  /** @param capacity - slots of remotes */
  constructor(capacity: number) {
    this.grow(capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#trusted = grown(this.#trusted, capacity);
    this.#bytes = grown(this.#bytes, capacity);
  }

  /**
   * Begins with a remote.
   *
   * @param isSentTo - whether the local side sends to it, rather than it to us
   */
  reset(slot: number, isSentTo: boolean): void {
    this.#trusted[slot] = isSentTo ? 1 : 0;
    this.#bytes[slot] = isSentTo ? FIRST_CREDIT : 0;
  }

  /** The remote has shown that it is where its address says. */
  trust(slot: number): void {
    this.#trusted[slot] = 1;
  }

  isTrusted(slot: number): boolean {
    return this.#trusted[slot] === 1;
  }

  /** Lets a remote cause so many bytes of our own. */
  grant(slot: number, bytes: number): void {
    this.#bytes[slot]! += bytes;
  }

  /** A packet of so many bytes came from a remote, which saves up a packet's worth at most. */
  earn(slot: number, bytes: number): void {
    const credit = this.#bytes;
    if (credit[slot]! < MAX_EARNED_CREDIT) credit[slot]! += bytes;
  }

  /** Whether so many bytes of our own may go to a remote. */
  affords(slot: number, bytes: number): boolean {
    return this.#trusted[slot] === 1 || this.#bytes[slot]! >= bytes;
  }

  /**
   * Takes the price of so many bytes of our own, which only remotes pay that are not trusted.
   *
   * @returns whether the bytes may be sent
   */
  charge(slot: number, bytes: number): boolean {
    if (this.#trusted[slot] === 1) return true;
    if (this.#bytes[slot]! < bytes) return false;
    this.#bytes[slot]! -= bytes;
    return true;
  }

  /**
   * Takes the price of what a reachability hint makes us send in addition. Others can forge hints, so a
   * trusted remote pays as well; one that is not pays when the bytes are sent.
   *
   * @returns whether the hint may have that effect
   */
  chargeHint(slot: number, bytes: number): boolean {
    if (this.#bytes[slot]! < bytes) return false;
    if (this.#trusted[slot] === 1) this.#bytes[slot]! -= bytes;
    return true;
  }
}
