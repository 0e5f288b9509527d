import {
  dialectNames,
  draft02Profile,
  formatIPv4,
  formatIPv6,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
  profileOf,
  readInt32,
  UdpEndpoint,
} from '@6bed4/codec';
import { DESTINATION_OFFSET, findOption, type NdOption, parseNd, SOURCE_OFFSET } from '@6bed4/nd';
import { hex } from '@6bed4/testing/bytes';
import { fixture } from '@6bed4/testing/fixtures';
import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { seededRandom } from '@6bed4/testing/random';
import { Peer } from '../../src/index.js';
import { MachineScript } from '../support/machineScript.js';
import { advertisement, prefixOption } from '../support/packets.js';
import { advertisementFor } from '../support/peerBench.js';

const PROFILES = [...dialectNames.map(profileOf), draft02Profile];
const PREFIXES = ['fc64:bed:c633:6401::/64', 'fc64:bed:c633:64fe::/64', '2001:db8:64:64::/64'];
const ROUTERS = ['198.51.100.1', '198.51.100.254'];
const LONGEST_SCRIPT = 96;
const MOST_REMOTES = 4;

interface Conversation {
  readonly frames: readonly { readonly payload: string }[];
}

/** Steps that begin a script: both routers answer. */
const LEASED = [5, 0, 0, 0, 0];

/** The peer in each dialect: datagrams, among them the right answers, packets of the local side, and time. */
export const target: FuzzTarget = {
  longest: 1024,
  seeds: [
    ...Object.values(
      fixture<Readonly<Record<string, Conversation>>>('peer-conversations.json'),
    ).flatMap(({ frames }) =>
      frames.slice(0, 8).map(({ payload }) => {
        const bytes = hex(payload).subarray(0, 255);
        return Uint8Array.of(2, 0, ...LEASED, 0, 0, 0, bytes.length, ...bytes);
      }),
    ),
    ...PROFILES.map((_, index) =>
      Uint8Array.of(index, 0, ...LEASED, 3, 0, 0, 0, 1, 1, 8, 6, 0, 4, 2),
    ),
  ],
  run(input) {
    new PeerScript(new InputReader(input)).play();
  },
};

/** A peer that an input is read to. */
class PeerScript {
  readonly #script: MachineScript;
  readonly #reader: InputReader;
  readonly #peer: Peer;
  readonly #profile: (typeof PROFILES)[number];
  readonly #leases = new Set<string>();
  /** Endpoints that the local side sent to, or that messages of a router name. */
  readonly #wanted = new Set<string>();

  constructor(reader: InputReader) {
    const profile = reader.pick(PROFILES);
    const flags = reader.byte();
    const script = new MachineScript(reader, profile, PREFIXES);
    this.#reader = reader;
    this.#script = script;
    this.#profile = profile;
    this.#peer = new Peer(
      {
        routers: flags & 1 ? ROUTERS : ROUTERS.slice(0, 1),
        profile,
        random: seededRandom(2),
        peering: {
          maxRemotes: MOST_REMOTES,
          requireNonce: (flags & 2) !== 0,
          ...(flags & 4 ? { directKeepalive: 20 } : {}),
          ...(flags & 8 ? { opportunism: true } : {}),
          ...(flags & 16 ? { strategy: 'via-router' as const } : {}),
        },
      },
      script.recorder,
    );
    if (flags & 32) this.#peer.setLocalSubnets(['192.168.1.2/24', '10.0.0.1/8']);
    this.#peer.start(script.now);
    script.collect(this.#peer);
  }

  play(): void {
    for (let step = 0; step < LONGEST_SCRIPT && !this.#reader.isOver; step++) {
      this.#step();
      this.#check();
      this.#script.clear();
    }
    this.#checkAmplification();
  }

