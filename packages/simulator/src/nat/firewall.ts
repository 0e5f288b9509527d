import type { Datagram } from '../datagram/datagram.js';
import { endpointKey } from '../datagram/endpointKey.js';
import type { World } from '../world/world.js';
import { completeFiltering, type FilteringBehaviour } from './behavior.js';
import { Filter } from './filter.js';
import { Middlebox, type MiddleboxPlace } from './middlebox.js';

/** A stateful firewall: hosts behind it keep their addresses, and must speak first. */
export class Firewall extends Middlebox {
  readonly #behaviour: Required<FilteringBehaviour>;
  /** By inside endpoint. */
  readonly #filters = new Map<number, Filter>();

  /** @internal */
  constructor(world: World, name: string, behaviour: FilteringBehaviour, place: MiddleboxPlace) {
    const complete = completeFiltering(behaviour);
    super(world, name, complete.permits, place);
    this.#behaviour = complete;
  }

  /** What it does, all defaults filled in. */
  get behaviour(): Required<FilteringBehaviour> {
    return this.#behaviour;
  }

  /** Forgets all sessions, as a firewall that restarts. */
  forget(): void {
    this.#filters.clear();
  }

  /** @internal */
  attached(address: number): void {
    this.outside.claim(address);
  }

  /** @internal */
  detached(address: number): void {
    this.outside.release(address);
  }

  /** @internal */
  protected override outbound(datagram: Datagram, now: number): void {
    const key = endpointKey(datagram.source, datagram.sourcePort);
    let filter = this.#filters.get(key);
    if (filter === undefined || filter.isExpired(now)) {
      filter = new Filter(this.#behaviour, now);
      this.#filters.set(key, filter);
    }
    filter.sentTo(datagram.destination, datagram.destinationPort, now);
    this.outside.up.carry(datagram);
  }

  /** @internal */
  protected override inbound(datagram: Datagram, now: number): void {
    const filter = this.#filters.get(endpointKey(datagram.destination, datagram.destinationPort));
    const isAdmitted =
      filter !== undefined &&
      !filter.isExpired(now) &&
      filter.admits(datagram.source, datagram.sourcePort, now);
    if (isAdmitted) this.inside.deliver(datagram);
    else this.world.drop(this.name, datagram, 'filter');
  }
}
