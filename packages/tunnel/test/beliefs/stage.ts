import { encodeAddress, parseEndpoint, parseIPv4, parseIPv6 } from '@6bed4/codec';
import { buildNd, findOption, isNd, type NdMessage, parseNd, setTrafficClass } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { REFRESH_INTERVAL } from '../../src/defaults.js';
import { Peer, type PeeringOptions, Router } from '../../src/index.js';
import { udp } from '../support/packets.js';
import { Recorder, type SentDatagram } from '../support/recorder.js';
import { type Cast, LOCAL_SUBNET, NATIVE, OWN_ENDPOINT, type RemoteName } from './cast.js';

/** What the peer waits for when the message comes. */
export type Moment =
  /** Nothing: it has an address, and paths to `friend` and `deployed`. */
  | 'settled'
  /** Answers of its router, of another router and of all remotes, to its first question. */
  | 'asking'
  /** The same, after each question was repeated. */
  | 'repeating'
  /** The same, and nobody ever answers. */
  | 'unanswered';

export const moments: readonly Moment[] = ['settled', 'asking', 'repeating', 'unanswered'];

const SEEN = 0x20;
const START = 10_000;
/** The remotes are met so long before the peer refreshes its address. */
const MET = REFRESH_INTERVAL - 7_000;
/** Remotes send so often that their silence is no reason to solicit the router. */
const CHATTER = 1_000;
/** The local side sends so often that the peer sends no keepalives. */
const BUSY = 20_000;
/** From when on no question to a remote can be answered any more. */
const FORGOTTEN = 6_000;

/** Variations of the scene. */
export interface Scene {
  /** Whether the router drops solicitations with options, as deployed ones do. */
  readonly deployedRouter?: boolean;
  readonly peering?: PeeringOptions & { readonly lanSearch?: boolean };
}

/** A peer in the middle of its life, and the nodes that it talks to. */
export class Stage {
  readonly cast: Cast;
  readonly recorder = new Recorder();
  readonly peer: Peer;
  now = START;
  /** Everything that the peer sent, in order, and when. */
  readonly sent: (SentDatagram & { readonly at: number })[] = [];
  /** Nonces of the questions to each endpoint, the last one at the end. */
  readonly nonces = new Map<string, Uint8Array[]>();
  readonly #routers = new Map<string, { router: Router; recorder: Recorder }>();
  readonly #names = new Map<string, RemoteName>();
  readonly #moment: Moment;
  readonly #scene: Scene;
  /** Answers on their way, while the answers are held back. */
  #held: { readonly from: string; readonly payload: Uint8Array }[] | null = null;
  #chatterAt = Number.POSITIVE_INFINITY;

  constructor(cast: Cast, moment: Moment, scene: Scene = {}) {
    this.cast = cast;
    this.#moment = moment;
    this.#scene = scene;
    const { profile, remotes } = cast;
    const { peering } = scene;
    this.peer = new Peer(
      { routers: [cast.router], profile, random: seededRandom(2), ...(peering && { peering }) },
      this.recorder,
    );
    for (const [name, { endpoint }] of Object.entries(remotes)) {
      this.#names.set(endpoint, name as RemoteName);
    }
    this.#addRouter(cast.router);
    this.#addRouter(cast.askedRouter);
    this.#addRouter(cast.routerBeingAsked);
    const peer = this.peer as Peer & {
      setLocalSubnets?: (subnets: readonly string[], now: number) => void;
    };
    peer.setLocalSubnets?.([LOCAL_SUBNET], this.now);
    peer.start(this.now);
    this.settle();
    this.#prepare();
  }

  /** A datagram arrives from `A.B.C.D:port`; whatever the peer sends is answered. */
  arrives(from: string, bytes: Uint8Array): void {
    const { address, port } = parseEndpoint(from);
    this.peer.handleDatagram(bytes.slice(), 0, bytes.length, parseIPv4(address), port, this.now);
    this.settle();
  }

  /** The local side sends a packet. */
  sends(packet: Uint8Array): void {
    this.peer.handlePacket(packet.slice(), 0, packet.length, this.now);
    this.settle();
  }

  /** The local side sends to a remote. */
  sendsTo(address: string): void {
    this.sends(udp(this.cast.own, address, new Uint8Array(60)));
  }

  /** Lets time pass. */
  waits(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const next = Math.min(this.peer.nextTimeout(), this.#chatterAt);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      if (this.#chatterAt <= this.now) this.#chatter();
      this.peer.handleTimeout(this.now);
      this.settle();
    }
    this.now = end;
  }

  /** Lets the answers that were held back arrive, and those to come at once; but not if nobody answers. */
  release(): void {
    if (this.#moment === 'unanswered') return;
    const held = this.#held ?? [];
    this.#held = null;
    for (const { from, payload } of held) this.arrives(from, payload);
  }

  /** Carries what the peer sent to those who answer. */
  settle(): void {
    const { sent } = this.recorder;
    for (let datagram = sent.shift(); datagram !== undefined; datagram = sent.shift()) {
      this.sent.push({ ...datagram, at: this.now });
      this.#noteNonce(datagram);
      for (const payload of this.#answers(datagram)) {
        if (this.#held === null) this.#deliver(datagram.to, payload);
        else this.#held.push({ from: datagram.to, payload });
      }
    }
  }

  #deliver(from: string, bytes: Uint8Array): void {
    const { address, port } = parseEndpoint(from);
    this.peer.handleDatagram(bytes, 0, bytes.length, parseIPv4(address), port, this.now);
  }

  #addRouter(endpoint: string): void {
    const { address } = parseEndpoint(endpoint);
    const recorder = new Recorder();
    const { profile, prefix } = this.cast;
    const router = new Router(
      {
        address,
        profile,
        random: seededRandom(3),
        routes: ['2001:db8:77::/48'],
        ...(profile.prefixes.length === 0 ? { prefix } : {}),
      },
      recorder,
    );
    this.#routers.set(endpoint, { router, recorder });
  }

