import type { Random } from '@6bed4/testing/random';
import fc from 'fast-check';
import {
  buildEcho,
  buildIcmpError,
  buildNd,
  buildUdp,
  IPV6_HEADER_LENGTH,
  icmpv6Checksum,
  upperLayerChecksum,
} from '../../src/index.js';
import { echo, icmpError, ndMessage, udpDatagram } from './arbitraries.js';
import { frames } from './frames.js';

const LONGEST = 400;

/** Recorded frames, and built messages of all kinds. */
const corpus: readonly Uint8Array[] = [
  ...frames.map(({ packet }) => packet),
  ...fc.sample(ndMessage, { numRuns: 200, seed: 1 }).map(buildNd),
  ...fc.sample(echo, { numRuns: 20, seed: 2 }).map(buildEcho),
  ...fc.sample(icmpError, { numRuns: 40, seed: 3 }).map(buildIcmpError),
  ...fc.sample(udpDatagram, { numRuns: 20, seed: 4 }).map(buildUdp),
];

/** Makes bad input, most of it nearly good, without leaving garbage behind. */
export class Mutator {
  /** The input, from its start. */
  readonly bytes = new Uint8Array(LONGEST);
  /** Bytes of input. */
  length = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Makes the next input. */
  next(): void {
    const random = this.#random;
    if (random.below(16) === 0) {
      this.#rubbish();
      return;
    }
    this.#copy();
    switch (random.below(8)) {
      case 0:
        this.length = random.below(this.length + 1);
        break;
      case 1:
        this.#extend(random.below(24));
        break;
      case 2:
        this.#splice();
        break;
      case 3:
        this.#growByUnits();
        break;
    }
    this.#change(random.below(5));
    // Repaired, it gets past the first checks to where the deeper faults are.
    if (this.length >= IPV6_HEADER_LENGTH && random.below(4) > 0) this.#repair();
  }

  #rubbish(): void {
    this.length = this.#random.below(100);
    for (let at = 0; at < this.length; at++) this.bytes[at] = this.#random.next();
    if (this.length > 0 && this.#random.below(2) === 0) this.bytes[0] = 0x60;
  }

  #copy(): void {
    const packet = corpus[this.#random.below(corpus.length)]!;
    this.length = Math.min(packet.length, LONGEST);
    for (let at = 0; at < this.length; at++) this.bytes[at] = packet[at]!;
  }

  #extend(count: number): void {
    const end = Math.min(this.length + count, LONGEST);
    while (this.length < end) this.bytes[this.length++] = this.#random.next();
  }

  /** Adds what may be an option. */
  #growByUnits(): void {
    const at = this.length;
    const units = this.#random.below(4);
    this.#extend(units * 8);
    if (at + 1 >= this.length) return;
    this.bytes[at] = this.#random.below(32);
    this.bytes[at + 1] = units;
  }

  #splice(): void {
    const other = corpus[this.#random.below(corpus.length)]!;
    const from = this.#random.below(this.length + 1);
    const end = Math.min(other.length, LONGEST);
    for (let at = from; at < end; at++) this.bytes[at] = other[at]!;
    this.length = Math.max(from, end);
  }

  #change(count: number): void {
    if (this.length === 0) return;
    for (let index = 0; index < count; index++) {
      const at = this.#random.below(this.length);
      const choice = this.#random.below(4);
      if (choice === 0) this.bytes[at]! ^= 1 << this.#random.below(8);
      else if (choice === 1) this.bytes[at] = 0;
      else if (choice === 2) this.bytes[at] = this.#random.below(16);
      else this.bytes[at] = this.#random.next();
    }
  }

  #repair(): void {
    const { bytes, length } = this;
    bytes[0] = 0x60 | (bytes[0]! & 0x0f);
    bytes[4] = (length - IPV6_HEADER_LENGTH) >> 8;
    bytes[5] = length - IPV6_HEADER_LENGTH;
    if (bytes[6] === 17 && length >= 48) {
      bytes[44] = bytes[4]!;
      bytes[45] = bytes[5]!;
      this.#write(46, upperLayerChecksum(bytes, 0, length, 17, 6) || 0xffff);
      return;
    }
    if (length < 44) return;
    bytes[6] = 58;
    if (bytes[40]! >= 133 && this.#random.below(8) > 0) {
      bytes[7] = 255;
      bytes[41] = 0;
    }
    this.#write(42, icmpv6Checksum(bytes, 0, length));
  }

  #write(at: number, value: number): void {
    this.bytes[at] = value >> 8;
    this.bytes[at + 1] = value;
  }
}
