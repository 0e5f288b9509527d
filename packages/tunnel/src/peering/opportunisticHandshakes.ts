import { DESTINATION_OFFSET, findUpperLayer, SOURCE_OFFSET } from '@6bed4/nd';
import { PLAY_LIFETIME } from '../defaults.js';

/*
 * TCP (RFC 9293 §3.1):                       SCTP (RFC 9260 §3):
 *
 *   0   source port | destination port        0   source port | destination port
 *   4   sequence number                       4   verification tag
 *   8   acknowledgment number                 8   checksum
 *   12  offset, reserved | flags | window     12  chunk type | flags | length
 *                                             16  initiate tag, in INIT and INIT ACK
 */
const TCP = 6;
const SCTP = 132;
const TCP_SEQUENCE = 4;
const TCP_ACKNOWLEDGMENT = 8;
const TCP_FLAGS = 13;
const TCP_HEADER = 20;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const SCTP_TAG = 4;
const SCTP_CHUNK = 12;
const SCTP_INITIATE_TAG = 16;
const SCTP_COMMON_HEADER = 12;
const INIT = 1;
const INIT_ACK = 2;
const COOKIE_ECHO = 10;
const COOKIE_ACK = 11;

/** What is being tried, and so what would prove it. */
const Play = { none: 0, acknowledged: 1, initAck: 2, cookieEcho: 3, cookieAck: 4, application: 5 };
const SLOT_RANGE = 2 ** 20;

/** What an upper layer says in one packet: what it asks, and what it answers. */
interface Utterance {
  /** One of {@link Play}: the answer that this packet hopes for. */
  readonly hopes: number;
  /** Tells it from any other packet but its own retransmission. */
  readonly key: number;
  /** Value in the answer that only its receiver can know, or -1 where the last one still holds. */
  readonly expects: number;
}

/**
 * Sends the first packet of a handshake straight to a remote whose path is not proved yet, and its
 * retransmission through the router (draft-03 §8.5, §8.6). The answer that repeats the number in it, and
 * comes straight as well, proves the path, unless the retransmission was sent meanwhile: then it may
 * answer that one. At most one play is under way for each remote.
 */
export class Opportunism {
  readonly #plays: Uint8Array;
  readonly #keys: Uint32Array;
  readonly #expected: Uint32Array;
  readonly #playedAt: Float64Array;
  /** Counts plays, so that a late report about one is not taken for another. */
  readonly #serials: Uint32Array;
  /** Whether something came straight since the play. */
  readonly #heard: Uint8Array;

  constructor(capacity: number) {
    this.#plays = new Uint8Array(capacity);
    this.#keys = new Uint32Array(capacity);
    this.#expected = new Uint32Array(capacity);
    this.#playedAt = new Float64Array(capacity);
    this.#serials = new Uint32Array(capacity);
    this.#heard = new Uint8Array(capacity);
  }

  /** Ends what is under way for a remote. */
  reset(slot: number): void {
    this.#plays[slot] = Play.none;
  }

