import { formatIPv4, parseIPv6, reference2020 } from '@6bed4/codec';
import {
  buildEcho,
  DEFAULT_HOP_LIMIT,
  echoReplyTo,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  parseEcho,
  setTrafficClass,
  trafficClass,
} from '@6bed4/nd';
import { Peer, type RemoteSnapshot, type TunnelEvent } from '@6bed4/tunnel';
import {
  buildNumberedUdp,
  echoFields,
  parseApplicationPacket,
  type ReceivedPacket,
} from '../application/applicationPacket.js';
import { TcpHost } from '../application/tcpHost.js';
import { openWebUplink } from '../gateway/openWebUplink.js';
import type { WebUplink } from '../gateway/webUplink.js';
import type { LinkDescription } from '../network/link.js';
import type { World } from '../world/world.js';
import { Host, type HostAttachment } from './host.js';
import { HostRunner } from './hostRunner.js';
import type { PathReport } from './pathReport.js';
import type { PeerSettings, TimedEvent } from './peerSettings.js';

const ALL_HOSTS = '224.0.0.1';
/** Most moves to another UDP port, as in the driver for Node.js. */
const PORT_MOVES = 16;
const MOST_SEQUENCE = 0x1_0000_0000;
const ECN_MASK = 0x03;

/** A host that runs the unchanged `Peer` of @6bed4/tunnel, and a small application. */
export class PeerNode {
  readonly name: string;
  readonly #world: World;
  readonly #host: Host;
  readonly #runner: HostRunner<Peer>;
  readonly #settings: PeerSettings;
  readonly #paths = new Map<string, PathReport>();
  #sequence = 0;
  #moves = 0;
  #tcp: TcpHost | null = null;
  /** Its way to a gateway; null when it has UDP alone. */
  readonly web: WebUplink | null;
  /** All packets that the application received, in order. */
  readonly received: ReceivedPacket[] = [];
  /** All events of the machine, in order. */
  readonly events: TimedEvent[] = [];
  /** Called for every packet that the application receives. */
  onPacket: (packet: Uint8Array) => void = () => {};

  /** @internal */
  constructor(
    world: World,
    name: string,
    settings: PeerSettings,
    clockOffset: number,
    attachment: HostAttachment,
  ) {
    this.name = name;
    this.#world = world;
    this.#settings = settings;
    this.#host = new Host(world, name, attachment);
    const random = world.random.stream(`peer ${name}`);
    const {
      port,
      answersEcho,
      records,
      joinsLan,
      trafficClass: _,
      tcp,
      web,
      ...machine
    } = settings;
    const options = { ...machine, random: () => random.next() };
    const { layout, port: wellKnownPort } = settings.profile ?? reference2020;
    this.#runner = new HostRunner(
      world,
      this.#host,
      port ?? this.#host.freePort((candidate) => layout.acceptsPort(candidate)),
      clockOffset,
      this,
      (sink) => new Peer(options, sink),
    );
    if (joinsLan ?? true) this.#host.join(ALL_HOSTS, wellKnownPort);
    this.web = web === undefined ? null : openWebUplink(world, this.#host, this.#runner, web);
    this.#tellSubnets();
  }

  /** The machine itself. */
  get machine(): Peer {
    return this.#runner.machine;
  }

  /**
   * Its IPv6 address of the first router with a lease, RFC 5952, and of one that is reachable, if any; null when
   * there is none.
   */
  get address(): string | null {
    const { uplinks } = this.machine;
    const preferred = uplinks.find(({ reachable, lease }) => reachable && lease !== null);
    return preferred?.lease?.address ?? this.addresses[0] ?? null;
  }

  /** Its IPv6 addresses, RFC 5952, in the order of its routers. */
  get addresses(): string[] {
    return this.machine.uplinks.flatMap(({ lease }) => (lease === null ? [] : [lease.address]));
  }

  /** Its own IPv4 address, before any translation. */
  get ipv4(): string {
    return this.#host.address;
  }

  /** The UDP port of its socket. */
  get port(): number {
    return this.#runner.port;
  }

  /** The last report of the machine about each remote, by IPv6 address. */
  get paths(): ReadonlyMap<string, PathReport> {
    return this.#paths;
  }

  /** The machine's own list of remotes; its times are those of the machine's clock. */
  get remotes(): readonly RemoteSnapshot[] {
    return this.machine.remotes(this.#runner.now());
  }

  /**
   * TCP of its programs. From the first use on, TCP segments that come out of the tunnel are for its stack; before
   * that, nothing answers them.
   */
  get tcp(): TcpHost {
    this.#tcp ??= this.#makeTcp();
    return this.#tcp;
  }

  /** Changes its link, for datagrams to come. */
  set link(link: LinkDescription) {
    this.#host.link = link;
  }

  /** Starts to solicit addresses from its routers. */
  start(): void {
    this.#runner.command((peer, now) => peer.start(now));
  }

  /** Releases its addresses and stops sending. */
  stop(): void {
    this.#runner.command((peer, now) => peer.stop(now));
  }

  /** Solicits all routers again. */
  solicit(): void {
    this.#runner.command((peer, now) => peer.solicit(now));
  }

  /** Runs any command of the machine. */
  command(run: (peer: Peer, now: number) => void): void {
    this.#runner.command(run);
  }

  /** The machine's clock jumps ahead by whole milliseconds, as after a suspension. */
  jump(milliseconds: number): void {
    this.#runner.jump(milliseconds);
    this.#tcp?.resume();
    this.web?.networkChanged();
  }

  /**
   * Its program stops for a while, as in a sleeping computer: up to 256 datagrams wait in its socket. Nothing
   * may be sent from it meanwhile.
   */
  pause(): void {
    this.#runner.pause();
  }

  /**
   * Its program goes on.
   *
   * @param clockStood - whether the machine's clock stood still meanwhile; default false
   */
  unpause(clockStood = false): void {
    this.#runner.unpause(clockStood);
    this.#tcp?.resume();
    this.web?.resume();
    this.web?.networkChanged();
  }

  /** Leaves its network: what it sends and what is sent to it is lost. */
  unplug(): void {
    this.#host.unplug();
    if (this.web !== null) this.web.path.isUp = false;
    this.#tellSubnets();
  }

  /** Returns to its network, and solicits its routers again. */
  plug(): void {
    this.#host.plug();
    if (this.web !== null) this.web.path.isUp = true;
    this.#networkChanged();
  }

  /** @internal Moves to another network or address, and solicits its routers again. */
  moveTo(attachment: HostAttachment): void {
    this.#host.move(attachment);
    if (this.web !== null) {
      this.web.path.lose();
      this.web.path.isUp = true;
    }
    this.#networkChanged();
  }

  /**
   * Sends an echo request with `size` bytes of data.
   *
   * @param to - IPv6 address
   * @returns its sequence number, null when this peer has no address yet
   */
  ping(to: string, size = 8): number | null {
    const source = this.address;
    if (source === null) return null;
    const sequence = this.#nextSequence();
    this.#sendClassed(
      buildEcho({
        type: 'echo-request',
        source: parseIPv6(source),
        destination: parseIPv6(to),
        hopLimit: DEFAULT_HOP_LIMIT,
        ...echoFields(sequence),
        data: new Uint8Array(size),
      }),
    );
    return sequence;
  }