  /** Strangers get no more than they sent, all of them together: some may share a budget. */
  #checkAmplification(): void {
    const strangers = this.#script.endpoints.filter(
      (endpoint) =>
        !this.#wanted.has(endpoint) && !this.#isRouter(endpoint) && !endpoint.startsWith('224.'),
    );
    const excess = strangers.reduce((sum, endpoint) => sum + this.#script.excess(endpoint), 0);
    demand(excess <= 0, `strangers get ${excess} bytes more than they sent`);
  }

  #step(): void {
    const script = this.#script;
    const reader = this.#reader;
    const peer = this.#peer;
    switch (reader.byte() % 12) {
      case 0:
        script.datagram(peer, script.endpoint(), reader.take(reader.byte()));
        break;
      case 1:
        script.datagram(peer, script.endpoint(), script.packet());
        break;
      case 2:
        this.#fromRouter(script.packet());
        break;
      case 3:
        this.#local(script.packet(this.#own()));
        break;
      case 4:
        script.wait(peer);
        break;
      case 5:
        this.#advertise();
        break;
      case 6:
        this.#answer();
        break;
      case 7:
        script.datagram(peer, script.endpoint(), script.echo());
        break;
      case 8:
        this.#fromRouter(script.echo());
        break;
      case 9:
        script.datagram(peer, script.endpoint(), script.packet(undefined, this.#own()));
        break;
      case 10:
        this.#opportunistic(script.packet(this.#own()));
        break;
      default:
        peer.solicit(script.now);
        script.collect(peer);
    }
  }

  /** An address of ours, or any. */
  #own(): Uint8Array {
    const leases = [...this.#leases];
    const index = this.#reader.byte();
    return index < 250 && leases.length > 0
      ? parseIPv6(leases[index % leases.length]!)
      : this.#script.address();
  }

  #local(packet: Uint8Array): void {
    this.#want(packet, DESTINATION_OFFSET);
    this.#script.local(this.#peer, packet);
  }

  #opportunistic(packet: Uint8Array): void {
    this.#want(packet, DESTINATION_OFFSET);
    const name = this.#peer.handleOpportunisticPacket(packet, 0, packet.length, this.#script.now);
    if (this.#reader.byte() & 1) this.#peer.reportReply(name, this.#script.now);
    this.#script.collect(this.#peer);
  }

  /** A router relays: what it says that the packet comes from may be answered at its price. */
  #fromRouter(packet: Uint8Array): void {
    const router = parseEndpoint(this.#reader.pick(this.#routers()));
    this.#want(packet, SOURCE_OFFSET);
    const from = { address: parseIPv4(router.address), port: router.port };
    // A Redirect names endpoints in its body.
    for (let at = 48; at + 16 <= Math.min(packet.length, 96); at += 8) this.#want(packet, at);
    this.#script.datagram(this.#peer, from, packet);
  }

  /** An address in a packet is one that something may be sent to. */
  #want(packet: Uint8Array, at: number): void {
    if (packet.length < at + 16) return;
    const endpoint = new UdpEndpoint();
    this.#profile.layout.readEndpoint(packet, at, endpoint);
    this.#wanted.add(`${formatIPv4(endpoint.address)}:${endpoint.port}`);
  }

  #routers(): string[] {
    return this.#peer.uplinks.map(({ router }) => `${router.address}:${router.port}`);
  }

  #isRouter(endpoint: string): boolean {
    return this.#routers().includes(endpoint) || endpoint.endsWith(`:${this.#profile.port}`);
  }

  /** A router answers our last solicitation. */
  #advertise(): void {
    const reader = this.#reader;
    const { layout } = this.#profile;
    const router = parseEndpoint(reader.pick(this.#routers()));
    const prefix = parseIPv6(reader.pick(PREFIXES).split('/')[0]!);
    const ports = [40_000, 40_002, 40_001];
    const port = reader.pick(ports);
    const address = parseIPv4('203.0.113.5');
    if (layout.prefixLength > 64) layout.writeUnchecked(prefix, 0, address, port, 0);
    const destination = parseIPv6('fe80::');
    layout.writeUnchecked(destination, 0, address, port, 0);
    const { nonce } = this.#script.recorder;
    const options: NdOption[] = [
      prefixOption(prefix, { prefixLength: layout.prefixLength }),
      ...(nonce === null ? [] : [{ type: 'nonce' as const, nonce }]),
    ];
    if (reader.byte() & 1) {
      options.push(prefixOption(parseIPv6('2001:db8:77::'), { prefixLength: 48, onLink: false }));
    }
    const toAll = layout.prefixLength > 64;
    const payload = advertisement({ options, ...(toAll ? {} : { destination }) });
    const from = { address: parseIPv4(router.address), port: router.port };
    this.#script.datagram(this.#peer, from, payload);
  }

  /** A remote answers a solicitation, as it should or nearly so. */
  #answer(): void {
    const reader = this.#reader;
    const solicited = this.#script.lastSent().flatMap(({ payload, to }) => {
      const parsed = parseNd(payload, 0, payload.length);
      return parsed.ok && parsed.value.type === 'neighbor-solicitation'
        ? [{ message: parsed.value, to }]
        : [];
    });
    if (solicited.length === 0) return;
    const { message, to } = reader.pick(solicited);
    const flags = reader.byte();
    const hasNonce = findOption(message.options, 'nonce') !== undefined && (flags & 1) === 0;
    const payload = advertisementFor(message, hasNonce ? {} : { nonce: null });
    const { address, port } = parseEndpoint(to);
    const from = flags & 2 ? this.#script.endpoint() : { address: parseIPv4(address), port };
    this.#script.datagram(this.#peer, from, payload);
  }

  #check(): void {
    for (const { lease } of this.#peer.uplinks) if (lease !== null) this.#leases.add(lease.address);
    const remotes = this.#peer.remotes(this.#script.now);
    demand(remotes.length <= MOST_REMOTES + ROUTERS.length, `${remotes.length} remotes`);
    for (const packet of this.#script.recorder.delivered) {
      const destination = packet.slice(DESTINATION_OFFSET, DESTINATION_OFFSET + 16);
      demand(this.#isOurs(destination), `delivered to ${formatIPv6(destination)}`);
    }
  }

  /** Whether an address is one of those under a lease: its upper half, and the bits that name the endpoint. */
  #isOurs(destination: Uint8Array): boolean {
    const [high, low] = this.#profile.layout.endpointMask;
    const agree = (lease: Uint8Array, at: number, mask: number): boolean =>
      ((readInt32(lease, at) ^ readInt32(destination, at)) & mask) === 0;
    return [...this.#leases]
      .map((text) => parseIPv6(text))
      .some(
        (lease) =>
          agree(lease, 0, -1) &&
          agree(lease, 4, -1) &&
          agree(lease, 8, high) &&
          agree(lease, 12, low),
      );
  }
}
