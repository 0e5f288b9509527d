import type { UdpEndpoint } from '@6bed4/codec';
import { BytesPart } from '../../bytesPart.js';
import type { Arena } from '../kernel/arena.js';
import { MSG_DONTWAIT, UDP_MAX_SEGMENTS } from '../kernel/constants.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { ErrorCounts } from './errorCounts.js';
import { MESSAGE_HEADERS_SIZE, MessageHeaders } from './messageHeaders.js';
import type { MessageVectors } from './messageVectors.js';

/** Messages of one `sendmmsg`. */
export const SEND_SLOTS = 64;
/** Upper bound of the UDP payload of an IPv4 datagram, in bytes. */
export const MAX_PAYLOAD = 65_507;
/** Bytes for datagrams that the machine made outside of the arena. */
const COPIES_SIZE = 1 << 17;
/** Entries of the hash table of endpoints. */
const TABLE_SIZE = 256;

/** Bytes of an arena that a {@link SendBatch} takes. */
export const SEND_BATCH_SIZE = (SEND_SLOTS + 1) * MESSAGE_HEADERS_SIZE + COPIES_SIZE + 1024;

/** Results of {@link SendBatch.flush}. */
export const Flushed = { all: 0, blocked: 1 } as const;
/** One of the numbers in {@link Flushed}. */
export type FlushedCode = (typeof Flushed)[keyof typeof Flushed];

/**
 * Collects datagrams and sends them by as few system calls as possible: all by one `sendmmsg`, and
 * where the kernel can segment a message into datagrams (GSO, `UDP_SEGMENT`), those of one length to
 * one endpoint as one message. Datagrams to one endpoint keep their order.
 *
 * Bytes in the arena are not copied: they must not change until `flush`.
 */
export class SendBatch {
  readonly errors = new ErrorCounts();
  /** `sendmmsg` calls, messages and datagrams so far. */
  calls = 0;
  messages = 0;
  datagrams = 0;
  /** Whether UDP_SEGMENT is used; off once a network device has refused it. */
  segmentation: boolean;

  readonly #libc: RawLibc;
  readonly #arena: Arena;
  readonly #headers: MessageHeaders;
  readonly #vectors: MessageVectors;
  readonly #copies: number;
  readonly #part = new BytesPart();
  #copied = 0;
  #count = 0;
  #next = 0;
  /** The message that took the last datagram. */
  #latest = 0;

  // One column for each property of a message. Port, TOS and TTL share a word.
  readonly #address = new Int32Array(SEND_SLOTS);
  readonly #portTosTtl = new Int32Array(SEND_SLOTS);
  readonly #gsoSize = new Int32Array(SEND_SLOTS);
  readonly #segments = new Int32Array(SEND_SLOTS);
  readonly #length = new Int32Array(SEND_SLOTS);
  readonly #vectorCount = new Int32Array(SEND_SLOTS);
  readonly #end = new Int32Array(SEND_SLOTS);
  readonly #isClosed = new Uint8Array(SEND_SLOTS);
  /** By hash of the endpoint: the last message to it, unless the slot has another endpoint by now. */
  readonly #table = new Int32Array(TABLE_SIZE);