  /** Gets an address, meets all remotes, and comes to the moment. */
  #prepare(): void {
    const { remotes } = this.cast;
    // A deployed router answers only the second solicitation, and a wait may follow.
    this.waits(5_000);
    const leasedAt = this.peer.uplinks[0]!.lastAdvertisementAt!;
    // A peer in a quiet time would solicit its router instead of a keepalive.
    while (this.now < leasedAt + MET) {
      this.sendsTo(NATIVE);
      this.waits(Math.min(BUSY, leasedAt + MET - this.now));
    }
    this.#chatterAt = this.now + CHATTER;
    for (const name of ['friend', 'deployed', 'relayed', 'housemate'] as const) {
      this.sendsTo(remotes[name].address);
    }
    // Time enough to ask the router of this one.
    for (let packet = 0; packet < 6; packet++) {
      this.sendsTo(remotes.distant.address);
      this.waits(300);
    }
    this.waits(leasedAt + MET + FORGOTTEN - this.now - 500);
    if (this.#moment !== 'settled') this.#ask(leasedAt);
    this.#chatterAt = Number.POSITIVE_INFINITY;
  }

  /** Makes the peer ask everybody, and holds their answers back. */
  #ask(leasedAt: number): void {
    const { remotes } = this.cast;
    this.#held = [];
    for (let packet = 0; packet < 6; packet++) {
      this.sendsTo(remotes.farther.address);
      this.waits(240);
    }
    this.waits(leasedAt + REFRESH_INTERVAL - this.now + 5);
    for (const name of ['friend', 'deployed', 'relayed', 'fresh', 'housemate'] as const) {
      this.sendsTo(remotes[name].address);
    }
    // The first question is repeated after a second.
    if (this.#moment !== 'asking') this.waits(1_100);
  }

  /** Those that we reach directly send us something. */
  #chatter(): void {
    this.#chatterAt = this.now + CHATTER;
    for (const name of ['friend', 'deployed'] as const) {
      const { endpoint, address } = this.cast.remotes[name];
      this.arrives(endpoint, udp(address, this.cast.own, new Uint8Array(8)));
    }
    this.recorder.delivered.length = 0;
  }

  #noteNonce({ to, payload }: SentDatagram): void {
    const message = messageIn(payload);
    if (message?.type !== 'router-solicitation' && message?.type !== 'neighbor-solicitation')
      return;
    const nonce = findOption(message.options, 'nonce')?.nonce;
    if (nonce === undefined) return;
    this.nonces.set(to, [...(this.nonces.get(to) ?? []), nonce]);
  }

  /** What a node answers to a datagram of the peer. */
  #answers({ to, payload }: SentDatagram): Uint8Array[] {
    const router = this.#routers.get(to);
    if (router !== undefined) {
      const isRefused =
        this.#scene.deployedRouter && to === this.cast.router && hasOptions(payload);
      if (isRefused) return [];
      const { address, port } = parseEndpoint(OWN_ENDPOINT);
      const { sent } = router.recorder;
      const bytes = payload.slice();
      router.router.handleDatagram(bytes, 0, bytes.length, parseIPv4(address), port, this.now);
      return sent
        .splice(0)
        .flatMap((answer) => (answer.to === OWN_ENDPOINT ? [answer.payload] : []));
    }
    const name = this.#names.get(to);
    return name === 'friend' || name === 'deployed' ? this.#remoteAnswers(name, payload) : [];
  }

  #remoteAnswers(name: RemoteName, payload: Uint8Array): Uint8Array[] {
    const message = messageIn(payload);
    const { address } = this.cast.remotes[name];
    if (message?.type === 'neighbor-solicitation') {
      const options =
        name === 'friend' ? message.options.filter(({ type }) => type === 'nonce') : [];
      return [
        buildNd({
          type: 'neighbor-advertisement',
          source: message.target,
          destination: message.source,
          router: false,
          solicited: true,
          override: true,
          target: message.target,
          options,
        }),
      ];
    }
    if (this.peer.peering !== 'probe-and-seen' || payload.length > 0) return [];
    const seen = udp(address, this.cast.own, new Uint8Array(8));
    setTrafficClass(seen, 0, SEEN);
    return [seen];
  }
}

/** The Neighbor Discovery message in a datagram, or null. */
export function messageIn(payload: Uint8Array): NdMessage | null {
  if (!isNd(payload, 0, payload.length)) return null;
  const parsed = parseNd(payload, 0, payload.length, { lenientRedirect: true });
  return parsed.ok ? parsed.value : null;
}

function hasOptions(payload: Uint8Array): boolean {
  const message = messageIn(payload);
  return message?.type === 'router-solicitation' && message.options.length > 0;
}

/** The address at an endpoint under a prefix, 16 bytes. */
export function addressBytes(cast: Cast, prefix: string, peer: string, lanip?: number): Uint8Array {
  const parts = lanip === undefined ? { prefix, peer } : { prefix, peer, lanip };
  return parseIPv6(encodeAddress(parts, { profile: cast.profile }));
}
