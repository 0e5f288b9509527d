import { type Profile, reference2020 } from '@6bed4/codec';
import { fc } from '@fast-check/vitest';
import {
  accessKinds,
  type Firewall,
  Internet,
  type LinkOptions,
  type LinuxNat,
  Nat,
  type PeerNode,
  type PeerSettings,
} from '../../src/index.js';

/** One peer of a random topology. */
export interface PeerPlan {
  /** Index in the list of access kinds. */
  readonly kind: number;
  /** Whether it is behind the same middlebox as the peer before it. */
  readonly shares: boolean;
  /** Number of its router. */
  readonly router: number;
  readonly link: LinkOptions;
}

/** An action or a fault; numbers are indices of peers or routers, modulo their count. */
export type Step =
  | { readonly type: 'send'; readonly from: number; readonly to: number; readonly count: number }
  | { readonly type: 'wait'; readonly milliseconds: number }
  | { readonly type: 'reset'; readonly peer: number }
  | { readonly type: 'rebind'; readonly peer: number }
  | { readonly type: 'restart'; readonly router: number; readonly downFor: number }
  | { readonly type: 'move'; readonly peer: number; readonly kind: number }
  | { readonly type: 'jump'; readonly peer: number; readonly milliseconds: number };

/** A topology and its steps. */
export interface Plan {
  readonly seed: number;
  readonly routers: number;
  readonly peers: readonly PeerPlan[];
  readonly steps: readonly Step[];
}

/** All but `closed`, which lets only one router through. */
export const usable = accessKinds.filter(({ name }) => name !== 'closed');
const number = fc.nat(11);

const link: fc.Arbitrary<LinkOptions> = fc.record({
  delay: fc.constantFrom(1, 5, 80),
  jitter: fc.constantFrom(0, 0, 30),
  loss: fc.constantFrom(0, 0, 0.1, 0.4),
  duplication: fc.constantFrom(0, 0, 0.3),
  reordering: fc.constantFrom(0, 0, 0.3),
});

const milliseconds = fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.nat(70_000));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('send' as const),
      ...{ from: number, to: number, count: fc.integer({ min: 1, max: 30 }) },
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), milliseconds }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reset' as const), peer: number }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('rebind' as const), peer: number }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('restart' as const),
      router: number,
      downFor: fc.nat(40_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('move' as const),
      peer: number,
      kind: fc.nat(usable.length - 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('jump' as const), peer: number, milliseconds }),
  },
);

/** Random topologies and steps. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer(),
  routers: fc.integer({ min: 1, max: 2 }),
  peers: fc.array(
    fc.record({
      kind: fc.nat(usable.length - 1),
      shares: fc.boolean(),
      router: fc.nat(1),
      link,
    }),
    { minLength: 2, maxLength: 4 },
  ),
  steps: fc.array(step, { maxLength: 40, size: 'max' }),
});

/** The identification of a sent packet, in one line. */
function packetText(from: string, to: string, sequence: number | null): string {
  return `${from} to ${to}, number ${sequence}`;
}

const SEND_INTERVAL = 40;
const NO_FAULTS = {} as const;

/** The simulation of a plan. */
export class PlanRun {
  readonly net: Internet;
  readonly peers: PeerNode[] = [];
  readonly #middleboxes: (Nat | Firewall | LinuxNat | undefined)[] = [];
  readonly #sent = new Set<string>();
  #made = 0;

  /** @param settings - options that all peers get besides those of the plan */
  constructor(
    plan: Plan,
    profile: Profile = reference2020,
    settings: Pick<PeerSettings, 'tcp'> = {},
  ) {
    this.net = new Internet({ seed: plan.seed, trace: true });
    // Between routers of draft01 is the native IPv6 Internet, which is not simulated.
    const routers = profile.prefixes.length > 0 ? plan.routers : 1;
    for (let index = 1; index <= routers; index++) {
      this.net.router(`r${index}`, { address: `198.51.100.${index}`, profile });
    }
    for (const { kind, shares, router, link: faulty } of plan.peers) {
      const middlebox = shares && this.#made > 0 ? this.#middleboxes.at(-1) : this.#build(kind);
      this.#made++;
      this.#middleboxes.push(middlebox);
      const chosen = this.net.routers[router % routers]!;
      const peer = this.net.peer(`peer${this.peers.length}`, {
        ...settings,
        profile,
        routers: [chosen.endpoint],
        link: faulty,
        ...(middlebox === undefined ? {} : { behind: middlebox }),
      });
      peer.onPacket = () => this.#checkLastPacket(peer);
      this.peers.push(peer);
    }
  }

  /** Carries out one step. */
  carryOut(step: Step): void {
    const { net } = this;
    switch (step.type) {
      case 'send': {
        const [from, to] = [this.#peer(step.from), this.#peer(step.to)];
        for (let count = 0; count < step.count; count++) {
          this.send(from, to);
          net.run(SEND_INTERVAL);
        }
        break;
      }
      case 'wait':
        net.run(step.milliseconds);
        break;
      case 'reset':
        this.#middlebox(step.peer)?.reset();
        break;
      case 'rebind': {
        const middlebox = this.#middlebox(step.peer);
        if (middlebox instanceof Nat) middlebox.rebind();
        else middlebox?.reset();
        break;
      }
      case 'restart': {
        const router = net.routers[step.router % net.routers.length]!;
        router.stop();
        net.run(step.downFor);
        router.restart();
        break;
      }
      case 'move': {
        const index = step.peer % this.peers.length;
        const middlebox = this.#build(step.kind);
        this.#middleboxes[index] = middlebox;
        net.move(this.peers[index]!, middlebox === undefined ? {} : { behind: middlebox });
        break;
      }
      case 'jump':
        this.#peer(step.peer).jump(step.milliseconds);
        break;
    }
  }

  /** Ends the faults of all links. */
  removeLinkFaults(): void {
    for (const peer of this.peers) peer.link = NO_FAULTS;
  }

  /** Lets one peer send a message and a ping to another. @returns the number of the echo request */
  send(from: PeerNode, to: PeerNode): number | null {
    const [source, destination] = [from.address, to.address];
    if (source === null || destination === null || from === to) return null;
    const message = from.sendUdp(destination);
    this.#sent.add(packetText(source, destination, message));
    // Noted before it is sent, since a reply may come at once.
    this.#sent.add(packetText(source, destination, (message ?? 0) + 1));
    return from.ping(destination);
  }

  /** Throws unless the last packet was sent by its source, and to an address of its receiver. */
  #checkLastPacket(peer: PeerNode): void {
    const packet = peer.received.at(-1)!;
    if (!peer.addresses.includes(packet.to)) {
      throw new Error(`${peer.name} got a packet for ${packet.to}`);
    }
    const { from, to, sequence, kind } = packet;
    const text =
      kind === 'echo-reply' ? packetText(to, from, sequence) : packetText(from, to, sequence);
    if (kind !== 'other' && !this.#sent.has(text)) {
      throw new Error(`${peer.name} got a packet that was not sent: ${kind}, ${text}`);
    }
  }

  #build(kind: number): Nat | Firewall | LinuxNat | undefined {
    return usable[kind]!.build(this.net, `box ${this.#made++}`);
  }

  #peer(index: number): PeerNode {
    return this.peers[index % this.peers.length]!;
  }

  #middlebox(index: number): Nat | Firewall | LinuxNat | undefined {
    return this.#middleboxes[index % this.peers.length];
  }
}
