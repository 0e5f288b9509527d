import { formatIPv4, parseEndpoint, parseIPv4 } from '@6bed4/codec';
import type { Datagram } from '../datagram/datagram.js';
import { endpointText } from '../datagram/endpointKey.js';
import type { World } from '../world/world.js';
import { type CompleteNatBehaviour, completeNat, type NatBehaviour } from './behavior.js';
import type { Mapping } from './mapping.js';
import { MappingTable } from './mappingTable.js';
import { Middlebox, type MiddleboxPlace } from './middlebox.js';

/** A mapping as users see it. */
export interface MappingSnapshot {
  /** `A.B.C.D:port` on the inside. */
  readonly inside: string;
  /** `A.B.C.D:port` on the outside. */
  readonly outside: string;
  /** Whether it is a static forwarding. */
  readonly isStatic: boolean;
}

/** A NAT for UDP with any behaviour of RFC 4787. */
export class Nat extends Middlebox {
  readonly #behaviour: CompleteNatBehaviour;
  readonly #mappings: MappingTable;
  #external: number;

  /** @internal @param external - outside address, int32 */
  constructor(
    world: World,
    name: string,
    behaviour: NatBehaviour,
    external: number,
    place: MiddleboxPlace,
  ) {
    const complete = completeNat(behaviour);
    super(world, name, complete.permits, place);
    this.#behaviour = complete;
    this.#mappings = new MappingTable(complete, world.random.stream(`nat ${name}`));
    this.#external = external;
    this.outside.claim(external);
  }

  /** What it does, all defaults filled in. */
  get behaviour(): CompleteNatBehaviour {
    return this.#behaviour;
  }

  /** Its outside IPv4 address. */
  get external(): string {
    return formatIPv4(this.#external);
  }

  /** The mappings that live now. */
  get mappings(): readonly MappingSnapshot[] {
    return this.#mappings.living(this.world.scheduler.now).map((mapping) => ({
      inside: endpointText(mapping.insideAddress, mapping.insidePort),
      outside: endpointText(this.#external, mapping.outsidePort),
      isStatic: mapping.filter === null,
    }));
  }

  /**
   * Forwards an outside port to an inside endpoint (`A.B.C.D:port`), for everybody and for ever.
   *
   * @throws Error when the port is taken
   */
  forward(outsidePort: number, inside: string): void {
    const { address, port } = parseEndpoint(inside);
    this.#mappings.forward(outsidePort, parseIPv4(address) | 0, port);
  }

  /** Loses all mappings, as a NAT that restarts; static forwardings stay. */
  forget(): void {
    this.#mappings.forget(false);
  }

  /**
   * Loses all mappings and gives other outside ports from now on; with an address, also takes that one
   * instead of its own, as after a reconnection.
   *
   * @throws Error when somebody has the address
   */
  rebind(external?: string): void {
    this.#mappings.forget(true);
    if (external === undefined) return;
    const address = parseIPv4(external) | 0;
    this.outside.claim(address);
    this.outside.release(this.#external);
    this.#external = address;
  }

  /** @internal */
  attached(): void {}

  /** @internal */
  detached(): void {}

  /** @internal */
  protected override outbound(datagram: Datagram, now: number): void {
    const isHairpin = datagram.destination === this.#external;
    if (isHairpin && this.#behaviour.hairpinning === 'off') {
      this.world.drop(this.name, datagram, 'hairpin');
      return;
    }
    const { source, sourcePort, destination, destinationPort } = datagram;
    const mapping = this.#mappings.outbound(source, sourcePort, destination, destinationPort, now);
    if (mapping === null) {
      this.world.drop(this.name, datagram, 'ports');
      return;
    }
    if (isHairpin) {
      this.#turnBack(datagram, mapping, now);
      return;
    }
    datagram.source = this.#external;
    datagram.sourcePort = mapping.outsidePort;
    this.world.trace?.record('translate', this.name, datagram, now);
    this.outside.up.carry(datagram);
  }

  /** @internal */
  protected override inbound(datagram: Datagram, now: number): void {
    if (datagram.destination !== this.#external) {
      // It was on its way when the address changed.
      this.world.drop(this.name, datagram, 'no-route');
      return;
    }
    this.#admit(datagram, datagram.source, datagram.sourcePort, now);
  }

  /** RFC 4787 §6: the filter sees the sender as the outside would, whatever source is presented. */
  #turnBack(datagram: Datagram, sender: Mapping, now: number): void {
    if (this.#behaviour.hairpinning === 'external-source') {
      datagram.source = this.#external;
      datagram.sourcePort = sender.outsidePort;
    }
    this.#admit(datagram, this.#external, sender.outsidePort, now);
  }

  #admit(datagram: Datagram, remote: number, remotePort: number, now: number): void {
    const mapping = this.#mappings.atPort(datagram.destinationPort, now);
    if (mapping === undefined) {
      this.world.drop(this.name, datagram, 'no-mapping');
      return;
    }
    if (mapping.filter !== null && !mapping.filter.admits(remote, remotePort, now)) {
      this.world.drop(this.name, datagram, 'filter');
      return;
    }
    datagram.destination = mapping.insideAddress;
    datagram.destinationPort = mapping.insidePort;
    this.world.trace?.record('translate', this.name, datagram, now);
    this.inside.deliver(datagram);
  }
}
