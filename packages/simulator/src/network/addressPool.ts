import { parseIPv4 } from '@6bed4/codec';

const IPV4_BITS = 32;

/** Hands out IPv4 addresses of a network in order, without its first two and its last. */
export class AddressPool {
  /** The network, `A.B.C.D/length`. */
  readonly network: string;
  readonly #last: number;
  #next: number;

  /** @param network - `A.B.C.D/length`. @throws Error when that is not a network of 4 or more */
  constructor(network: string) {
    const [base, length] = network.split('/') as [string, string | undefined];
    const bits = Number(length);
    if (!/^\d+$/.test(length ?? '') || bits > IPV4_BITS - 2) {
      throw new Error(`network: ${network}, expected A.B.C.D/0 to A.B.C.D/30`);
    }
    const size = 2 ** (IPV4_BITS - bits);
    const first = parseIPv4(base, 'network');
    if (first % size !== 0) throw new Error(`network: ${network} has bits beyond its length`);
    this.network = network;
    this.#next = first + 2;
    this.#last = first + size - 2;
  }

  /** The next address that is not `taken`, as int32. @throws Error when none is left */
  take(taken: (address: number) => boolean): number {
    while (this.#next <= this.#last) {
      const address = this.#next++ | 0;
      if (!taken(address)) return address;
    }
    throw new Error(`no address is left in ${this.network}`);
  }
}
