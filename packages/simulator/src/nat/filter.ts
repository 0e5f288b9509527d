import { endpointKey } from '../datagram/endpointKey.js';
import type { Dependence, FilteringBehaviour } from './behavior.js';

/** All remotes are one when the filter looks at none. */
const ANYBODY = 0;

/** What a filter or a mapping distinguishes remotes by, as a number. */
export function remoteKey(dependence: Dependence, address: number, port: number): number {
  switch (dependence) {
    case 'endpoint-independent':
      return ANYBODY;
    case 'address-dependent':
      return address >>> 0;
    case 'address-and-port-dependent':
      return endpointKey(address, port);
  }
}

/** One inside endpoint's openness: the remotes it has sent to, and until when they are let in. */
export class Filter {
  readonly #behaviour: Required<FilteringBehaviour>;
  readonly #openUntil = new Map<number, number>();
  #expiresAt: number;

  constructor(behaviour: Required<FilteringBehaviour>, now: number) {
    this.#behaviour = behaviour;
    this.#expiresAt = now + behaviour.mappingTimeout;
  }

  /** Whether nothing has refreshed it for the mapping timeout. */
  isExpired(now: number): boolean {
    return now >= this.#expiresAt;
  }

  /** Traffic went out to this remote. */
  sentTo(address: number, port: number, now: number): void {
    const { filtering, mappingTimeout, filterTimeout } = this.#behaviour;
    this.#expiresAt = now + mappingTimeout;
    this.#openUntil.set(remoteKey(filtering, address, port), now + filterTimeout);
  }

  /** Whether this remote may send in; refreshes when inbound traffic does. */
  admits(address: number, port: number, now: number): boolean {
    const { filtering, refresh, mappingTimeout, filterTimeout } = this.#behaviour;
    const key = remoteKey(filtering, address, port);
    // Who looks at no remote has nothing to remember but the mapping itself.
    if (filtering !== 'endpoint-independent') {
      const until = this.#openUntil.get(key);
      if (until === undefined) return false;
      if (now >= until) {
        this.#openUntil.delete(key);
        return false;
      }
    }
    if (refresh === 'both') {
      this.#expiresAt = now + mappingTimeout;
      this.#openUntil.set(key, now + filterTimeout);
    }
    return true;
  }
}
