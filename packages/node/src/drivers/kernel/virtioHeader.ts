import {
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_NONE,
} from './constants.js';
import { LITTLE_ENDIAN } from './native.js';

/*
 * struct virtio_net_hdr (linux/virtio_net.h), before every packet of an interface with IFF_VNET_HDR;
 * fields of 16 bits are in the byte order of this computer
 *
 *   0   flags
 *   1   gso_type
 *   2   hdr_len (16 bits): length of all headers of the packet
 *   4   gso_size (16 bits): payload of each segment but the last
 *   6   csum_start (16 bits): offset in the packet from which on the checksum is computed
 *   8   csum_offset (16 bits): offset of the checksum field from there
 */
export const VIRTIO_HEADER_LENGTH = 10;
const FLAGS = 0;
const GSO_TYPE = 1;
const HEADER_LENGTH = 2;
const GSO_SIZE = 4;
const CHECKSUM_START = 6;
const CHECKSUM_OFFSET = 8;

/** A `struct virtio_net_hdr` where it lies. */
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

  /** Whether the checksum field holds the sum of the pseudo-header only, and the rest has to be added. */
  get needsChecksum(): boolean {
    return (this.#view.getUint8(this.#at + FLAGS) & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0;
  }

  /** `VIRTIO_NET_HDR_GSO_…`, without the bit for ECN. */
  get gsoType(): number {
    return this.#view.getUint8(this.#at + GSO_TYPE) & ~VIRTIO_NET_HDR_GSO_ECN;
  }

  get gsoSize(): number {
    return this.#view.getUint16(this.#at + GSO_SIZE, LITTLE_ENDIAN);
  }

  get checksumStart(): number {
    return this.#view.getUint16(this.#at + CHECKSUM_START, LITTLE_ENDIAN);
  }

  get checksumOffset(): number {
    return this.#view.getUint16(this.#at + CHECKSUM_OFFSET, LITTLE_ENDIAN);
  }

  /** Writes the header of a packet that is not segmented and has its checksum. */
  writeWithoutGso(): void {
    this.#view.setUint8(this.#at + FLAGS, 0);
    this.#view.setUint8(this.#at + GSO_TYPE, VIRTIO_NET_HDR_GSO_NONE);
    for (let index = HEADER_LENGTH; index < VIRTIO_HEADER_LENGTH; index++) {
      this.#view.setUint8(this.#at + index, 0);
    }
  }

  /** Writes the header of coalesced segments, whose checksum the kernel completes where needed. */
  writeGso(
    gsoType: number,
    headerLength: number,
    gsoSize: number,
    checksumStart: number,
    checksumOffset: number,
  ): void {
    this.#view.setUint8(this.#at + FLAGS, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    this.#view.setUint8(this.#at + GSO_TYPE, gsoType);
    this.#view.setUint16(this.#at + HEADER_LENGTH, headerLength, LITTLE_ENDIAN);
    this.#view.setUint16(this.#at + GSO_SIZE, gsoSize, LITTLE_ENDIAN);
    this.#view.setUint16(this.#at + CHECKSUM_START, checksumStart, LITTLE_ENDIAN);
    this.#view.setUint16(this.#at + CHECKSUM_OFFSET, checksumOffset, LITTLE_ENDIAN);
  }
}
