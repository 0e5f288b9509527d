import { endpointKey } from '../datagram/endpointKey.js';
import type { Random } from '../time/random.js';
import type { CompleteNatOptions } from './behavior.js';
import { Filter, remoteKey } from './filter.js';
import { isExpired, type Mapping } from './mapping.js';
import { PortAllocator } from './portAllocator.js';

const FIRST_PURGE = 64;

/** The mappings of a NAT: found by internal endpoint and remote, and by external port. */
export class MappingTable {
  readonly #options: CompleteNatOptions;
  readonly #allocator: PortAllocator;
  readonly #byPort = new Map<number, Mapping>();
  /** By internal endpoint, then by what the mapping behavior distinguishes remotes by. */
  readonly #byInternal = new Map<number, Map<number, Mapping>>();
  readonly #staticMappings = new Map<number, Mapping>();
  /** External ports that are not assigned again: see {@link MappingTable.clear}. */
  #excludedPorts = new Set<number>();
  #purgeAt = FIRST_PURGE;

  constructor(options: CompleteNatOptions, random: Random) {
    this.#options = options;
    this.#allocator = new PortAllocator(options, random);
  }

  /** mappings that have not ended, static ones included. */
  active(now: number): Mapping[] {
    return [...this.#byPort.values()].filter((mapping) => !isExpired(mapping, now));
  }

  /** Forwards an external port to an internal endpoint, without end. @throws Error when the port is taken */
  forward(externalPort: number, internalAddress: number, internalPort: number): void {
    if (this.#byPort.has(externalPort)) throw new Error(`port ${externalPort} is taken`);
    const mapping = { internalAddress, internalPort, externalPort, filter: null, remoteKey: 0 };
    this.#byPort.set(externalPort, mapping);
    this.#staticMappings.set(endpointKey(internalAddress, internalPort), mapping);
  }

  /** The active mapping of an external port, or undefined. */
  atPort(externalPort: number, now: number): Mapping | undefined {
    const mapping = this.#byPort.get(externalPort);
    if (mapping === undefined || !isExpired(mapping, now)) return mapping;
    this.#remove(mapping);
    return undefined;
  }

  /**
   * The mapping for traffic from an internal endpoint to a remote, made when there is none, and its
   * filter opened for the remote; null when no port is left.
   */
  outbound(
    internalAddress: number,
    internalPort: number,
    remoteAddress: number,
    remotePort: number,
    now: number,
  ): Mapping | null {
    const mapping =
      this.#existing(internalAddress, internalPort, remoteAddress, remotePort, now) ??
      this.#create(internalAddress, internalPort, remoteAddress, remotePort, now);
    mapping?.filter?.sentTo(remoteAddress, remotePort, now);
    return mapping;
  }

  /**
   * Removes all mappings but static ones.
   *
   * @param excludePorts - whether internal endpoints that had a mapping get other ports from now on
   */
  clear(excludePorts: boolean): void {
    this.#excludedPorts = new Set();
    for (const mapping of [...this.#byPort.values()]) {
      if (mapping.filter === null) continue;
      if (excludePorts) this.#excludedPorts.add(mapping.externalPort);
      this.#remove(mapping);
    }
  }

  #existing(
    internalAddress: number,
    internalPort: number,
    remoteAddress: number,
    remotePort: number,
    now: number,
  ): Mapping | undefined {
    const internal = endpointKey(internalAddress, internalPort);
    const key = remoteKey(this.#options.mapping, remoteAddress, remotePort);
    const mapping = this.#byInternal.get(internal)?.get(key) ?? this.#staticMappings.get(internal);
    if (mapping === undefined || !isExpired(mapping, now)) return mapping;
    this.#remove(mapping);
    return undefined;
  }

  #create(
    internalAddress: number,
    internalPort: number,
    remoteAddress: number,
    remotePort: number,
    now: number,
  ): Mapping | null {
    if (this.#byPort.size >= this.#purgeAt) this.#purge(now);
    const externalPort = this.#allocator.allocate(internalPort, (port) => this.#isFree(port, now));
    if (externalPort === null) return null;
    const mapping: Mapping = {
      internalAddress,
      internalPort,
      externalPort,
      filter: new Filter(this.#options, now),
      remoteKey: remoteKey(this.#options.mapping, remoteAddress, remotePort),
    };
    const internal = endpointKey(internalAddress, internalPort);
    const siblings = this.#byInternal.get(internal) ?? new Map<number, Mapping>();
    siblings.set(mapping.remoteKey, mapping);
    this.#byInternal.set(internal, siblings);
    this.#byPort.set(externalPort, mapping);
    return mapping;
  }

  #isFree(port: number, now: number): boolean {
    return !this.#excludedPorts.has(port) && this.atPort(port, now) === undefined;
  }

  #purge(now: number): void {
    for (const mapping of [...this.#byPort.values()]) {
      if (isExpired(mapping, now)) this.#remove(mapping);
    }
    this.#purgeAt = Math.max(FIRST_PURGE, 2 * this.#byPort.size);
  }

  #remove(mapping: Mapping): void {
    const internal = endpointKey(mapping.internalAddress, mapping.internalPort);
    this.#byPort.delete(mapping.externalPort);
    const siblings = this.#byInternal.get(internal);
    siblings?.delete(mapping.remoteKey);
    if (siblings?.size === 0) this.#byInternal.delete(internal);
  }
}