  /** Whether a packet to a remote may go straight, as the first of a handshake. */
  plays(slot: number, bytes: Uint8Array, offset: number, length: number, now: number): boolean {
    const said = read(bytes, offset, length);
    if (said === null) return false;
    if (this.#isUnderWay(slot, now)) {
      // Retransmitted: from now on, an answer may be to the one that takes the router.
      if (this.#keys[slot] === said.key) this.#plays[slot] = Play.none;
      return false;
    }
    if (this.#keys[slot] === said.key) return false;
    this.#begin(slot, said.hopes, now);
    this.#keys[slot] = said.key;
    if (said.expects >= 0) this.#expected[slot] = said.expects;
    return true;
  }

  /**
   * An application plays: it will send the packet again if no answer comes (draft-03 §8.7).
   *
   * @returns a number that names the play in {@link provedBy}, or 0 when none may begin
   */
  playFor(slot: number, now: number): number {
    if (this.#isUnderWay(slot, now)) return 0;
    this.#begin(slot, Play.application, now);
    return this.#serials[slot]! * SLOT_RANGE + slot;
  }

  /** The slot whose play an application's report names, if an answer can have come; or -1. */
  provedBy(play: number, now: number): number {
    const slot = play % SLOT_RANGE;
    const isCurrent =
      Math.floor(play / SLOT_RANGE) === this.#serials[slot] &&
      this.#plays[slot] === Play.application &&
      this.#isUnderWay(slot, now);
    if (!isCurrent || this.#heard[slot] === 0) return -1;
    this.#plays[slot] = Play.none;
    return slot;
  }

  /** Something came straight from a remote. */
  heard(slot: number): void {
    this.#heard[slot] = 1;
  }

  /** Whether a packet that came straight from a remote proves the path. For every such packet. */
  isProof(slot: number, bytes: Uint8Array, offset: number, length: number, now: number): boolean {
    const play = this.#plays[slot]!;
    if (play === Play.none) return false;
    this.heard(slot);
    if (play === Play.application || !this.#isUnderWay(slot, now)) return false;
    if (!answers(play, this.#expected[slot]!, bytes, offset, length)) return false;
    this.#plays[slot] = Play.none;
    return true;
  }

  #begin(slot: number, play: number, now: number): void {
    this.#plays[slot] = play;
    this.#playedAt[slot] = now;
    this.#serials[slot]!++;
    this.#heard[slot] = 0;
  }

  #isUnderWay(slot: number, now: number): boolean {
    return this.#plays[slot] !== Play.none && now - this.#playedAt[slot]! < PLAY_LIFETIME;
  }
}

/** Reads what a packet hopes for; null for all but the packets of handshakes. */
function read(bytes: Uint8Array, offset: number, length: number): Utterance | null {
  const upper = findUpperLayer(bytes, offset, length);
  if (upper === null) return null;
  const { offset: at, nextHeader } = upper;
  const end = offset + length;
  if (nextHeader === TCP && at + TCP_HEADER <= end) {
    const flags = bytes[at + TCP_FLAGS]!;
    if ((flags & (SYN | RST | FIN)) !== SYN) return null;
    const sequence = uint32(bytes, at + TCP_SEQUENCE);
    return {
      hopes: Play.acknowledged,
      key: keyOf(bytes, offset, at, sequence),
      expects: (sequence + 1) >>> 0,
    };
  }
  if (nextHeader !== SCTP || at + SCTP_COMMON_HEADER + 4 > end) return null;
  const tag = uint32(bytes, at + SCTP_TAG);
  const chunk = bytes[at + SCTP_CHUNK]!;
  if (chunk === COOKIE_ECHO) {
    return { hopes: Play.cookieAck, key: keyOf(bytes, offset, at, tag + chunk), expects: -1 };
  }
  if ((chunk !== INIT && chunk !== INIT_ACK) || at + SCTP_INITIATE_TAG + 4 > end) return null;
  const own = uint32(bytes, at + SCTP_INITIATE_TAG);
  return {
    hopes: chunk === INIT ? Play.initAck : Play.cookieEcho,
    key: keyOf(bytes, offset, at, own + chunk),
    expects: own,
  };
}

/** Whether a packet is the answer that a play hopes for. */
function answers(
  play: number,
  expected: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  const upper = findUpperLayer(bytes, offset, length);
  if (upper === null) return false;
  const { offset: at, nextHeader } = upper;
  const end = offset + length;
  if (play === Play.acknowledged) {
    return (
      nextHeader === TCP &&
      at + TCP_HEADER <= end &&
      (bytes[at + TCP_FLAGS]! & ACK) !== 0 &&
      uint32(bytes, at + TCP_ACKNOWLEDGMENT) === expected
    );
  }
  if (nextHeader !== SCTP || at + SCTP_COMMON_HEADER + 4 > end) return false;
  if (uint32(bytes, at + SCTP_TAG) !== expected) return false;
  const chunk = bytes[at + SCTP_CHUNK]!;
  if (play === Play.initAck) return chunk === INIT_ACK;
  return play === Play.cookieEcho ? chunk === COOKIE_ECHO : chunk === COOKIE_ACK;
}

/** Folds addresses, ports and a number of the packet into 32 bits. */
function keyOf(bytes: Uint8Array, offset: number, ports: number, value: number): number {
  let key = (value ^ uint32(bytes, ports)) | 0;
  for (let at = offset + SOURCE_OFFSET; at < offset + DESTINATION_OFFSET + 16; at++) {
    key = (Math.imul(key, 31) + bytes[at]!) | 0;
  }
  return key >>> 0;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}
