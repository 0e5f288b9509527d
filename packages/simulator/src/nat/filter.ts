import { endpointKey } from '../datagram/endpointKey.js';
import type { FilteringBehavior, FilteringOptions, MappingBehavior } from './behavior.js';

/** The key of every remote where the behavior does not distinguish them. */
const ANY_REMOTE = 0;

/** The part of a remote endpoint that a behavior distinguishes, as a number. */
export function remoteKey(
  behavior: MappingBehavior | FilteringBehavior,
  address: number,
  port: number,
): number {
  switch (behavior) {
    case 'endpoint-independent':
      return ANY_REMOTE;
    case 'address-dependent':
      return address >>> 0;
    case 'address-and-port-dependent':
      return endpointKey(address, port);
  }
}

/** The remotes that one internal endpoint has sent to, and until when each may send in. */
export class Filter {
  readonly #options: Required<FilteringOptions>;
  readonly #openUntil = new Map<number, number>();
  #expiresAt: number;

  constructor(options: Required<FilteringOptions>, now: number) {
    this.#options = options;
    this.#expiresAt = now + options.mappingTimeout;
  }

  /** Whether nothing has refreshed it for the mapping timeout. */
  isExpired(now: number): boolean {
    return now >= this.#expiresAt;
  }

  /** A packet went out to this remote. */
  sentTo(address: number, port: number, now: number): void {
    const { filtering, mappingTimeout, filterTimeout } = this.#options;
    this.#expiresAt = now + mappingTimeout;
    this.#openUntil.set(remoteKey(filtering, address, port), now + filterTimeout);
  }

  /** This remote may send in no more. */
  close(address: number, port: number): void {
    this.#openUntil.delete(remoteKey(this.#options.filtering, address, port));
  }

  /** Whether this remote may send in; refreshes the filter where inbound packets do. */
  admits(address: number, port: number, now: number): boolean {
    const { filtering, refreshDirection, mappingTimeout, filterTimeout } = this.#options;
    const key = remoteKey(filtering, address, port);
    // An endpoint-independent filter depends on nothing but the mapping itself.
    if (filtering !== 'endpoint-independent') {
      const until = this.#openUntil.get(key);
      if (until === undefined) return false;
      if (now >= until) {
        this.#openUntil.delete(key);
        return false;
      }
    }
    if (refreshDirection === 'both') {
      this.#expiresAt = now + mappingTimeout;
      this.#openUntil.set(key, now + filterTimeout);
    }
    return true;
  }
}
