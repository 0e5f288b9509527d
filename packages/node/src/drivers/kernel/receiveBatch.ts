import type { Arena } from './arena.js';
import { MSG_DONTWAIT, SOL_UDP, UDP_GRO } from './constants.js';
import { findControlInt32 } from './controlMessages.js';
import { type MessageLayout, messageLayout } from './messageLayout.js';
import type { RawLibc } from './rawLibc.js';
import { SOCKADDR_IN_ADDRESS, SOCKADDR_IN_PORT, SOCKADDR_IN_SIZE } from './socketAddress.js';

/** Messages of one `recvmmsg`. */
const RECEIVE_SLOTS = 64;
/** Upper bound of a message, in bytes: one datagram, or several that UDP_GRO has coalesced. */
const MAX_MESSAGE_SIZE = 65_536;
/** An odd number of cache lines, so that the beginnings of slots do not evict each other from caches. */
const SLOT_SIZE = MAX_MESSAGE_SIZE + 19 * 64;
const CONTROL_SIZE = 64;

/** Bytes of an arena that a {@link ReceiveBatch} takes. */
export const RECEIVE_BATCH_SIZE =
  RECEIVE_SLOTS * (SLOT_SIZE + CONTROL_SIZE + 64 + 16 + SOCKADDR_IN_SIZE) + 1024;

/** Receives many messages by one `recvmmsg`. */
export class ReceiveBatch {
  readonly #libc: RawLibc;
  readonly #arena: Arena;
  readonly #layout: MessageLayout;
  readonly #messages: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #buffers: number;
  /** Slots whose message header the kernel has overwritten since it was last initialized. */
  #stale = RECEIVE_SLOTS;

  constructor(libc: RawLibc, arena: Arena) {
    this.#libc = libc;
    this.#arena = arena;
    const layout = messageLayout(arena.longSize);
    this.#layout = layout;
    this.#messages = arena.reserve(RECEIVE_SLOTS * layout.messageSize);
    this.#names = arena.reserve(RECEIVE_SLOTS * SOCKADDR_IN_SIZE);
    this.#controls = arena.reserve(RECEIVE_SLOTS * CONTROL_SIZE);
    const vectors = arena.reserve(RECEIVE_SLOTS * layout.vectorSize);
    this.#buffers = arena.reserve(RECEIVE_SLOTS * SLOT_SIZE);
    for (let slot = 0; slot < RECEIVE_SLOTS; slot++) {
      const message = this.#messages + slot * layout.messageSize;
      const vector = vectors + slot * layout.vectorSize;
      arena.setPointer(message + layout.name, this.#names + slot * SOCKADDR_IN_SIZE);
      arena.setPointer(message + layout.vectors, vector);
      arena.setSize(message + layout.vectorCount, 1);
      arena.setPointer(message + layout.control, this.#controls + slot * CONTROL_SIZE);
      arena.setPointer(vector, this.offset(slot));
      arena.setSize(vector + layout.vectorLength, MAX_MESSAGE_SIZE);
    }
  }

  /** Receives what waits in the socket; the number of slots filled, or -1. */
  receive(fd: number): number {
    const { words } = this.#arena;
    const { messageSize, nameLength, controlLength, flags } = this.#layout;
    for (let slot = 0; slot < this.#stale; slot++) {
      const message = this.#messages + slot * messageSize;
      words[(message + nameLength) >> 2] = SOCKADDR_IN_SIZE;
      this.#arena.setSize(message + controlLength, CONTROL_SIZE);
      words[(message + flags) >> 2] = 0;
    }
    const at = this.#arena.address + this.#messages;
    const received = this.#libc.recvmmsg(fd, at, RECEIVE_SLOTS, MSG_DONTWAIT);
    // A failed call may have overwritten the first header.
    this.#stale = Math.max(received, 1);
    return received;
  }

  /** Offset of the first byte of a slot. */
  offset(slot: number): number {
    return this.#buffers + slot * SLOT_SIZE;
  }

  /** Bytes received in a slot. */
  length(slot: number): number {
    const { messageSize, length } = this.#layout;
    return this.#arena.words[(this.#messages + slot * messageSize + length) >> 2]!;
  }

  /** IPv4 source as an int32. */
  address(slot: number): number {
    return this.#arena.view.getInt32(this.#names + slot * SOCKADDR_IN_SIZE + SOCKADDR_IN_ADDRESS);
  }

  /** UDP source port. */
  port(slot: number): number {
    return this.#arena.view.getUint16(this.#names + slot * SOCKADDR_IN_SIZE + SOCKADDR_IN_PORT);
  }

  /** UDP_GRO: the length of each coalesced datagram but the last; 0 when there is only one. */
  gsoSize(slot: number): number {
    const layout = this.#layout;
    const length = this.#arena.getSize(
      this.#messages + slot * layout.messageSize + layout.controlLength,
    );
    if (length === 0) return 0;
    const start = this.#controls + slot * CONTROL_SIZE;
    return findControlInt32(this.#arena, layout, start, length, SOL_UDP, UDP_GRO);
  }
}
