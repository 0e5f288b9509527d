import { endpointKey } from '../datagram/endpointKey.js';
import type { Random } from '../time/random.js';
import type { CompleteNatBehaviour } from './behavior.js';
import { Filter, remoteKey } from './filter.js';
import { isExpired, type Mapping } from './mapping.js';
import { PortAllocator } from './portAllocator.js';

const FIRST_PURGE = 64;

/** The mappings of a NAT: found by inside endpoint and remote, and by outside port. */
export class MappingTable {
  readonly #behaviour: CompleteNatBehaviour;
  readonly #allocator: PortAllocator;
  readonly #byPort = new Map<number, Mapping>();
  /** By inside endpoint, then by what the mapping behaviour distinguishes remotes by. */
  readonly #byInside = new Map<number, Map<number, Mapping>>();
  readonly #forwardings = new Map<number, Mapping>();
  /** Ports that may not come again: see {@link MappingTable.forget}. */
  #burnt = new Set<number>();
  #purgeAt = FIRST_PURGE;

  constructor(behaviour: CompleteNatBehaviour, random: Random) {
    this.#behaviour = behaviour;
    this.#allocator = new PortAllocator(behaviour, random);
  }

  /** Mappings that live at this time, static ones included. */
  living(now: number): Mapping[] {
    return [...this.#byPort.values()].filter((mapping) => !isExpired(mapping, now));
  }

  /** Forwards an outside port to an inside endpoint, for ever. @throws Error when the port is taken */
  forward(outsidePort: number, insideAddress: number, insidePort: number): void {
    if (this.#byPort.has(outsidePort)) throw new Error(`port ${outsidePort} is taken`);
    const mapping = { insideAddress, insidePort, outsidePort, filter: null, remotes: 0 };
    this.#byPort.set(outsidePort, mapping);
    this.#forwardings.set(endpointKey(insideAddress, insidePort), mapping);
  }

  /** The living mapping of an outside port, or undefined. */
  atPort(outsidePort: number, now: number): Mapping | undefined {
    const mapping = this.#byPort.get(outsidePort);
    if (mapping === undefined || !isExpired(mapping, now)) return mapping;
    this.#remove(mapping);
    return undefined;
  }

  /**
   * The mapping for traffic from an inside endpoint to a remote, made when there is none, and its
   * filter opened for the remote; null when no port is left.
   */
  outbound(
    insideAddress: number,
    insidePort: number,
    remoteAddress: number,
    remotePort: number,
    now: number,
  ): Mapping | null {
    const mapping =
      this.#existing(insideAddress, insidePort, remoteAddress, remotePort, now) ??
      this.#create(insideAddress, insidePort, remoteAddress, remotePort, now);
    mapping?.filter?.sentTo(remoteAddress, remotePort, now);
    return mapping;
  }

  /**
   * Forgets all mappings but static ones.
   *
   * @param burnPorts - whether inside endpoints that had a mapping get other ports from now on
   */
  forget(burnPorts: boolean): void {
    this.#burnt = new Set();
    for (const mapping of [...this.#byPort.values()]) {
      if (mapping.filter === null) continue;
      if (burnPorts) this.#burnt.add(mapping.outsidePort);
      this.#remove(mapping);
    }
  }

  #existing(
    insideAddress: number,
    insidePort: number,
    remoteAddress: number,
    remotePort: number,
    now: number,
  ): Mapping | undefined {
    const inside = endpointKey(insideAddress, insidePort);
    const remotes = remoteKey(this.#behaviour.mapping, remoteAddress, remotePort);
    const mapping = this.#byInside.get(inside)?.get(remotes) ?? this.#forwardings.get(inside);
    if (mapping === undefined || !isExpired(mapping, now)) return mapping;
    this.#remove(mapping);
    return undefined;
  }

  #create(
    insideAddress: number,
    insidePort: number,
    remoteAddress: number,
    remotePort: number,
    now: number,
  ): Mapping | null {
    if (this.#byPort.size >= this.#purgeAt) this.#purge(now);
    const outsidePort = this.#allocator.allocate(insidePort, (port) => this.#isFree(port, now));
    if (outsidePort === null) return null;
    const mapping: Mapping = {
      insideAddress,
      insidePort,
      outsidePort,
      filter: new Filter(this.#behaviour, now),
      remotes: remoteKey(this.#behaviour.mapping, remoteAddress, remotePort),
    };
    const inside = endpointKey(insideAddress, insidePort);
    const siblings = this.#byInside.get(inside) ?? new Map<number, Mapping>();
    siblings.set(mapping.remotes, mapping);
    this.#byInside.set(inside, siblings);
    this.#byPort.set(outsidePort, mapping);
    return mapping;
  }

  #isFree(port: number, now: number): boolean {
    return !this.#burnt.has(port) && this.atPort(port, now) === undefined;
  }

  #purge(now: number): void {
    for (const mapping of [...this.#byPort.values()]) {
      if (isExpired(mapping, now)) this.#remove(mapping);
    }
    this.#purgeAt = Math.max(FIRST_PURGE, 2 * this.#byPort.size);
  }

  #remove(mapping: Mapping): void {
    const inside = endpointKey(mapping.insideAddress, mapping.insidePort);
    this.#byPort.delete(mapping.outsidePort);
    const siblings = this.#byInside.get(inside);
    siblings?.delete(mapping.remotes);
    if (siblings?.size === 0) this.#byInside.delete(inside);
  }
}