  /**
   * Sends a numbered UDP message.
   *
   * @param to - IPv6 address
   * @returns its sequence number, null when this peer has no address yet
   */
  sendUdp(to: string, payload: Uint8Array = new Uint8Array(0)): number | null {
    const source = this.address;
    if (source === null) return null;
    const sequence = this.#nextSequence();
    this.#sendClassed(buildNumberedUdp(parseIPv6(source), parseIPv6(to), sequence, payload));
    return sequence;
  }

  /** Sends any IPv6 packet; its hop limit may be changed in place. */
  sendPacket(packet: Uint8Array): void {
    this.#runner.sendPacket(packet);
  }

  /** Whether the echo request of this number was answered. */
  wasAnswered(sequence: number | null): boolean {
    return this.received.some(
      (packet) => packet.kind === 'echo-reply' && packet.sequence === sequence,
    );
  }

  /** @internal */
  packetDelivered(packet: Uint8Array): void {
    if (this.#tcp !== null) {
      const nextHeader = packet[NEXT_HEADER_OFFSET];
      if (nextHeader === NEXT_HEADER_TCP) {
        this.#tcp.packetArrived(packet);
        return;
      }
      // An error may be about a segment of ours.
      if (nextHeader === NEXT_HEADER_ICMPV6) this.#tcp.packetArrived(packet);
    }
    if (this.#settings.records ?? true) {
      const { fromAddress, fromPort } = this.#runner;
      this.received.push({
        at: this.#world.scheduler.now,
        via: `${formatIPv4(fromAddress)}:${fromPort}`,
        ...parseApplicationPacket(packet),
      });
    }
    if (this.#settings.answersEcho ?? true) this.#replyToEcho(packet);
    this.onPacket(packet);
  }

  /** @internal */
  eventHappened(event: TunnelEvent): void {
    const at = this.#world.scheduler.now;
    if (this.#settings.records ?? true) this.events.push({ at, event });
    if (event.type === 'path-changed') {
      const { type: _, ...report } = event;
      this.#paths.set(event.remote, { at, ...report });
    }
    if (event.type === 'port-refused') this.#movePort();
    if (event.type === 'address-acquired' || event.type === 'address-changed') {
      this.#moves = 0;
      this.#world.trace?.nameAddress(event.address, this.name);
    }
  }

  #networkChanged(): void {
    this.#tellSubnets();
    this.web?.networkChanged();
    this.solicit();
  }

  /** Does as a driver: tells the machine of the networks that the computer is in. */
  #tellSubnets(): void {
    this.#runner.command((peer) => peer.setLocalSubnets(this.#host.subnets));
  }

  /** Does as a driver for draft-01 §4.1: moves to another port, unless the port is an option. */
  #movePort(): void {
    if (this.#settings.port !== undefined || this.#moves >= PORT_MOVES) return;
    this.#moves++;
    const { layout } = this.machine.profile;
    this.#runner.rebind(this.#host.freePort((port) => layout.acceptsPort(port)));
    this.solicit();
  }

  #makeTcp(): TcpHost {
    const { name } = this;
    const random = this.#world.random.stream(`TCP of ${name}`);
    const options = { ...this.#settings.tcp, random: () => random.next() };
    const node = this;
    return new TcpHost(
      this.#world.scheduler,
      {
        get address() {
          return node.address;
        },
        get isPaused() {
          return node.#runner.isPaused;
        },
        now: () => this.#runner.now(),
        sendPacket: (packet) => this.#sendClassed(packet),
      },
      options,
    );
  }

  #replyToEcho(packet: Uint8Array): void {
    const echo = parseEcho(packet, 0, packet.length);
    if (!echo.ok || echo.value.type !== 'echo-request') return;
    this.#sendClassed(buildEcho(echoReplyTo(echo.value)));
  }

  #sendClassed(packet: Uint8Array): void {
    // The lowest two bits are for congestion marks (RFC 3168 §5), which TCP sets.
    const ecn = trafficClass(packet, 0) & ECN_MASK;
    setTrafficClass(packet, 0, (this.#settings.trafficClass ?? 0) | ecn);
    this.sendPacket(packet);
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) % MOST_SEQUENCE;
    return this.#sequence;
  }
}
