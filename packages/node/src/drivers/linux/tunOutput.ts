import type { Arena } from '../kernel/arena.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { ErrorCounts } from './errorCounts.js';
import type { LoopMemory } from './loopMemory.js';
import { Coalescer, type PacketOutput } from './offload/coalescer.js';
import type { TunFeatures } from './tunFeatures.js';

/** Bytes for packets that the machine made outside of the arena. */
const COPIES_SIZE = 1 << 16;

/** Bytes of an arena that a {@link TunOutput} takes besides its coalescer. */
export const TUN_OUTPUT_SIZE = COPIES_SIZE + 256;

/** Writes packets to a TUN interface, coalesced (GRO) where it accepts that. */
export class TunOutput implements PacketOutput {
  readonly errors = new ErrorCounts();
  /** Packets that the kernel refused. */
  dropped = 0;
  /** `write` and `writev` calls, and packets, so far. */
  calls = 0;
  packets = 0;
  fd: number;

  readonly #libc: RawLibc;
  readonly #arena: Arena;
  readonly #coalescer: Coalescer | null;
  readonly #copies: number;
  readonly #interrupted: number;
  #copied = 0;

  constructor(libc: RawLibc, memory: LoopMemory, fd: number, features: TunFeatures) {
    const { arena } = memory;
    this.#libc = libc;
    this.#arena = arena;
    this.fd = fd;
    this.#interrupted = libc.numberOf('EINTR');
    this.#copies = arena.reserve(COPIES_SIZE);
    this.#coalescer = features.virtioHeader
      ? new Coalescer(memory, this, features.udpSegmentation)
      : null;
  }

  /** Takes one packet. In the arena, its bytes must not change until {@link flush}. */
  deliver(bytes: Uint8Array, offset: number, length: number): void {
    let at = offset;
    if (bytes !== this.#arena.bytes) {
      if (this.#copied + length > COPIES_SIZE) this.flush();
      if (length > COPIES_SIZE) {
        this.dropped++;
        return;
      }
      at = this.#copies + this.#copied;
      this.#arena.bytes.set(bytes.subarray(offset, offset + length), at);
      this.#copied += length;
    }
    if (this.#coalescer !== null) {
      this.#coalescer.add(at, length);
      return;
    }
    this.#writeOne(at, length);
  }

  /**
   * Takes packets of the arena that lie one behind the other; see {@link Coalescer.addRun}. Their bytes must not
   * change until {@link flush}.
   */
  deliverRun(at: number, length: number, size: number): void {
    if (this.#coalescer !== null) {
      this.#coalescer.addRun(at, length, size);
      return;
    }
    for (let done = 0; done < length; done += size) {
      this.deliver(this.#arena.bytes, at + done, Math.min(size, length - done));
    }
  }

  /** Writes all packets that wait to be coalesced. */
  flush(): void {
    this.#coalescer?.flush();
    this.#copied = 0;
  }

  write(vectors: number, count: number, segments: number): void {
    for (;;) {
      this.calls++;
      if (this.#libc.writev(this.fd, this.#arena.address + vectors, count) >= 0) break;
      if (this.#isRefused(segments)) return;
    }
    this.packets += segments;
  }

  #writeOne(at: number, length: number): void {
    for (;;) {
      this.calls++;
      if (this.#libc.write(this.fd, this.#arena.address + at, length) >= 0) break;
      if (this.#isRefused(1)) return;
    }
    this.packets++;
  }

  /** Counts packets that the kernel just refused; false when it was only interrupted. */
  #isRefused(segments: number): boolean {
    const errno = this.#libc.errno();
    if (errno === this.#interrupted) return false;
    this.dropped += segments;
    this.errors.count(this.#libc.nameOf(errno), segments);
    return true;
  }
}
