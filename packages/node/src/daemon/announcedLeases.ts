import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';

/** Tells of a lease, and of the one before that was told of, or null. */
export type Announcement = (lease: AddressLease, previous: AddressLease | null) => void;

/** Which leases the user was told of: only those whose address is on the interface. */
export class AnnouncedLeases {
  readonly #announced = new Map<string, AddressLease>();
  readonly #waiting = new Map<string, AddressLease>();
  readonly #isInPlace: (address: string) => boolean;
  readonly #announce: Announcement;

  constructor(isInPlace: (address: string) => boolean, announce: Announcement) {
    this.#isInPlace = isInPlace;
    this.#announce = announce;
  }

  /** A router gave an address. */
  acquired(lease: AddressLease): void {
    this.#waiting.set(formatEndpoint(lease.router), lease);
    this.interfaceChanged();
  }

  /** An address is given up. @returns whether the user was told of an address of this router */
  lost(router: Endpoint): boolean {
    const key = formatEndpoint(router);
    this.#waiting.delete(key);
    return this.#announced.delete(key);
  }

  /** Tells of those whose address has come to the interface. */
  interfaceChanged(): void {
    for (const [key, lease] of this.#waiting) {
      if (!this.#isInPlace(lease.address)) continue;
      this.#waiting.delete(key);
      const previous = this.#announced.get(key) ?? null;
      this.#announced.set(key, lease);
      this.#announce(lease, previous);
    }
  }
}
