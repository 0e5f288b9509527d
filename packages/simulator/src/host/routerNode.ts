import { type Endpoint, reference2020 } from '@6bed4/codec';
import { Router, type RouterOptions, type TunnelEvent } from '@6bed4/tunnel';
import type { LinkDescription } from '../network/link.js';
import type { World } from '../world/world.js';
import { Host, type HostAttachment } from './host.js';
import { HostRunner } from './hostRunner.js';

/** Options of a {@link RouterNode}: those of its machine that the simulation does not fill in. */
export type RouterSettings = Omit<RouterOptions, 'address' | 'random'>;

/** A host that runs the unchanged `Router` of @6bed4/tunnel. */
export class RouterNode {
  readonly name: string;
  readonly #host: Host;
  readonly #runner: HostRunner<Router>;
  readonly #make: (sink: ConstructorParameters<typeof Router>[1]) => Router;
  /** Packets that it delivered to its IPv6 side, in order. */
  readonly delivered: Uint8Array[] = [];
  /** All events of the machine, in order. */
  readonly events: TunnelEvent[] = [];

  /** @internal */
  constructor(
    world: World,
    name: string,
    settings: RouterSettings,
    clockOffset: number,
    attachment: HostAttachment,
  ) {
    this.name = name;
    this.#host = new Host(world, name, attachment);
    const random = world.random.stream(`router ${name}`);
    const options = { ...settings, address: this.#host.address, random: () => random.next() };
    this.#make = (sink) => new Router(options, sink);
    const user = {
      packetDelivered: (packet: Uint8Array) => this.delivered.push(packet),
      eventHappened: (event: TunnelEvent) => this.events.push(event),
    };
    const port = settings.port ?? (settings.profile ?? reference2020).port;
    this.#runner = new HostRunner(world, this.#host, port, clockOffset, user, this.#make);
  }

  /** The machine itself. */
  get machine(): Router {
    return this.#runner.machine;
  }

  /** Its IPv4 address and UDP port. */
  get endpoint(): Endpoint {
    return this.machine.endpoint;
  }

  /** Its own IPv6 address, RFC 5952. */
  get address(): string {
    return this.machine.address;
  }

  /** Changes its link, for datagrams to come. */
  set link(link: LinkDescription) {
    this.#host.link = link;
  }

  /** Sends an IPv6 packet from its IPv6 side. */
  sendPacket(packet: Uint8Array): void {
    this.#runner.sendPacket(packet);
  }

  /** Leaves its network, so that its address does not answer. */
  stop(): void {
    this.#host.unplug();
  }

  /** Returns to its network with a new machine, without any state of the old one. */
  restart(): void {
    this.#runner.replace(this.#make);
    this.#host.plug();
  }

  /** The machine's clock jumps ahead by whole milliseconds. */
  jump(milliseconds: number): void {
    this.#runner.jump(milliseconds);
  }
}
