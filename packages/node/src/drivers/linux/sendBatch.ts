import { isIPv4Multicast, type UdpEndpoint } from '@6bed4/codec';
import { OPENING_TTL } from '@6bed4/tunnel';
import type { Arena } from '../kernel/arena.js';
import {
  AF_INET,
  IP_RETOPTS,
  IP_TOS,
  IP_TTL,
  MSG_DONTWAIT,
  SOL_IP,
  SOL_UDP,
  UDP_MAX_SEGMENTS,
  UDP_SEGMENT,
} from '../kernel/constants.js';
import { ControlWriter } from '../kernel/controlMessages.js';
import { OPENING_OPTIONS } from '../kernel/ipOptions.js';
import { type MessageLayout, messageLayout } from '../kernel/messageLayout.js';
import { LITTLE_ENDIAN } from '../kernel/native.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import {
  SOCKADDR_IN_ADDRESS,
  SOCKADDR_IN_PORT,
  SOCKADDR_IN_SIZE,
} from '../kernel/socketAddress.js';
import { ErrorCounts } from './errorCounts.js';
import { MESSAGE_VECTORS_SIZE, MessageVectors } from './messageVectors.js';

/** Messages of one `sendmmsg`. */
export const SEND_SLOTS = 64;
/** Upper bound of the UDP payload of an IPv4 datagram, in bytes. */
export const MAX_PAYLOAD = 65_507;
const CONTROL_SIZE = 96;
/** Bytes for datagrams that the machine made outside of the arena. */
const COPIES_SIZE = 1 << 17;
/** Entries of the hash table of endpoints. */
const TABLE_SIZE = 256;

/** Bytes of an arena that a {@link SendBatch} takes. */
export const SEND_BATCH_SIZE =
  (SEND_SLOTS + 1) * (64 + SOCKADDR_IN_SIZE + CONTROL_SIZE + MESSAGE_VECTORS_SIZE) +
  COPIES_SIZE +
  1024;

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
  readonly #layout: MessageLayout;
  readonly #control: ControlWriter;
  readonly #headers: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #vectors: MessageVectors;
  readonly #copies: number;
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
    const layout = messageLayout(arena.longSize);
    this.#layout = layout;
    this.#control = new ControlWriter(arena, layout);
    // One more than there are messages, for datagrams that have to be sent singly.
    const slots = SEND_SLOTS + 1;
    this.#headers = arena.reserve(slots * layout.messageSize);
    this.#names = arena.reserve(slots * SOCKADDR_IN_SIZE);
    this.#controls = arena.reserve(slots * CONTROL_SIZE);
    this.#vectors = new MessageVectors(arena, slots);
    this.#copies = arena.reserve(COPIES_SIZE);
    for (let slot = 0; slot < slots; slot++) {
      const header = this.#headers + slot * layout.messageSize;
      const name = this.#names + slot * SOCKADDR_IN_SIZE;
      arena.setPointer(header + layout.name, name);
      arena.words[(header + layout.nameLength) >> 2] = SOCKADDR_IN_SIZE;
      arena.setPointer(header + layout.vectors, this.#vectors.at(slot, 0));
      arena.setPointer(header + layout.control, this.#controls + slot * CONTROL_SIZE);
      arena.view.setUint16(name, AF_INET, LITTLE_ENDIAN);
    }
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
    const { messageSize } = this.#layout;
    for (let slot = this.#next; slot < this.#count; slot++) this.#complete(slot);
    while (this.#next < this.#count) {
      const at = this.#arena.address + this.#headers + this.#next * messageSize;
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
    this.#arena.bytes.set(bytes.subarray(offset, offset + length), at);
    this.#copied += length;
    return at;
  }

  #begin(at: number, length: number, address: number, portTosTtl: number): number {
    const slot = this.#count++;
    const name = this.#names + slot * SOCKADDR_IN_SIZE;
    this.#address[slot] = address;
    this.#portTosTtl[slot] = portTosTtl;
    this.#gsoSize[slot] = length;
    this.#segments[slot] = 1;
    this.#length[slot] = length;
    this.#vectorCount[slot] = 1;
    this.#end[slot] = at + length;
    this.#isClosed[slot] = this.segmentation && length > 0 ? 0 : 1;
    this.#arena.view.setUint16(name + SOCKADDR_IN_PORT, portTosTtl >>> 16);
    this.#arena.view.setInt32(name + SOCKADDR_IN_ADDRESS, address);
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
    const layout = this.#layout;
    const header = this.#headers + slot * layout.messageSize;
    this.#arena.setSize(header + layout.vectorCount, this.#vectorCount[slot]!);
    const isGso = this.#segments[slot]! > 1;
    this.#writeControl(slot, this.#portTosTtl[slot]!, isGso ? this.#gsoSize[slot]! : 0);
  }

  #writeControl(slot: number, portTosTtl: number, gsoSize: number): void {
    const tos = (portTosTtl >>> 8) & 0xff;
    const ttl = portTosTtl & 0xff;
    const control = this.#control;
    control.begin(this.#controls + slot * CONTROL_SIZE);
    if (tos !== 0) control.int32(SOL_IP, IP_TOS, tos);
    if (ttl !== 0) control.int32(SOL_IP, IP_TTL, ttl);
    if (ttl === OPENING_TTL && !isIPv4Multicast(this.#address[slot]!)) {
      control.bytes(SOL_IP, IP_RETOPTS, OPENING_OPTIONS);
    }
    if (gsoSize !== 0) control.uint16(SOL_UDP, UDP_SEGMENT, gsoSize);
    const { messageSize, controlLength } = this.#layout;
    this.#arena.setSize(this.#headers + slot * messageSize + controlLength, control.length);
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
    const layout = this.#layout;
    const spare = SEND_SLOTS;
    const header = this.#headers + spare * layout.messageSize;
    const name = this.#names + spare * SOCKADDR_IN_SIZE;
    const from = this.#names + slot * SOCKADDR_IN_SIZE;
    this.#arena.bytes.copyWithin(name, from, from + SOCKADDR_IN_SIZE);
    this.#writeControl(spare, this.#portTosTtl[slot]!, 0);
    this.#arena.setSize(header + layout.vectorCount, 1);
    const size = this.#gsoSize[slot]!;
    for (let index = 0; index < this.#vectorCount[slot]!; index++) {
      const start = this.#vectors.start(slot, index);
      const end = start + this.#vectors.length(slot, index);
      for (let at = start; at < end; at += size) {
        this.#vectors.set(spare, 0, at, Math.min(size, end - at));
        this.#sendOne(fd, this.#arena.address + header);
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
