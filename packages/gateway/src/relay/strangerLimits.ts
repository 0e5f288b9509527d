import type { UdpEndpoint } from '@6bed4/codec';
import { RateLimiter } from '@6bed4/tunnel';
import { ByteRate } from './byteRate.js';

/** Datagrams a second to strangers of one IPv4 address, of all clients together. */
const FOR_ADDRESS = { perSecond: 20, burst: 60 };
/** The same to all strangers. */
const FOR_ALL = { perSecond: 2_000, burst: 4_000 };

/** What all clients of a gateway together may send to nodes that have not shown that they want it. */
export class StrangerLimits {
  readonly #forAddress: RateLimiter;
  readonly #forAll = new ByteRate(FOR_ALL);

  /** @param random - numbers in [0, 1) that others cannot predict */
  constructor(random: () => number) {
    this.#forAddress = new RateLimiter(FOR_ADDRESS, random);
  }

  /** Whether one more datagram may be sent. */
  allows(to: Readonly<UdpEndpoint>, now: number): boolean {
    return this.#forAddress.allows(to.addressBits, now) && this.#forAll.take(1, now);
  }
}
