import type { Arena } from '../kernel/arena.js';
import { POLLIN, POLLOUT } from '../kernel/constants.js';
import { PollSet } from '../kernel/pollSet.js';
import type { RawLibc } from '../kernel/rawLibc.js';

/** What a loop waits for. */
export const Source = { wake: 0, udp: 1, tun: 2, lan: 3 } as const;
/** One of the numbers in {@link Source}. */
type SourceCode = (typeof Source)[keyof typeof Source];

const SOURCES = 4;
const NONE = -1;
/** Time for which a descriptor that fails persistently is not polled, in milliseconds. */
const ERROR_PAUSE = 50;

/** The descriptors of a loop, and its waits for them. */
export class LoopWait {
  /** Waits so far. */
  count = 0;
  udp: number;
  /** The interface; -1 once it is gone. */
  tun: number;
  /** A second socket; -1 for none. */
  lan = NONE;
  readonly #libc: RawLibc;
  readonly #arena: Arena;
  readonly #pollSet: PollSet;
  readonly #wakeBuffer: number;
  #udpPausedUntil = 0;
  #tunPausedUntil = 0;

  constructor(libc: RawLibc, arena: Arena, wake: number, udp: number, tun: number) {
    this.#libc = libc;
    this.#arena = arena;
    this.udp = udp;
    this.tun = tun;
    this.#pollSet = new PollSet(libc, arena, SOURCES);
    this.#wakeBuffer = arena.reserve(8);
    this.#pollSet.watch(Source.wake, wake, POLLIN);
  }

  /** Waits until something is ready, or a time; whether something is. */
  wait(now: number, until: number): boolean {
    let end = until;
    let { udp, tun } = this;
    if (this.#udpPausedUntil > now) {
      udp = NONE;
      end = Math.min(end, this.#udpPausedUntil);
    }
    if (this.#tunPausedUntil > now) {
      tun = NONE;
      end = Math.min(end, this.#tunPausedUntil);
    }
    this.#pollSet.watch(Source.udp, udp, POLLIN);
    this.#pollSet.watch(Source.tun, tun, POLLIN);
    this.#pollSet.watch(Source.lan, this.lan, POLLIN);
    this.count++;
    return this.#pollSet.poll(Math.max(0, Math.ceil(end - now)));
  }

  isReady(source: SourceCode): boolean {
    return this.#pollSet.isReady(source);
  }

  /** Takes note that the loop was woken. */
  clearWake(): void {
    const wake = this.#pollSet.descriptor(Source.wake);
    this.#libc.read(wake, this.#arena.address + this.#wakeBuffer, 8);
  }

  /** Leaves out the socket for a while. */
  pauseUdp(now: number): void {
    this.#udpPausedUntil = now + ERROR_PAUSE;
  }

  /** Leaves out the interface for a while. */
  pauseTun(now: number): void {
    this.#tunPausedUntil = now + ERROR_PAUSE;
  }

  /** Leaves out the interface from now on. */
  dropTun(): void {
    this.tun = NONE;
  }

  /** Waits until the socket accepts datagrams, up to some milliseconds; whether it does. */
  waitForRoom(longest: number): boolean {
    this.#pollSet.watch(Source.udp, this.udp, POLLOUT);
    return this.#pollSet.pollOne(Source.udp, longest);
  }
}