  readonly #errno: {
    readonly again: number;
    readonly interrupted: number;
    readonly input: number;
    readonly invalid: number;
    readonly tooLong: number;
    readonly unsupported: number;
  };

  constructor(libc: RawLibc, arena: Arena, segmentation: boolean) {
    this.#libc = libc;
    this.#arena = arena;
    this.segmentation = segmentation;
    // One more than there are messages, for datagrams that have to be sent singly.
    this.#headers = new MessageHeaders(arena, SEND_SLOTS + 1);
    this.#vectors = this.#headers.vectors;
    this.#copies = arena.reserve(COPIES_SIZE);
    this.#errno = {
      again: libc.numberOf('EAGAIN'),
      interrupted: libc.numberOf('EINTR'),
      input: libc.numberOf('EIO'),
      invalid: libc.numberOf('EINVAL'),
      tooLong: libc.numberOf('EMSGSIZE'),
      unsupported: libc.numberOf('EOPNOTSUPP'),
    };
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /**
   * Adds a datagram.
   *
   * @returns false when the batch is full: flush, and add it again
   */
  add(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): boolean {
    let at = offset;
    if (bytes !== this.#arena.bytes && length > 0) {
      at = this.#copy(bytes, offset, length);
      if (at < 0) return false;
    }
    const address = to.addressBits;
    const portTosTtl = (to.port << 16) | (tos << 8) | ttl;
    const hash = (Math.imul(address, 0x9e37_79b1) ^ Math.imul(portTosTtl, 0x85eb_ca6b)) >>> 24;
    const last = this.#table[hash]!;
    if (
      last < this.#count &&
      this.#address[last] === address &&
      this.#portTosTtl[last] === portTosTtl &&
      this.#append(last, at, length)
    ) {
      this.#latest = last;
      return true;
    }
    if (this.#count === SEND_SLOTS) return false;
    this.#latest = this.#begin(at, length, address, portTosTtl);
    this.#table[hash] = this.#latest;
    return true;
  }

  /**
   * Adds datagrams of the arena that lie one behind the other.
   *
   * @param length - bytes of all together
   * @param size - bytes of each but the last, which may be shorter
   * @returns bytes of those that were added; fewer than there are when the batch is full
   */
  addRun(
    offset: number,
    length: number,
    size: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): number {
    for (let done = 0; done < length; ) {
      const one = Math.min(size, length - done);
      if (!this.add(this.#arena.bytes, offset + done, one, to, tos, ttl)) return done;
      done += one;
      done += this.#extend(this.#latest, length - done, size);
    }
    return length;
  }

  /**
   * Sends all. Datagrams that the kernel refuses are counted and dropped, as any network may drop them.
   *
   * @returns `blocked` when the socket accepts no more for now: wait for POLLOUT, and flush again
   */
  flush(fd: number): FlushedCode {
    for (let slot = this.#next; slot < this.#count; slot++) this.#complete(slot);
    while (this.#next < this.#count) {
      const at = this.#headers.address(this.#next);
      const sent = this.#libc.sendmmsg(fd, at, this.#count - this.#next, MSG_DONTWAIT);
      this.calls++;
      if (sent > 0) {
        this.messages += sent;
        for (let slot = this.#next; slot < this.#next + sent; slot++) {
          this.datagrams += this.#segments[slot]!;
        }
        this.#next += sent;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === this.#errno.interrupted) continue;
      if (errno === this.#errno.again) return Flushed.blocked;
      this.#handleError(fd, this.#next, errno);
      this.#next++;
    }
    this.#empty();
    return Flushed.all;
  }

  /** Drops all datagrams that wait, and returns their number. */
  discard(): number {
    let dropped = 0;
    for (let slot = this.#next; slot < this.#count; slot++) dropped += this.#segments[slot]!;
    this.#empty();
    return dropped;
  }

  #empty(): void {
    this.#count = 0;
    this.#next = 0;
    this.#copied = 0;
  }

  #copy(bytes: Uint8Array, offset: number, length: number): number {
    if (this.#copied + length > COPIES_SIZE) return -1;
    const at = this.#copies + this.#copied;
    this.#arena.bytes.set(this.#part.of(bytes, offset, length), at);
    this.#copied += length;
    return at;
  }

  #begin(at: number, length: number, address: number, portTosTtl: number): number {
    const slot = this.#count++;
    this.#address[slot] = address;
    this.#portTosTtl[slot] = portTosTtl;
    this.#gsoSize[slot] = length;
    this.#segments[slot] = 1;
    this.#length[slot] = length;
    this.#vectorCount[slot] = 1;
    this.#end[slot] = at + length;
    this.#isClosed[slot] = this.segmentation && length > 0 ? 0 : 1;
    this.#headers.setEndpoint(slot, address, portTosTtl >>> 16);
    this.#vectors.set(slot, 0, at, length);
    return slot;
  }

  /** Appends the datagram to a message, if it can be: all segments but the last have one length. */
  #append(slot: number, at: number, length: number): boolean {
    if (this.#isClosed[slot] === 1 || slot < this.#next) return false;
    const size = this.#gsoSize[slot]!;
    const total = this.#length[slot]! + length;
    if (length > size || length === 0 || total > MAX_PAYLOAD) return false;
    const segments = this.#segments[slot]! + 1;
    if (at === this.#end[slot]) {
      this.#vectors.lengthen(slot, this.#vectorCount[slot]! - 1, length);
    } else {
      this.#vectors.set(slot, this.#vectorCount[slot]!++, at, length);
    }
    this.#end[slot] = at + length;
    this.#length[slot] = total;
    this.#segments[slot] = segments;
    if (length < size || segments === UDP_MAX_SEGMENTS) this.#isClosed[slot] = 1;
    return true;
  }

  /**
   * Appends datagrams of this size, and a shorter one behind them, to a message, from the end of its last
   * piece on.
   *
   * @param length - bytes of all that lie there
   * @returns bytes of those that the message takes
   */
  #extend(slot: number, length: number, size: number): number {
    if (this.#isClosed[slot] === 1 || this.#gsoSize[slot] !== size) return 0;
    const segments = this.#segments[slot]!;
    const total = this.#length[slot]!;
    const room = Math.min(UDP_MAX_SEGMENTS - segments, Math.floor((MAX_PAYLOAD - total) / size));
    const taken = Math.min(length, room * size);
    if (taken <= 0) return 0;
    const count = Math.ceil(taken / size);
    this.#vectors.lengthen(slot, this.#vectorCount[slot]! - 1, taken);
    this.#end[slot]! += taken;
    this.#length[slot] = total + taken;
    this.#segments[slot] = segments + count;
    const isFull = segments + count === UDP_MAX_SEGMENTS;
    if (isFull || taken < count * size) this.#isClosed[slot] = 1;
    return taken;
  }

  /** Writes the parts of the header that depend on the whole message. */
  #complete(slot: number): void {
    this.#headers.setPieces(slot, this.#vectorCount[slot]!);
    const isGso = this.#segments[slot]! > 1;
    this.#writeControl(slot, slot, isGso ? this.#gsoSize[slot]! : 0);
  }

  /** Says of a message how another one is to be sent. */
  #writeControl(slot: number, like: number, gsoSize: number): void {
    const portTosTtl = this.#portTosTtl[like]!;
    const tos = (portTosTtl >>> 8) & 0xff;
    this.#headers.setControl(slot, this.#address[like]!, tos, portTosTtl & 0xff, gsoSize);
  }

  #handleError(fd: number, slot: number, errno: number): void {
    const { input, invalid, tooLong, unsupported } = this.#errno;
    const isGso = this.#segments[slot]! > 1;
    if (isGso && (errno === input || errno === unsupported)) {
      // The outgoing network device does not support UDP_SEGMENT, and will not later.
      this.segmentation = false;
      this.#sendSingly(fd, slot);
    } else if (isGso && (errno === invalid || errno === tooLong)) {
      // Datagrams of this length exceed the path MTU; sent singly, they may be fragmented.
      this.#sendSingly(fd, slot);
    } else {
      this.errors.count(this.#libc.nameOf(errno), this.#segments[slot]!);
    }
  }

  /** Sends the datagrams of a message singly. */
  #sendSingly(fd: number, slot: number): void {
    const headers = this.#headers;
    const spare = SEND_SLOTS;
    headers.setEndpoint(spare, this.#address[slot]!, this.#portTosTtl[slot]! >>> 16);
    headers.setPieces(spare, 1);
    this.#writeControl(spare, slot, 0);
    const size = this.#gsoSize[slot]!;
    for (let index = 0; index < this.#vectorCount[slot]!; index++) {
      const start = this.#vectors.start(slot, index);
      const end = start + this.#vectors.length(slot, index);
      for (let at = start; at < end; at += size) {
        this.#vectors.set(spare, 0, at, Math.min(size, end - at));
        this.#sendOne(fd, headers.address(spare));
      }
    }
  }

  #sendOne(fd: number, message: number): void {
    for (;;) {
      this.calls++;
      if (this.#libc.sendmmsg(fd, message, 1, MSG_DONTWAIT) > 0) {
        this.messages++;
        this.datagrams++;
        return;
      }
      const errno = this.#libc.errno();
      if (errno === this.#errno.interrupted) continue;
      this.errors.count(this.#libc.nameOf(errno), 1);
      return;
    }
  }
}
