import { grown, NO_SLOT } from '@6bed4/nd';
import { OPPORTUNISTIC_REPLY_WINDOW } from '../defaults.js';
import { ExpectedReply, isExpectedReply, readHandshakeSegment } from './handshakeSegment.js';

/** Nothing was sent opportunistically, or its reply confirms nothing any more. */
const NONE = ExpectedReply.none;
/** An application will report the reply. */
const REPORTED = 255;
const SLOT_RANGE = 2 ** 20;

/**
 * Sends the first packet of a handshake directly to a remote whose path is not confirmed yet, and its
 * retransmission through the router (draft-03 §8.5, §8.6). So a connection to a remote that can be
 * reached directly begins on that path, and one to any other begins one retransmission later.
 *
 * The reply that repeats the number in the packet, and comes directly as well, confirms the path, unless
 * the retransmission was sent meanwhile: then it may reply to that one. At most one opportunistic send
 * is under way for each remote.
 */
export class OpportunisticHandshakes {
  /** One of {@link ExpectedReply}, or {@link REPORTED}. */
  #expectedReplies = new Uint8Array();
  #dedupKeys = new Uint32Array();
  /** Number in the expected reply that only the receiver can know; -1 for none. */
  #expectedNumbers = new Float64Array();
  #sentAt = new Float64Array();
  /** Counts the sends, so that a late report about one is not taken for another. */
  #serials = new Uint32Array();
  /** 1 when something came directly from the remote since the send. */
  #received = new Uint8Array();

  /** @param capacity - slots of remotes */
  constructor(capacity: number) {
    this.grow(capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#expectedReplies = grown(this.#expectedReplies, capacity);
    this.#dedupKeys = grown(this.#dedupKeys, capacity);
    this.#expectedNumbers = grown(this.#expectedNumbers, capacity);
    this.#sentAt = grown(this.#sentAt, capacity);
    this.#serials = grown(this.#serials, capacity);
    this.#received = grown(this.#received, capacity);
  }

  /** Begins anew with a remote. */
  reset(slot: number): void {
    this.#expectedReplies[slot] = NONE;
    this.#expectedNumbers[slot] = -1;
  }

  /** Whether a packet to a remote goes directly, as the first of a handshake. */
  begins(slot: number, bytes: Uint8Array, offset: number, length: number, now: number): boolean {
    const segment = readHandshakeSegment(bytes, offset, length);
    if (segment === null) return false;
    const isRetransmission = this.#dedupKeys[slot] === segment.dedupKey;
    if (this.#isUnderWay(slot, now)) {
      // From now on, a reply may be to the one that takes the router.
      if (isRetransmission) this.#expectedReplies[slot] = NONE;
      return false;
    }
    if (isRetransmission) return false;
    // The reply to a cookie shows only the number of the packet before it.
    if (segment.expectedNumber < 0 && this.#expectedNumbers[slot]! < 0) return false;
    this.#begin(slot, segment.expectedReply, now);
    this.#dedupKeys[slot] = segment.dedupKey;
    if (segment.expectedNumber >= 0) this.#expectedNumbers[slot] = segment.expectedNumber;
    return true;
  }

  /**
   * An application sends opportunistically: it will send the packet again if no reply comes (draft-03
   * §8.7).
   *
   * @returns a number that names the send in {@link repliedTo}, or 0 when none may begin
   */
  beginFor(slot: number, now: number): number {
    if (this.#isUnderWay(slot, now)) return 0;
    this.#begin(slot, REPORTED, now);
    return this.#serials[slot]! * SLOT_RANGE + slot;
  }

  /**
   * The slot of the remote to which an application reports a reply; -1 when the reply cannot have come
   * directly, or the report is too late.
   */
  repliedTo(send: number, now: number): number {
    const slot = send % SLOT_RANGE;
    const isCurrent =
      Math.floor(send / SLOT_RANGE) === this.#serials[slot] &&
      this.#expectedReplies[slot] === REPORTED &&
      this.#isUnderWay(slot, now);
    if (!isCurrent || this.#received[slot] === 0) return NO_SLOT;
    this.#expectedReplies[slot] = NONE;
    return slot;
  }

  /** Something came directly from a remote. */
  received(slot: number): void {
    this.#received[slot] = 1;
  }

  /** Whether a packet that came directly from a remote confirms the path. For every such packet. */
  isReply(slot: number, bytes: Uint8Array, offset: number, length: number, now: number): boolean {
    const expected = this.#expectedReplies[slot]!;
    if (expected === NONE) return false;
    this.received(slot);
    if (expected === REPORTED || !this.#isUnderWay(slot, now)) return false;
    const number = this.#expectedNumbers[slot]!;
    if (!isExpectedReply(expected, number, bytes, offset, length)) return false;
    this.#expectedReplies[slot] = NONE;
    return true;
  }

  #begin(slot: number, expectedReply: number, now: number): void {
    this.#expectedReplies[slot] = expectedReply;
    this.#sentAt[slot] = now;
    this.#serials[slot]!++;
    this.#received[slot] = 0;
  }

  #isUnderWay(slot: number, now: number): boolean {
    return (
      this.#expectedReplies[slot] !== NONE && now - this.#sentAt[slot]! < OPPORTUNISTIC_REPLY_WINDOW
    );
  }
}
