import {
  encodeAddress,
  formatIPv6,
  type Profile,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
} from '@6bed4/codec';
import { findOption, isNd, parseNd } from '@6bed4/nd';
import {
  Internet,
  type Nat,
  type PeerNode,
  type RouterNode,
  type UdpNode,
  type UdpSocket,
} from '../../src/index.js';
import type { AddressName, Names, OfferName } from './hostileMessages.js';

const ROUTER = '198.51.100.1';
const VICTIM = '203.0.113.5';
const VICTIM_PORT = 40_000;
const FRIEND = '192.0.2.10:5000';
const NEWCOMER = '192.0.2.20:5000';
const BYSTANDER = '192.0.2.80:5300';
const NATIVE_PREFIX = '2001:db8:64:64::/64';
const FOREIGN_ROUTER = '198.51.100.200';

/** When honest peers begin to talk, in milliseconds; and how often they send. */
const TALK = 1_000;
const INTERVAL = 250;
/** When the attack begins, and when one peer first talks to another during it. */
const ATTACK = 2_000;
const MEETING = 3_000;
const END = 7_000;
/** Time within which peers that can reach each other directly do so, after their first packet. */
const DIRECT_WITHIN = 2_000;

/** The /64 of a router. */
function prefixOf(profile: Profile, router: string): string {
  if (profile.prefixes.length === 0) return NATIVE_PREFIX;
  const bytes = parseIPv6('fc64:bed::');
  const address = parseIPv4(router);
  for (let index = 0; index < 4; index++) bytes[4 + index] = (address >>> (24 - 8 * index)) & 0xff;
  return `${formatIPv6(bytes)}/64`;
}

/** What differs between arenas. */
export interface ArenaOptions {
  readonly profile: Profile;
  /** Public IPv4 endpoints of the attacker, `A.B.C.D:port`; the first ones on its first address. */
  readonly endpoints: readonly string[];
  /** The network that victim and attacker share, behind one NAT; default: both are on the public core. */
  readonly sharedNetwork?: string;
  /** Whether the victim answers pings, as kernels do; default false. */
  readonly answersEcho?: boolean;
  /** Routers that the victim uses besides the honest one. */
  readonly moreRouters?: readonly string[];
}

/** A packet between honest peers. */
interface Sent {
  readonly from: PeerNode;
  readonly to: PeerNode;
  readonly at: number;
  readonly number: number;
}

/** One simulated Internet with honest peers that talk, and an attacker. */
export class Arena {
  readonly net: Internet;
  readonly profile: Profile;
  readonly router: RouterNode;
  readonly victim: PeerNode;
  readonly friend: PeerNode;
  readonly newcomer: PeerNode;
  /** Behind the same NAT as the victim, where there is one. */
  readonly housemate: PeerNode | null;
  readonly options: ArenaOptions;
  /** The attacker's computers, by IPv4 address, and all sockets in the order of the endpoints. */
  readonly attackers: UdpNode[] = [];
  readonly sockets: UdpSocket[] = [];
  readonly #nat: Nat | null;
  readonly #sent: Sent[] = [];
  readonly #sentKeys = new Set<string>();
  #seenNonce: Uint8Array | null = null;
  /** Called with what the attacker receives. */
  onHostile: (payload: Uint8Array, from: string, socket: UdpSocket) => void = () => {};

