import { type Endpoint, parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { ClientGate, closeCodes, readSubprotocols, StrangerLimits } from '@6bed4/gateway';
import { EndpointPolicy } from '@6bed4/tunnel';
import { endpointKey } from '../datagram/endpointKey.js';
import { Host, type HostAttachment } from '../host/host.js';
import type { LinkDescription } from '../network/link.js';
import type { Random } from '../time/random.js';
import { VirtualTimer } from '../time/virtualTimer.js';
import type { World } from '../world/world.js';
import { ClientPort } from './clientPort.js';
import type { GatewayNodeCounters, GatewayRefusal } from './gatewayCounters.js';
import { GatewayHost } from './gatewayHost.js';
import { completeGateway, type GatewaySettings } from './gatewaySettings.js';
import type { ServerEnd } from './webConnection.js';

/** Milliseconds between two looks at all clients. */
const TICK = 1_000;
const RESUME_LENGTH = 8;
const MS_PER_SECOND = 1000;

/**
 * A host that is a gateway for peers whose networks block UDP, as `6bed4 gateway`: each client has a UDP port of its own,
 * behind the unchanged rules of `@6bed4/gateway`.
 */
export class GatewayNode {
  readonly name: string;
  readonly #host: Host;
  readonly #shared: GatewayHost;
  readonly #world: World;
  readonly #random: Random;
  readonly #ports: number[];
  readonly #policy: EndpointPolicy;
  #strangers: StrangerLimits;
  readonly #byName = new Map<string, ClientPort>();
  readonly #routers: ReadonlySet<number>;
  #isListening = true;
  #timer: VirtualTimer | null = null;

  /** @internal */
  constructor(world: World, name: string, settings: GatewaySettings, attachment: HostAttachment) {
    this.name = name;
    const host = new Host(world, name, attachment);
    const complete = completeGateway(settings);
    this.#world = world;
    this.#host = host;
    this.#shared = new GatewayHost(world, host.addressBits, complete);
    this.#random = world.random.stream(`gateway ${name}`);
    this.#strangers = new StrangerLimits(() => this.#random.next());
    this.#policy = EndpointPolicy.deduceFrom(host.addressBits >>> 0, {});
    this.#routers = new Set(
      complete.routers.map(({ address, port }) => endpointKey(parseIPv4(address), port)),
    );
    this.#ports = this.#shuffled(complete.ports);
  }

  /** Its IPv4 address, which the addresses of its clients contain. */
  get address(): string {
    return this.#host.address;
  }

  /** What it counted so far. */
  get counters(): GatewayNodeCounters {
    return this.#shared.counts;
  }

  /** Clients with a connection, and those that are away. */
  get clients(): { readonly connected: number; readonly away: number } {
    let connected = 0;
    for (const { session } of this.#byName.values()) if (session.connection !== null) connected++;
    return { connected, away: this.#byName.size - connected };
  }

  /** The public endpoints of its clients. */
  get endpoints(): readonly Endpoint[] {
    return [...this.#byName.values()].map(({ session }) => session.endpoint);
  }

  /** Changes its link, for datagrams to come; WebSockets have a path of their own. */
  set link(link: LinkDescription) {
    this.#host.link = link;
  }

  /** @internal */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Ends as its program does: all clients lose connection and endpoint, and it takes no others. */
  stop(): void {
    this.#isListening = false;
    for (const client of [...this.#byName.values()]) {
      this.#remove(client, closeCodes.goingAway, 'the gateway ends');
    }
  }

  /** Takes clients again, and knows none of before. */
  restart(): void {
    this.#isListening = true;
    this.#strangers = new StrangerLimits(() => this.#random.next());
  }

  /** @internal A client has connected. */
  connected(end: ServerEnd, protocols: readonly string[]): void {
    const { counts, settings } = this.#shared;
    const credentials = readSubprotocols(protocols);
    const { tokens, maxClients } = settings;
    if (tokens !== null && !tokens.includes(credentials?.token ?? '')) {
      this.#refuse(end, 'unauthorized', closeCodes.unauthorized, 'a token is needed');
      return;
    }
    const { resume = null } = credentials ?? {};
    const kept = resume === null ? undefined : this.#byName.get(resume);
    if (kept === undefined && this.#byName.size >= maxClients) {
      this.#refuse(end, 'full', closeCodes.tryAgainLater, 'no place for another client');
      return;
    }
    const client = kept ?? this.#newClient();
    if (client === null) {
      this.#refuse(end, 'no-port', closeCodes.tryAgainLater, 'no port is free');
      return;
    }
    counts.connectionsAccepted++;
    if (kept !== undefined) counts.connectionsResumed++;
    client.attach(end, kept !== undefined);
    this.#setTimer();
  }

  /** Nobody knows the next port. */
  #shuffled(ports: readonly number[]): number[] {
    const all = [...ports];
    for (let last = all.length - 1; last > 0; last--) {
      const other = this.#random.integer(0, last);
      [all[last], all[other]] = [all[other]!, all[last]!];
    }
    return all;
  }

  #refuse(end: ServerEnd, refusal: GatewayRefusal, code: number, reason: string): void {
    this.#shared.counts.connectionsEnded[refusal]++;
    end.close(code, reason);
  }

  #newClient(): ClientPort | null {
    const port = this.#ports.shift();
    if (port === undefined) return null;
    const host = this.#host;
    const { settings, byPort } = this.#shared;
    const gate = new ClientGate({
      profile: settings.profile,
      endpoint: new UdpEndpoint(host.addressBits, port),
      isRouter: (to) => this.#routers.has(endpointKey(to.addressBits, to.port)),
      mayReach: (to) => this.#mayReach(to),
      strangers: this.#strangers,
    });
    const endpoint = { address: host.address, port };
    const client = new ClientPort(host, this.#shared, endpoint, this.#newName(), gate);
    byPort.set(port, client);
    this.#byName.set(client.session.resume, client);
    return client;
  }

  #newName(): string {
    for (;;) {
      const name = (this.#random.bits() >>> 0).toString(16).padStart(RESUME_LENGTH, '0');
      if (!this.#byName.has(name)) return name;
    }
  }

  /** Other nodes are on the Internet; of this host there are other clients alone. */
  #mayReach(to: Readonly<UdpEndpoint>): boolean {
    if (!this.#policy.accepts(to)) return false;
    return to.addressBits !== this.#host.addressBits || this.#shared.byPort.has(to.port);
  }

  #remove({ session }: ClientPort, code: number, reason: string): void {
    const { port } = session.endpoint;
    this.#byName.delete(session.resume);
    this.#shared.byPort.delete(port);
    session.close(code, reason);
    this.#ports.push(port);
  }

  #setTimer(): void {
    this.#timer ??= new VirtualTimer(this.#world, () => this.#tick(), TICK);
  }

  #tick(): void {
    this.#timer = null;
    const { now } = this.#world.scheduler;
    const keep = this.#shared.settings.resumeFor * MS_PER_SECOND;
    for (const client of [...this.#byName.values()]) {
      const { session } = client;
      if (session.connection !== null) session.tick(now);
      else if (now - session.detachedAt >= keep) this.#remove(client, closeCodes.done, '');
    }
    if (this.#byName.size > 0) this.#setTimer();
  }
}
