import type { Arena } from './arena.js';
import { LITTLE_ENDIAN } from './native.js';
import type { RawLibc } from './rawLibc.js';

/*
 * struct pollfd (poll(2))
 *
 *   0   fd (32 bits); below 0 to leave it out
 *   4   events (16 bits)
 *   6   revents (16 bits)
 */
export const POLLFD_SIZE = 8;
const POLLFD_EVENTS = 4;
export const POLLFD_REVENTS = 6;

/** A fixed number of descriptors that `poll` waits for. */
export class PollSet {
  readonly #libc: RawLibc;
  readonly #arena: Arena;
  readonly #count: number;
  readonly #at: number;

  constructor(libc: RawLibc, arena: Arena, count: number) {
    this.#libc = libc;
    this.#arena = arena;
    this.#count = count;
    this.#at = arena.reserve(count * POLLFD_SIZE);
  }

  /** Sets a descriptor, below 0 for none, and what to wait for; clears its events. */
  watch(index: number, fd: number, events: number): void {
    const at = this.#at + index * POLLFD_SIZE;
    this.#arena.words[at >> 2] = fd;
    // Both halves of the word at once: events, and no revents.
    const word = LITTLE_ENDIAN ? events : events << 16;
    this.#arena.words[(at + POLLFD_EVENTS) >> 2] = word;
  }

  /** Waits for the first event, up to `timeout` milliseconds; whether there was one. */
  poll(timeout: number): boolean {
    const ready = this.#libc.poll(this.#arena.address + this.#at, this.#count, timeout);
    // A signal may have interrupted it: then nothing is known to have happened.
    if (ready <= 0) this.#clearResults();
    return ready > 0;
  }

  /** Waits for one of the descriptors only; whether something happened to it. */
  pollOne(index: number, timeout: number): boolean {
    const at = this.#arena.address + this.#at + index * POLLFD_SIZE;
    return this.#libc.poll(at, 1, timeout) > 0;
  }

  descriptor(index: number): number {
    return this.#arena.words[(this.#at + index * POLLFD_SIZE) >> 2]!;
  }

  /** Whether an event or an error occurred on a descriptor. */
  isReady(index: number): boolean {
    return this.#arena.view.getUint16(this.#at + index * POLLFD_SIZE + POLLFD_REVENTS) !== 0;
  }

  #clearResults(): void {
    for (let index = 0; index < this.#count; index++) {
      this.#arena.view.setUint16(this.#at + index * POLLFD_SIZE + POLLFD_REVENTS, 0);
    }
  }
}
