import { formatIPv4, parseEndpoint, parseIPv4 } from '@6bed4/codec';
import type { Datagram } from '../datagram/datagram.js';
import { endpointText } from '../datagram/endpointKey.js';
import type { World } from '../world/world.js';
import { type CompleteNatOptions, completeNatOptions, type NatOptions } from './behavior.js';
import type { Mapping } from './mapping.js';
import { MappingTable } from './mappingTable.js';
import { Middlebox, type MiddleboxAttachment } from './middlebox.js';

/** What has a lower TTL causes an ICMP error, where a NAT depends on that. */
const LEAST_ARRIVING_TTL = 8;

/** A mapping as users see it. */
export interface MappingSnapshot {
  /** `A.B.C.D:port` in the internal network. */
  readonly internal: string;
  /** `A.B.C.D:port` in the external network. */
  readonly external: string;
  /** Whether it is a static forwarding. */
  readonly isStatic: boolean;
}

/** A NAT for UDP with any behavior of RFC 4787. */
export class Nat extends Middlebox {
  readonly #options: CompleteNatOptions;
  readonly #mappings: MappingTable;
  #external: number;

  /** @internal @param external - external address, int32 */
  constructor(
    world: World,
    name: string,
    options: NatOptions,
    external: number,
    attachment: MiddleboxAttachment,
  ) {
    const complete = completeNatOptions(options);
    super(world, name, complete.permits, attachment);
    this.#options = complete;
    this.#mappings = new MappingTable(complete, world.random.stream(`nat ${name}`));
    this.#external = external;
    this.externalInterface.claim(external);
  }

  /** Its options, all defaults filled in. */
  get options(): CompleteNatOptions {
    return this.#options;
  }

  /** Its external IPv4 address. */
  get external(): string {
    return formatIPv4(this.#external);
  }

  /** The mappings that have not ended. */
  get mappings(): readonly MappingSnapshot[] {
    return this.#mappings.active(this.world.scheduler.now).map((mapping) => ({
      internal: endpointText(mapping.internalAddress, mapping.internalPort),
      external: endpointText(this.#external, mapping.externalPort),
      isStatic: mapping.filter === null,
    }));
  }

  /**
   * Forwards an external port to an internal endpoint (`A.B.C.D:port`), open to every remote, without end.
   *
   * @throws Error when the port is taken
   */
  forward(externalPort: number, internal: string): void {
    const { address, port } = parseEndpoint(internal);
    this.#mappings.forward(externalPort, parseIPv4(address) | 0, port);
  }

  /** Removes all mappings, as a restart does; static forwardings stay. */
  reset(): void {
    this.#mappings.clear(false);
  }

  /**
   * Removes all mappings and assigns other external ports from now on; with an address, also takes that one
   * instead of its own, as after a reconnection.
   *
   * @throws Error when the address is taken
   */
  rebind(external?: string): void {
    this.#mappings.clear(true);
    if (external === undefined) return;
    const address = parseIPv4(external) | 0;
    this.externalInterface.claim(address);
    this.externalInterface.release(this.#external);
    this.#external = address;
  }

  /** @internal */
  attached(): void {}

  /** @internal */
  detached(): void {}

  /** @internal */
  protected override outbound(datagram: Datagram, now: number): void {
    const isHairpin = datagram.destination === this.#external;
    if (isHairpin && this.#options.hairpinning === 'off') {
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
      this.#hairpin(datagram, mapping, now);
      return;
    }
    if (this.#options.closesOnErrors && datagram.ttl < LEAST_ARRIVING_TTL) {
      mapping.filter?.close(destination, destinationPort);
    }
    datagram.source = this.#external;
    datagram.sourcePort = mapping.externalPort;
    this.world.trace?.record('translate', this.name, datagram, now);
    this.externalInterface.up.carry(datagram);
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

  /** RFC 4787 §6: the filter sees the sender as the external network would, whatever source the packet gets. */
  #hairpin(datagram: Datagram, sender: Mapping, now: number): void {
    if (this.#options.hairpinning === 'external-source') {
      datagram.source = this.#external;
      datagram.sourcePort = sender.externalPort;
    }
    this.#admit(datagram, this.#external, sender.externalPort, now);
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
    datagram.destination = mapping.internalAddress;
    datagram.destinationPort = mapping.internalPort;
    this.world.trace?.record('translate', this.name, datagram, now);
    this.internalNetwork.deliver(datagram);
  }
}
