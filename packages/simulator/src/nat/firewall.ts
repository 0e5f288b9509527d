import type { Datagram } from '../datagram/datagram.js';
import { endpointKey } from '../datagram/endpointKey.js';
import type { World } from '../world/world.js';
import { completeFilteringOptions, type FilteringOptions } from './behavior.js';
import { Filter } from './filter.js';
import { Middlebox, type MiddleboxAttachment } from './middlebox.js';

/** A stateful firewall: hosts behind it keep their addresses, and must send first. */
export class Firewall extends Middlebox {
  readonly #options: Required<FilteringOptions>;
  /** By internal endpoint. */
  readonly #filters = new Map<number, Filter>();

  /** @internal */
  constructor(
    world: World,
    name: string,
    options: FilteringOptions,
    attachment: MiddleboxAttachment,
  ) {
    const complete = completeFilteringOptions(options);
    super(world, name, complete.permits, attachment);
    this.#options = complete;
  }

  /** Its options, all defaults filled in. */
  get options(): Required<FilteringOptions> {
    return this.#options;
  }

  /** Removes all sessions, as a restart does. */
  reset(): void {
    this.#filters.clear();
  }

  /** @internal */
  attached(address: number): void {
    this.externalInterface.claim(address);
  }

  /** @internal */
  detached(address: number): void {
    this.externalInterface.release(address);
  }

  /** @internal */
  protected override outbound(datagram: Datagram, now: number): void {
    const key = endpointKey(datagram.source, datagram.sourcePort);
    let filter = this.#filters.get(key);
    if (filter === undefined || filter.isExpired(now)) {
      filter = new Filter(this.#options, now);
      this.#filters.set(key, filter);
    }
    filter.sentTo(datagram.destination, datagram.destinationPort, now);
    this.externalInterface.up.carry(datagram);
  }

  /** @internal */
  protected override inbound(datagram: Datagram, now: number): void {
    const filter = this.#filters.get(endpointKey(datagram.destination, datagram.destinationPort));
    const isAdmitted =
      filter !== undefined &&
      !filter.isExpired(now) &&
      filter.admits(datagram.source, datagram.sourcePort, now);
    if (isAdmitted) this.internalNetwork.deliver(datagram);
    else this.world.drop(this.name, datagram, 'filter');
  }
}
