import type { Profile } from '@6bed4/codec';
import {
  type AccessKind,
  accessKinds,
  Internet,
  type PeerNode,
  type Random,
  type RouterNode,
} from '../../src/index.js';
import { profiles } from '../support/dialects.js';
import { Conversation, type Post, trafficKinds } from './conversation.js';
import { Party } from './party.js';

/** Pairs of peers of one dialect: one for each kind of traffic. */
const PAIRS = trafficKinds.length;
/** One peer of so many has two routers. */
const TWO_ROUTERS = 4;
const START = 60_000;
const PAYLOAD = 100;

/** The peers of one dialect, their routers and conversations. */
export interface Group {
  readonly name: string;
  readonly profile: Profile;
  readonly routers: RouterNode[];
  readonly parties: Party[];
  readonly conversations: Conversation[];
}

/** Peers of all dialects behind all kinds of middleboxes, and what they send to each other. */
export class Scene implements Post {
  readonly net: Internet;
  readonly groups: Group[] = [];
  readonly #random: Random;
  readonly #parties: Party[] = [];
  /** What has to be done when a packet arrives, by sender and its number. */
  readonly #arrivals: Map<number, () => void>[] = [];
  #deck: AccessKind[] = [];
  #boxes = 0;

  constructor(seed: number, random: Random) {
    this.net = new Internet({ seed });
    this.#random = random;
    for (const [name, profile] of profiles) this.#addGroup(name, profile);
    this.net.run(START);
  }

  random(): number {
    return this.#random.next();
  }

  /** An access kind that was not taken for longest, built. */
  place(party: Party, group: Group): void {
    if (this.#deck.length === 0) {
      const cards = accessKinds.map((kind) => ({ kind, order: this.#random.next() }));
      this.#deck = cards.sort((one, other) => one.order - other.order).map(({ kind }) => kind);
    }
    const kind = this.#deck.pop()!;
    const name = `${kind.name} ${++this.#boxes}`;
    const permits = group.routers.map((router) => router.endpoint.address);
    party.box = kind.access.routersOnly
      ? this.net.nat(name, { permits, portParity: true })
      : kind.build(this.net, name);
  }

  /** Runs, with all conversations. */
  run(milliseconds: number): void {
    const { net } = this;
    const end = net.now + milliseconds;
    while (net.now < end) {
      for (const { conversations } of this.groups) {
        for (const conversation of conversations) conversation.tick(net.now);
      }
      net.run(Math.min(50, end - net.now));
    }
  }

  send(from: Party, to: Party, asksAnswer: boolean, arrived: () => void): boolean {
    const address = to.peer.address;
    if (address === null) return false;
    const payload = new Uint8Array(PAYLOAD);
    payload[0] = from.index;
    // A packet may arrive while it is sent, within one host.
    const number = asksAnswer ? from.peer.ping(address) : from.peer.sendUdp(address, payload);
    if (number === null) return false;
    from.packets.sent++;
    this.#arrivals[from.index]!.set(number, arrived);
    return true;
  }

  /** Forgets what did not arrive. */
  forget(): void {
    for (const arrivals of this.#arrivals) arrivals.clear();
  }

  #addGroup(name: string, profile: Profile): void {
    const { net } = this;
    const at = this.groups.length;
    // Between routers of draft01 is the native IPv6 Internet, which is not simulated.
    const count = profile.prefixes.length > 0 ? 2 : 1;
    const routers = Array.from({ length: count }, (_, index) =>
      net.router(`${name} router ${index}`, {
        address: `198.51.100.${10 * at + index + 1}`,
        profile,
      }),
    );
    const group: Group = { name, profile, routers, parties: [], conversations: [] };
    this.groups.push(group);
    for (let pair = 0; pair < PAIRS; pair++) {
      const [a, b] = [this.#addParty(group), this.#addParty(group)];
      group.conversations.push(new Conversation(trafficKinds[pair]!, a, b, this));
    }
    // Each host talks to several remotes.
    const { parties } = group;
    for (let index = 0; index < parties.length; index += 4) {
      const other = parties[(index + 3) % parties.length]!;
      group.conversations.push(new Conversation('requests', parties[index]!, other, this));
    }
    // Two in one network.
    const [a, b] = [this.#addParty(group), this.#addParty(group, parties.at(-1)!)];
    group.conversations.push(new Conversation('duplex', a, b, this));
  }

  #addParty(group: Group, neighbor?: Party): Party {
    const index = this.#parties.length;
    const party = new Party(index, neighbor?.box, () => this.net.now);
    if (neighbor === undefined) this.place(party, group);
    const { routers, profile, name } = group;
    const own =
      index % TWO_ROUTERS === 0 ? routers : [routers[Math.floor(index / 2) % routers.length]!];
    party.peer = this.net.peer(`${name} peer ${index}`, {
      profile,
      routers: own.map((router) => router.endpoint),
      ...party.placement,
    });
    party.peer.onPacket = () => this.#received(party, party.peer);
    this.#arrivals.push(new Map());
    this.#parties.push(party);
    group.parties.push(party);
    return party;
  }

  #received(party: Party, peer: PeerNode): void {
    const packet = peer.received.pop()!;
    party.packets.received++;
    // It has answered already.
    if (packet.kind === 'echo-request') party.packets.sent++;
    const sender =
      packet.kind === 'echo-reply' ? party.index : packet.kind === 'udp' ? packet.payload[0]! : -1;
    if (packet.sequence === null || sender < 0) return;
    const arrivals = this.#arrivals[sender]!;
    arrivals.get(packet.sequence)?.();
    arrivals.delete(packet.sequence);
  }
}
