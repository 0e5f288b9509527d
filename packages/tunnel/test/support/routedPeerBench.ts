import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import {
  findOption,
  type NdOption,
  parseNd,
  type RouterAdvertisement,
  type RouterSolicitation,
} from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { Peer, type PeerOptions } from '../../src/index.js';
import { advertisement, prefixOption } from './packets.js';
import { Recorder, type SentDatagram } from './recorder.js';

export const ROUTER = '198.51.100.1:25790';
export const PREFIX = 'fc64:bed:c633:6401::/64';
export const OWN_ENDPOINT = '203.0.113.5:40000';
export const OWN = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 1 });
export const OWN_PREFIX = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 0 });
export const REMOTE_ENDPOINT = '203.0.113.9:5000';
export const REMOTE = encodeAddress({ prefix: PREFIX, peer: REMOTE_ENDPOINT, lanip: 1 });
export const NATIVE = '2001:db8:77::5';

/** The prefix that the router offers to us. */
export const offer = (overrides: Parameters<typeof prefixOption>[1] = {}): NdOption =>
  prefixOption(parseIPv6(OWN_PREFIX), overrides);

/** The advertisement of the router to us. */
export const advertise = (overrides: Partial<RouterAdvertisement> = {}): Uint8Array =>
  advertisement({ options: [offer()], ...overrides });

/** The Router Solicitations among datagrams. */
export function solicitations(sent: readonly SentDatagram[]): RouterSolicitation[] {
  return sent.map(({ payload }) => {
    const message = parseNd(payload, 0, payload.length);
    if (!message.ok || message.value.type !== 'router-solicitation') throw new Error('no RS');
    return message.value;
  });
}

/** The nonce of the first of them. */
export function nonceIn(sent: readonly SentDatagram[]): Uint8Array {
  return findOption(solicitations(sent)[0]!.options, 'nonce')!.nonce;
}

/** A peer that knows no direct paths, with a recorder, in virtual time. */
export class RoutedPeerBench {
  readonly recorder = new Recorder();
  readonly peer: Peer;
  now = 10_000;

  constructor(options: Partial<PeerOptions> = {}) {
    this.peer = new Peer(
      {
        routers: ['198.51.100.1'],
        random: seededRandom(2),
        // Direct paths have tests of their own, in peering/.
        peering: { strategy: 'via-router' },
        ...options,
      },
      this.recorder,
    );
  }

  /** A started peer that has its address. */
  static leased(options: Partial<PeerOptions> = {}): RoutedPeerBench {
    const bench = new RoutedPeerBench(options);
    bench.peer.start(bench.now);
    bench.answer();
    bench.recorder.clear();
    return bench;
  }

  /** The router answers our last solicitation, with an advertisement that has its nonce. */
  answer(overrides: Partial<RouterAdvertisement> = {}, from = ROUTER): Recorder {
    const { options = [offer()] } = overrides;
    const { nonce } = this.recorder;
    if (nonce === null) throw new Error('nothing was asked');
    return this.datagram(
      from,
      advertise({ ...overrides, options: [...options, { type: 'nonce', nonce }] }),
    );
  }

  datagram(from: string, payload: Uint8Array): Recorder {
    this.recorder.clear();
    const [address, port] = from.split(':') as [string, string];
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    this.peer.handleDatagram(payload.slice(), 0, payload.length, number, Number(port), this.now);
    return this.recorder;
  }

  packet(bytes: Uint8Array): Recorder {
    this.recorder.clear();
    this.peer.handlePacket(bytes.slice(), 0, bytes.length, this.now);
    return this.recorder;
  }

  /** Jumps to the next timeout and handles it. */
  wake(): Recorder {
    this.recorder.clear();
    this.now = this.peer.nextTimeout();
    this.peer.handleTimeout(this.now);
    return this.recorder;
  }

  get drops(): Readonly<Partial<Record<string, number>>> {
    return this.peer.counters.snapshot().drops;
  }

  get types(): string[] {
    return this.recorder.events.map((event) => event.type);
  }
}