  constructor(options: ArenaOptions) {
    this.options = options;
    const { profile } = options;
    this.profile = profile;
    this.net = new Internet({ seed: 1, trace: true });
    const { net } = this;
    const native = profile.prefixes.length === 0 ? { prefix: NATIVE_PREFIX } : {};
    this.router = net.router('r', { address: ROUTER, profile, ...native });
    this.#nat =
      options.sharedNetwork === undefined
        ? null
        : net.nat('nat', {
            external: VICTIM,
            network: options.sharedNetwork,
            filtering: 'endpoint-independent',
          });
    const peer = (name: string, endpoint: string): PeerNode => {
      const { address, port } = parseEndpoint(endpoint);
      return net.peer(name, { profile, address, port, answersEcho: false });
    };
    const at = this.#nat === null ? { address: VICTIM } : { behind: this.#nat };
    this.victim = net.peer('victim', {
      ...at,
      profile,
      port: VICTIM_PORT,
      answersEcho: options.answersEcho ?? false,
      routers: [`${ROUTER}:${profile.port}`, ...(options.moreRouters ?? [])],
    });
    this.friend = peer('friend', FRIEND);
    this.newcomer = peer('newcomer', NEWCOMER);
    this.housemate =
      this.#nat === null
        ? null
        : net.peer('housemate', { behind: this.#nat, profile, answersEcho: false });
    this.#addAttackers();
    const [bystander, port] = BYSTANDER.split(':') as [string, string];
    net.host('bystander', { address: bystander }).bind(Number(port));
  }

  /** The honest peers. */
  get honest(): readonly PeerNode[] {
    const { victim, friend, newcomer, housemate } = this;
    return [victim, friend, newcomer, ...(housemate === null ? [] : [housemate])];
  }

  /** Lets honest peers talk until the end, while `attack` runs. */
  run(attack: () => void): void {
    const { net, victim, friend, newcomer, housemate } = this;
    for (let at = TALK; at < END - 500; at += INTERVAL) {
      net.at(at, () => {
        this.#send(victim, friend);
        this.#send(friend, victim);
        if (housemate !== null) {
          this.#send(victim, housemate);
          this.#send(housemate, victim);
        }
        if (at < MEETING) return;
        this.#send(newcomer, victim);
        this.#send(victim, newcomer);
      });
    }
    net.run(ATTACK);
    attack();
    net.run(Math.max(0, END - net.now));
  }

  /** What each packet between honest peers came to: its way, or that it was lost. */
  outcomes(): Map<string, Outcome> {
    const received = new Map<string, string>();
    for (const peer of this.honest) {
      for (const { from, to, kind, sequence, via } of peer.received) {
        if (kind === 'udp') received.set(`${from} ${to} ${sequence}`, via);
      }
    }
    const firstAt = new Map<string, number>();
    return new Map(
      this.#sent.map(({ from, to, at, number }) => {
        const pair = `${from.name} to ${to.name}`;
        if (!firstAt.has(pair)) firstAt.set(pair, at);
        const via = received.get(`${from.address} ${to.address} ${number}`) ?? null;
        const isSettled = at >= firstAt.get(pair)! + DIRECT_WITHIN;
        const isDirect = via !== null && !via.startsWith(`${ROUTER}:`);
        return [`${pair}, ${number}`, { at, isLost: via === null, isDirect, isSettled }];
      }),
    );
  }

  /** Whether an honest peer sent this packet. */
  wasSent(from: string, to: string, number: number | null): boolean {
    return this.#sentKeys.has(`${from} ${to} ${number}`);
  }

  /** The addresses and routes that honest peers ever had, and the routers that they have. */
  leases(): string[] {
    return this.honest.flatMap(({ name, machine, events }) => [
      ...machine.uplinks.map(({ router, temporary }) => {
        return `${name} has the router ${router.address}${temporary ? ' (asked)' : ''}`;
      }),
      ...events.flatMap(({ event }) => {
        if (event.type !== 'address-acquired' && event.type !== 'address-changed') return [];
        const { router, address, prefix, routes } = event;
        return `${name} got ${address} ${prefix} ${routes.join()} of ${router.address}`;
      }),
    ]);
  }

  /** The public endpoint of a node that attackers know. */
  endpointOf(name: 'victim' | 'friend' | 'newcomer' | 'router' | 'bystander'): string {
    switch (name) {
      case 'victim':
        return this.victimEndpoint;
      case 'friend':
        return FRIEND;
      case 'newcomer':
        return NEWCOMER;
      case 'router':
        return `${ROUTER}:${this.profile.port}`;
      case 'bystander':
        return BYSTANDER;
    }
  }

  /** The victim's public endpoint. */
  get victimEndpoint(): string {
    const mapping = this.#nat?.mappings[0]?.external;
    return mapping ?? `${VICTIM}:${VICTIM_PORT}`;
  }

  /** Whether a peer is behind the victim's NAT, or is the victim. */
  isInside(peer: PeerNode): boolean {
    return peer === this.victim || peer === this.housemate;
  }

