import { LITTLE_ENDIAN } from './native.js';

/*
 * struct virtio_net_hdr, before every packet of an interface with IFF_VNET_HDR
 *
 *   0   flags
 *   1   kind of segmentation
 *   2   length of the headers (16 bits, as all that follow; in the byte order of this computer)
 *   4   segment size: payload of each segment but the last
 *   6   where the checksum starts, from the beginning of the packet
 *   8   where it is stored, from there
 */
export const VIRTIO_HEADER_LENGTH = 10;
const FLAGS = 0;
const KIND = 1;
const HEADERS = 2;
const SEGMENT_SIZE = 4;
const CHECKSUM_START = 6;
const CHECKSUM_FIELD = 8;

/** The checksum field holds the sum of the pseudo-header; the rest has to be added. */
const NEEDS_CHECKSUM = 1;
const ECN = 0x80;

/** Kinds of segmentation. */
export const Gso = { none: 0, tcp6: 4, udp: 5 } as const;

/** Reads and writes the header of packets with segmentation or without. */
export class VirtioHeader {
  readonly #view: DataView;
  #at = 0;

  constructor(view: DataView) {
    this.#view = view;
  }

  /** Goes to the header at this offset. */
  at(offset: number): this {
    this.#at = offset;
    return this;
  }

  get needsChecksum(): boolean {
    return (this.#view.getUint8(this.#at + FLAGS) & NEEDS_CHECKSUM) !== 0;
  }

  /** Kind of segmentation, one of {@link Gso} or one that IPv6 has no use for. */
  get kind(): number {
    return this.#view.getUint8(this.#at + KIND) & ~ECN;
  }

  get segmentSize(): number {
    return this.#view.getUint16(this.#at + SEGMENT_SIZE, LITTLE_ENDIAN);
  }

  get checksumStart(): number {
    return this.#view.getUint16(this.#at + CHECKSUM_START, LITTLE_ENDIAN);
  }

  get checksumField(): number {
    return this.#view.getUint16(this.#at + CHECKSUM_FIELD, LITTLE_ENDIAN);
  }

  /** Writes what comes before a packet that is whole and has its checksum. */
  writePlain(): void {
    for (let index = 0; index < VIRTIO_HEADER_LENGTH; index++) {
      this.#view.setUint8(this.#at + index, 0);
    }
  }

  /** Writes what comes before joined segments, whose checksum the kernel completes where needed. */
  writeJoined(
    kind: number,
    headers: number,
    segmentSize: number,
    checksumStart: number,
    checksumField: number,
  ): void {
    this.#view.setUint8(this.#at + FLAGS, NEEDS_CHECKSUM);
    this.#view.setUint8(this.#at + KIND, kind);
    this.#view.setUint16(this.#at + HEADERS, headers, LITTLE_ENDIAN);
    this.#view.setUint16(this.#at + SEGMENT_SIZE, segmentSize, LITTLE_ENDIAN);
    this.#view.setUint16(this.#at + CHECKSUM_START, checksumStart, LITTLE_ENDIAN);
    this.#view.setUint16(this.#at + CHECKSUM_FIELD, checksumField, LITTLE_ENDIAN);
  }
}
