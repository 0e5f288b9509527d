import { readInt32 } from '@6bed4/codec';
import type { TcpEndpoint } from '../connection/connectionOptions.js';
import type { SipHash } from './sipHash.js';

/** Steps of the clock in a millisecond: one each four microseconds (RFC 6528 §3). */
const STEPS = 250;

/** Initial sequence numbers, timestamps and ports that outsiders cannot guess. */
export class InitialNumbers {
  readonly #hash: SipHash;
  readonly #words = new Int32Array(10);
  /** Counters of RFC 6056 §3.3.4. */
  readonly #counters = new Uint16Array(16);

  constructor(hash: SipHash) {
    this.#hash = hash;
  }

  /** ISS: a clock, and a keyed hash of the endpoints (RFC 6528 §3). */
  sequence(local: TcpEndpoint, remote: TcpEndpoint, now: number): number {
    const clock = Math.floor((now * STEPS) % 0x1_0000_0000);
    return (clock + this.#of(local, remote, local.port, 1)) | 0;
  }

  /** The offset of our timestamps to the clock, one for each pair of endpoints (RFC 7323 §5.4). */
  timestampOffset(local: TcpEndpoint, remote: TcpEndpoint): number {
    return this.#of(local, remote, local.port, 2);
  }

  /**
   * A free local port: Double-Hash Port Selection (RFC 6056 §3.3.4).
   *
   * @param lowest - of the range, which has `count` ports
   * @returns 0 when none is free
   */
  port(
    local: Uint8Array,
    remote: TcpEndpoint,
    range: { lowest: number; count: number },
    isFree: (port: number) => boolean,
  ): number {
    const side = { address: local, port: 0 };
    const offset = this.#of(side, remote, 0, 3) >>> 0;
    const index = this.#of(side, remote, 0, 4) & (this.#counters.length - 1);
    for (let attempt = 0; attempt < range.count; attempt++) {
      const port = range.lowest + ((offset + this.#counters[index]!) % range.count);
      this.#counters[index]!++;
      if (isFree(port)) return port;
    }
    return 0;
  }

  #of(local: TcpEndpoint, remote: TcpEndpoint, localPort: number, purpose: number): number {
    const words = this.#words;
    for (let word = 0; word < 4; word++) {
      words[word] = readInt32(local.address, 4 * word);
      words[4 + word] = readInt32(remote.address, 4 * word);
    }
    words[8] = (localPort << 16) | remote.port;
    words[9] = purpose;
    return this.#hash.hash(words);
  }
}
