import { IPV6_ADDRESS_BYTES, sameIPv6Address, writeUint16 } from '@6bed4/codec';
import {
  copyBytes,
  DESTINATION_OFFSET,
  IPV6_HEADER_LENGTH,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { announcedHeader, fragmentAt, MAX_REASSEMBLED_PAYLOAD } from './fragmentHeader.js';

/** Upper bound of the fragments of a packet: those of 512 bytes and more always suffice. */
const MAX_FRAGMENTS = 128;
const LEAST_CAPACITY = 2048;

/** One fragment within the buffer that it arrived in. */
export interface Fragment {
  readonly bytes: Uint8Array;
  /** Offsets in `bytes`: of the packet, the field that announces the fragment header, and the payload. */
  readonly packet: number;
  readonly field: number;
  readonly payload: number;
  /** Bytes of payload. */
  readonly size: number;
  /** In bytes from the start of the fragmentable part. */
  readonly offset: number;
  readonly hasMore: boolean;
  readonly identification: number;
}

/** The fragments of one packet (RFC 8200 §4.5). */
export class Reassembly {
  /** Time of the first fragment that arrived, in milliseconds. */
  readonly startedAt: number;
  /** Whether the local side began to send to the source. */
  readonly isOutbound: boolean;
  readonly #identification: number;
  /** Source and destination. */
  readonly #addresses: Uint8Array;
  /** The packet with offset 0 as it arrived, or null. */
  #first: Uint8Array | null = null;
  /** The field that announces its fragment header. */
  #field = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where fragments start and end, in ascending order. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #received = 0;
  /** Bytes of the fragmentable part; -1 while the last fragment has not arrived. */
  #total = -1;
  #isDiscarded = false;

  constructor({ bytes, packet, identification }: Fragment, isOutbound: boolean, now: number) {
    this.startedAt = now;
    this.isOutbound = isOutbound;
    this.#identification = identification;
    const addresses = packet + SOURCE_OFFSET;
    this.#addresses = copyBytes(bytes, addresses, addresses + 2 * IPV6_ADDRESS_BYTES);
  }

  /** The fragment with offset 0 as it arrived; null while it has not, or where all were discarded. */
  get first(): Uint8Array | null {
    return this.#first;
  }

  /** Whether its fragments contradicted each other: it never completes, and takes what still comes. */
  get isDiscarded(): boolean {
    return this.#isDiscarded;
  }

  /** Whether a fragment belongs to the same packet. */
  includes({ bytes, packet, identification }: Fragment): boolean {
    return (
      identification === this.#identification &&
      this.isFrom(bytes, packet + SOURCE_OFFSET) &&
      sameIPv6Address(this.#addresses, IPV6_ADDRESS_BYTES, bytes, packet + DESTINATION_OFFSET)
    );
  }

  isFrom(bytes: Uint8Array, source: number): boolean {
    return sameIPv6Address(this.#addresses, 0, bytes, source);
  }

  /**
   * Takes a fragment. One that is exactly as another is ignored; any other overlap discards the packet,
   * including the fragments that have not yet arrived (RFC 8200 §4.5, RFC 5722 §4), and so does one that
   * contradicts the length.
   *
   * @returns the packet when it is complete, else null
   */
  add(fragment: Fragment): Uint8Array | null {
    if (this.#isDiscarded) return null;
    const { offset, size, hasMore } = fragment;
    const end = offset + size;
    const place = this.#placeOf(offset);
    if (this.#starts[place] === offset && this.#ends[place] === end) {
      const isSame = hasMore === (end !== this.#total) && this.#holdsSame(fragment);
      return isSame ? null : this.#discard();
    }
    const isOverlap =
      (this.#starts[place] ?? end) < end || (place > 0 && this.#ends[place - 1]! > offset);
    const isContradiction = hasMore
      ? this.#total >= 0 && end > this.#total
      : this.#total >= 0 || (this.#ends.at(-1) ?? 0) > end;
    if (isOverlap || isContradiction || this.#starts.length >= MAX_FRAGMENTS) {
      return this.#discard();
    }
    if (!hasMore) this.#total = end;
    if (offset === 0) this.#keepFirst(fragment);
    this.#starts.splice(place, 0, offset);
    this.#ends.splice(place, 0, end);
    this.#store(fragment);
    this.#received += size;
    return this.#received === this.#total ? this.#assemble() : null;
  }

  /** The index of the first fragment that starts at `offset` or behind it. */
  #placeOf(offset: number): number {
    // Fragments mostly arrive in order.
    let place = this.#starts.length;
    while (place > 0 && this.#starts[place - 1]! >= offset) place--;
    return place;
  }

  #holdsSame({ bytes, payload, size, offset }: Fragment): boolean {
    const held = this.#bytes.subarray(offset, offset + size);
    return held.every((byte, index) => byte === bytes[payload + index]);
  }

  #keepFirst({ bytes, packet, field, payload, size }: Fragment): void {
    this.#first = copyBytes(bytes, packet, payload + size);
    this.#field = field - packet;
  }

  #store({ bytes, payload, size, offset }: Fragment): void {
    const end = offset + size;
    if (end > this.#bytes.length) {
      const capacity = Math.max(end, 2 * this.#bytes.length, LEAST_CAPACITY);
      const grown = new Uint8Array(Math.min(capacity, MAX_REASSEMBLED_PAYLOAD));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(payload, payload + size), offset);
  }

  /** The packet without its fragment header. */
  #assemble(): Uint8Array | null {
    const first = this.#first!;
    const header = announcedHeader(first, 0, this.#field);
    const payloadLength = header - IPV6_HEADER_LENGTH + this.#total;
    // The last fragment may have had fewer extension headers than the first.
    if (payloadLength > MAX_REASSEMBLED_PAYLOAD) return this.#discard();
    const packet = new Uint8Array(header + this.#total);
    packet.set(first.subarray(0, header));
    packet.set(this.#bytes.subarray(0, this.#total), header);
    packet[this.#field] = fragmentAt.nextHeader(first, header);
    writeUint16(packet, PAYLOAD_LENGTH_OFFSET, payloadLength);
    return packet;
  }

  #discard(): null {
    this.#isDiscarded = true;
    this.#first = null;
    this.#bytes = new Uint8Array(0);
    this.#starts.length = 0;
    this.#ends.length = 0;
    return null;
  }
}