  /** The endpoints at which others see nodes behind the victim's NAT. */
  mappedEndpoints(internal: readonly string[]): string[] {
    return (this.#nat?.mappings ?? [])
      .filter((mapping) => internal.includes(mapping.internal))
      .map(({ external }) => external);
  }

  /** Where the attacker sends to the victim: through its own network, if they share one. */
  get victimAddress(): string {
    return this.#nat === null ? this.victimEndpoint : `${this.victim.ipv4}:${this.victim.port}`;
  }

  /** What the attacker's messages refer to. */
  get names(): Names {
    const { profile } = this;
    return {
      profile,
      victimEndpoint: this.victimEndpoint,
      address: (name) => this.#address(name),
      prefix: (name) => this.#prefix(name),
      seenNonce: () => this.#seenNonce,
    };
  }

  /** The IPv6 address that encodes an endpoint under a router's prefix. */
  addressAt(endpoint: string, router = ROUTER, lanip?: number): string {
    const parts = { prefix: prefixOf(this.profile, router), peer: endpoint };
    return encodeAddress(lanip === undefined ? parts : { ...parts, lanip }, {
      profile: this.profile,
    });
  }

  #send(from: PeerNode, to: PeerNode): void {
    if (to.address === null) return;
    const number = from.sendUdp(to.address);
    if (number === null) return;
    this.#sent.push({ from, to, at: this.net.now, number });
    this.#sentKeys.add(`${from.address} ${to.address} ${number}`);
  }

  #addAttackers(): void {
    const nodes = new Map<string, UdpNode>();
    for (const endpoint of this.options.endpoints) {
      const { address, port } = parseEndpoint(endpoint);
      let node = nodes.get(address);
      if (node === undefined) {
        const place = this.#nat === null ? {} : { behind: this.#nat };
        node = this.net.host(`attacker${nodes.size}`, { address, ...place });
        nodes.set(address, node);
        this.attackers.push(node);
      }
      this.sockets.push(
        node.bind(port, ({ payload, from }, socket) => {
          this.#noteNonce(payload);
          this.onHostile(payload, from, socket);
        }),
      );
    }
  }

  #noteNonce(payload: Uint8Array): void {
    if (!isNd(payload, 0, payload.length)) return;
    const parsed = parseNd(payload, 0, payload.length);
    const nonce = parsed.ok ? findOption(parsed.value.options, 'nonce') : undefined;
    if (nonce !== undefined) this.#seenNonce = nonce.nonce;
  }

  #address(name: AddressName): Uint8Array {
    const { endpoints } = this.options;
    switch (name) {
      case 'victim':
      case 'friend':
      case 'newcomer':
      case 'housemate':
        // Where nobody shares a NAT with the victim, that is nobody.
        return parseIPv6(this[name]?.address ?? '::1');
      case 'router':
        return parseIPv6(this.router.address);
      case 'own0':
        return parseIPv6(this.addressAt(endpoints[0]!));
      case 'own1':
        return parseIPv6(this.addressAt(endpoints[1] ?? endpoints[0]!));
      case 'named0':
        return parseIPv6(this.addressAt(endpoints[0]!, parseEndpoint(endpoints[0]!).address));
      case 'bystander':
        return parseIPv6(this.addressAt(BYSTANDER));
      case 'native':
        return parseIPv6('2001:db8:77::5');
      case 'linkLocal':
        return this.#linkLocal(endpoints[0]!);
      case 'routerLinkLocal':
        return parseIPv6('fe80::');
      case 'unspecified':
        return parseIPv6('::');
      case 'multicast':
        return parseIPv6('ff02::2');
    }
  }

  #linkLocal(endpoint: string): Uint8Array {
    const bytes = new Uint8Array(16);
    const { address, port } = parseEndpoint(endpoint);
    this.profile.layout.writeLinkLocal(bytes, 0, parseIPv4(address), port);
    return bytes;
  }

  #prefix(name: OfferName): Uint8Array {
    const of = (router: string): Uint8Array =>
      parseIPv6(prefixOf(this.profile, router).slice(0, -'/64'.length));
    switch (name) {
      case 'right':
        return of(ROUTER);
      case 'own':
        return of(parseEndpoint(this.options.endpoints[0]!).address);
      case 'foreign':
        return of(FOREIGN_ROUTER);
      case 'native':
        return parseIPv6('2001:4860:4860::');
      case 'linkLocal':
        return parseIPv6('fe80::');
    }
  }
}

/** The way of one packet between honest peers. */
export interface Outcome {
  readonly at: number;
  readonly isLost: boolean;
  readonly isDirect: boolean;
  /** Whether the peers had time enough to find a direct path. */
  readonly isSettled: boolean;
}
