import type { Arena } from '../kernel/arena.js';
import { messageLayout } from '../kernel/messageLayout.js';
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
  /** `writev` calls and packets so far. */
  calls = 0;
  packets = 0;
  fd: number;

  readonly #libc: RawLibc;
  readonly #arena: Arena;
  readonly #coalescer: Coalescer | null;
  readonly #vector: number;
  readonly #vectorLength: number;
  readonly #copies: number;
  readonly #interrupted: number;
  #copied = 0;

  constructor(libc: RawLibc, memory: LoopMemory, fd: number, features: TunFeatures) {
    const { arena } = memory;
    this.#libc = libc;
    this.#arena = arena;
    this.fd = fd;
    this.#interrupted = libc.numberOf('EINTR');
    const layout = messageLayout(arena.longSize);
    this.#vector = arena.reserve(layout.vectorSize);
    this.#vectorLength = layout.vectorLength;
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
    this.#arena.setPointer(this.#vector, at);
    this.#arena.setSize(this.#vector + this.#vectorLength, length);
    this.write(this.#vector, 1, 1);
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
      if (this.#libc.writev(this.fd, this.#arena.address + vectors, count) >= 0) {
        this.packets += segments;
        return;
      }
      const errno = this.#libc.errno();
      if (errno === this.#interrupted) continue;
      this.dropped += segments;
      this.errors.count(this.#libc.nameOf(errno), segments);
      return;
    }
  }
}
