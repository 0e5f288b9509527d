import type { Arena } from '../kernel/arena.js';
import { VIRTIO_NET_HDR_GSO_NONE } from '../kernel/constants.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { VIRTIO_HEADER_LENGTH, VirtioHeader } from '../kernel/virtioHeader.js';
import { ErrorCounts } from './errorCounts.js';
import type { LoopMemory } from './loopMemory.js';
import { finishChecksum, Segmenter } from './offload/segmenter.js';

/** Upper bound of `read` calls before other descriptors are served. */
export const MAX_READS = 64;
/** Upper bound of a packet of the interface with its header, in bytes. */
const MAX_PACKET_SIZE = 65_536 + 64;
const AREA_SIZE = 4 * MAX_PACKET_SIZE;
/** Bytes of packets that the kernel did not segment after which what was read goes out: they fill messages. */
const ENOUGH = 32_768;
/** Behind the header of 10 bytes, packets begin at a multiple of 16. */
const ALIGNMENT = 16;
const FIRST = ALIGNMENT - VIRTIO_HEADER_LENGTH;

/** Bytes of an arena that a {@link TunInput} takes. */
export const TUN_INPUT_SIZE = AREA_SIZE + 64;

/** Receiver of packets in the arena. */
export interface PacketConsumer {
  packet(at: number, length: number): void;
  /**
   * Takes packets that lie one behind the other.
   *
   * @param length - bytes of all together
   * @param size - bytes of each but the last, which may be shorter
   */
  packets(at: number, length: number, size: number): void;
  /** Finishes with the packets so far: their memory is reused when this returns. */
  flush(): void;
}

/** The reason why {@link TunInput.read} ended. */
export const TunRead = {
  /** There is nothing more for now. */
  empty: 0,
  /** There may be more. */
  more: 1,
  /** The interface is down, or another error that may pass. */
  failed: 2,
  /** The interface was removed. */
  gone: 3,
} as const;
/** One of the numbers in {@link TunRead}. */
export type TunReadCode = (typeof TunRead)[keyof typeof TunRead];

/** Reads packets of the kernel from a TUN interface, and segments those that the kernel did not (GSO). */
export class TunInput {
  readonly errors = new ErrorCounts();
  /** `read` calls that returned a packet, and packets after segmentation. */
  calls = 0;
  packets = 0;
  /** Packets that their virtio header did not fit. */
  malformed = 0;
  fd: number;

  readonly #libc: RawLibc;
  readonly #memory: LoopMemory;
  readonly #arena: Arena;
  readonly #hasHeader: boolean;
  readonly #virtio: VirtioHeader;
  readonly #segmenter: Segmenter;
  readonly #area: number;
  readonly #end: number;
  readonly #errno: { readonly again: number; readonly interrupted: number; readonly gone: number };

  constructor(libc: RawLibc, memory: LoopMemory, fd: number, hasHeader: boolean) {
    const { arena } = memory;
    this.#memory = memory;
    this.#libc = libc;
    this.#arena = arena;
    this.fd = fd;
    this.#hasHeader = hasHeader;
    this.#virtio = new VirtioHeader(arena.view);
    this.#segmenter = new Segmenter(memory);
    this.#area = arena.reserve(AREA_SIZE);
    this.#end = this.#area + AREA_SIZE;
    this.#errno = {
      again: libc.numberOf('EAGAIN'),
      interrupted: libc.numberOf('EINTR'),
      gone: libc.numberOf('EBADFD'),
    };
  }

  /**
   * Reads packets.
   *
   * @param most - upper bound of their number before segmentation
   */
  read(consumer: PacketConsumer, most = MAX_READS): TunReadCode {
    const headerLength = this.#hasHeader ? VIRTIO_HEADER_LENGTH : 0;
    let at = this.#area + FIRST;
    let result: TunReadCode = TunRead.more;
    let unsegmented = 0;
    for (let count = 0; count < most; count++) {
      const packet = at + VIRTIO_HEADER_LENGTH;
      if (packet + MAX_PACKET_SIZE > this.#end) break;
      const from = this.#arena.address + packet - headerLength;
      const read = this.#libc.read(this.fd, from, MAX_PACKET_SIZE);
      if (read <= headerLength) {
        const errno = read < 0 ? this.#libc.errno() : this.#errno.again;
        if (errno === this.#errno.interrupted) continue;
        result = this.#failed(errno);
        break;
      }
      this.calls++;
      const length = read - headerLength;
      if (this.#hasHeader && this.#virtio.at(at).gsoType !== VIRTIO_NET_HDR_GSO_NONE) {
        const end = this.#segment(packet, length, consumer);
        unsegmented += length;
        if (unsegmented >= ENOUGH) break;
        at = aligned(end) + FIRST;
        continue;
      }
      this.packets++;
      if (this.#finishChecksum(at, packet, length)) consumer.packet(packet, length);
      else this.malformed++;
      at = aligned(packet + length) + FIRST;
    }
    consumer.flush();
    return result;
  }

  #finishChecksum(header: number, packet: number, length: number): boolean {
    if (!this.#hasHeader) return true;
    const virtio = this.#virtio.at(header);
    if (!virtio.needsChecksum) return true;
    const { checksumStart, checksumOffset } = virtio;
    return finishChecksum(this.#memory, packet, length, checksumStart, checksumOffset);
  }

  /** Passes on the segments of a packet; returns where the memory behind it and them begins. */
  #segment(packet: number, length: number, consumer: PacketConsumer): number {
    const segmenter = this.#segmenter;
    if (!segmenter.begin(this.#virtio, packet, length)) {
      this.malformed++;
      return packet + length;
    }
    let start = aligned(packet + length);
    let end = this.#end;
    // No segment is longer than the first. Behind a packet near the end of the area may be no room for
    // it, but then there is before.
    if (start + segmenter.nextLength > end) {
      consumer.flush();
      start = this.#area;
      end = packet;
    }
    let to = start;
    while (segmenter.nextLength > 0) {
      // Adjacent, so that one vector describes them all to the kernel.
      const written = segmenter.write(to, end);
      if (written === 0) {
        consumer.flush();
        to = start;
        continue;
      }
      const size = segmenter.fullLength;
      this.packets += Math.ceil(written / size);
      consumer.packets(to, written, size);
      to += written;
    }
    return Math.max(to, packet + length);
  }

  #failed(errno: number): TunReadCode {
    if (errno === this.#errno.again) return TunRead.empty;
    this.errors.count(this.#libc.nameOf(errno));
    return errno === this.#errno.gone ? TunRead.gone : TunRead.failed;
  }
}

/** The first aligned offset that is not before another one. */
function aligned(offset: number): number {
  return (offset + ALIGNMENT - 1) & -ALIGNMENT;
}
