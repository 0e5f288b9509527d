import { readInt32, sameIPv6Address } from '@6bed4/codec';
import { DESTINATION_OFFSET, SOURCE_OFFSET } from '@6bed4/nd';
import type { TcpEndpoint } from '../connection/connectionOptions.js';
import type { Segment } from '../segment/segment.js';

const LEAST_BUCKETS = 16;
/** Words of two addresses and two ports. */
const WORDS = 9;

/** What is found by both its endpoints. */
export interface Paired {
  readonly local: TcpEndpoint;
  readonly remote: TcpEndpoint;
}

/**
 * Connections by their four numbers. The hash has secret multipliers over 16-bit halves (multiply-shift,
 * universal), so that nobody can choose endpoints which share a bucket.
 */
export class ConnectionTable<C extends Paired> {
  readonly #multipliers: Int32Array;
  #buckets: C[][] = Array.from({ length: LEAST_BUCKETS }, () => []);
  #shift = 32 - Math.log2(LEAST_BUCKETS);
  #count = 0;

  constructor(random: () => number) {
    this.#multipliers = new Int32Array(2 * WORDS + 1).map(() => random() * 0x1_0000_0000);
  }

  get count(): number {
    return this.#count;
  }

  /** The connection of a segment that arrived. */
  find(segment: Segment): C | null {
    const { bytes, packet, sourcePort, destinationPort } = segment;
    const source = packet + SOURCE_OFFSET;
    const destination = packet + DESTINATION_OFFSET;
    return this.between(bytes, destination, destinationPort, bytes, source, sourcePort);
  }

  /** The connection between two endpoints, the addresses of which are at these offsets. */
  between(
    local: Uint8Array,
    localOffset: number,
    localPort: number,
    remote: Uint8Array,
    remoteOffset: number,
    remotePort: number,
  ): C | null {
    const bucket =
      this.#buckets[this.#hash(local, localOffset, localPort, remote, remoteOffset, remotePort)]!;
    for (const one of bucket) {
      if (
        one.remote.port === remotePort &&
        one.local.port === localPort &&
        sameIPv6Address(one.remote.address, 0, remote, remoteOffset) &&
        sameIPv6Address(one.local.address, 0, local, localOffset)
      ) {
        return one;
      }
    }
    return null;
  }

  add(connection: C): void {
    if (this.#count >= 2 * this.#buckets.length) this.#grow();
    this.#bucketOf(connection).push(connection);
    this.#count++;
  }

  /** @returns whether it was there */
  remove(connection: C): boolean {
    const bucket = this.#bucketOf(connection);
    const at = bucket.indexOf(connection);
    if (at < 0) return false;
    bucket.splice(at, 1);
    this.#count--;
    return true;
  }

  *[Symbol.iterator](): Generator<C> {
    for (const bucket of this.#buckets) yield* bucket;
  }

  #bucketOf({ local, remote }: C): C[] {
    return this.#buckets[this.#hash(local.address, 0, local.port, remote.address, 0, remote.port)]!;
  }

  #hash(
    local: Uint8Array,
    localOffset: number,
    localPort: number,
    remote: Uint8Array,
    remoteOffset: number,
    remotePort: number,
  ): number {
    const multipliers = this.#multipliers;
    let sum = multipliers[2 * WORDS]!;
    for (let word = 0; word < 4; word++) {
      const one = readInt32(local, localOffset + 4 * word);
      const two = readInt32(remote, remoteOffset + 4 * word);
      sum += Math.imul(multipliers[4 * word]!, one >>> 16);
      sum += Math.imul(multipliers[4 * word + 1]!, one & 0xffff);
      sum += Math.imul(multipliers[4 * word + 2]!, two >>> 16);
      sum += Math.imul(multipliers[4 * word + 3]!, two & 0xffff);
    }
    sum += Math.imul(multipliers[16]!, localPort) + Math.imul(multipliers[17]!, remotePort);
    return sum >>> this.#shift;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = Array.from({ length: 2 * old.length }, () => []);
    this.#shift--;
    for (const bucket of old) {
      for (const connection of bucket) this.#bucketOf(connection).push(connection);
    }
  }
}
