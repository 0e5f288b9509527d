import { encodeAddress, type Profile, parseIPv4, parseIPv6 } from '@6bed4/codec';
import { buildEcho, buildUdp } from '@6bed4/nd';
import { Peer, type PeerOptions, Router, type TunnelSink } from '@6bed4/tunnel';
import { secureRandom } from '../../random.js';
import { VIRTIO_HEADER_LENGTH } from './offload/virtioHeader.js';
import { FastLoop } from './packetLoop.js';
import {
  NOTHING,
  type Scene,
  STAGED_TUN,
  STAGED_UDP,
  STAGED_WAKE,
  type StagedLibc,
} from './replayLibc.js';
import type { TunFeatures } from './tunFeatures.js';

/** Turns of a rehearsal: after so many, nearly all of it is compiled. */
const TURNS = 6000;
/** For how long it may take at most, in milliseconds. */
const LONGEST = 250;
const PAYLOAD = new Uint8Array(64);
/** Documentation addresses (RFC 5737), of whom nobody gets anything. */
const ROUTER = { address: '192.0.2.1', port: 25_790 };
const ONE = { address: '198.51.100.2', port: 40_000 };
const OTHER = { address: '203.0.113.3', port: 40_002 };
const NATIVE = '2000::1';

const CALL: Scene = { ...NOTHING, isWoken: true };

type Endpoint = typeof ROUTER;

/** A machine for a rehearsal, and what happens to it. */
interface Play {
  readonly machine: (sink: TunnelSink) => Router | Peer;
  /** Happens first. */
  readonly opening: Scene;
  /** Happen in turn. */
  readonly scenes: readonly Scene[];
}

/**
 * Lets a machine carry some thousand packets that nobody sent and nobody gets. Code that runs for the
 * first times is interpreted, and lone packets would meet nothing else for hours: they took twice as
 * long.
 *
 * @param onWake - what the loop will call later: another function would undo what was compiled
 */
export function rehearse(
  libc: StagedLibc,
  kind: 'peer' | 'router',
  profile: Profile,
  tunFeatures: TunFeatures,
  clock: () => number,
  onWake: () => void,
): void {
  const { machine, opening, scenes } =
    kind === 'peer' ? peerPlay(profile, tunFeatures) : routerPlay(profile, tunFeatures);
  const end = clock() + LONGEST;
  let turn = 0;
  try {
    const loop = new FastLoop<Router | Peer>({
      libc,
      machine,
      wake: STAGED_WAKE,
      udp: STAGED_UDP,
      tun: STAGED_TUN,
      tunFeatures,
      udpSegmentation: true,
      clock,
      onWake,
      onEvent: () => {},
      onGone: () => {},
    });
    libc.enter(() => {
      if (turn > TURNS || clock() > end) loop.stop();
      return turn++ === 0 ? opening : scenes[turn % scenes.length]!;
    });
    loop.command((one, now) => {
      if (one instanceof Peer) one.start(now);
    });
    loop.run();
  } finally {
    libc.leave();
  }
}

function routerPlay(profile: Profile, features: TunFeatures): Play {
  const machine = (sink: TunnelSink): Router =>
    new Router({ ...ROUTER, profile, random: secureRandom }, sink);
  const { prefix } = machine(new Listener());
  const one = addressOf(ONE, prefix, profile);
  return {
    machine,
    opening: NOTHING,
    scenes: [
      arrival(ONE, packet(one, addressOf(OTHER, prefix, profile))),
      arrival(ONE, packet(one, NATIVE)),
      departure(packet(NATIVE, one), features),
      arrival(ONE, ping(one, addressOf(OTHER, prefix, profile))),
      arrival(ONE, solicitation(profile)),
      CALL,
      NOTHING,
    ],
  };
}

function peerPlay(profile: Profile, features: TunFeatures): Play {
  const options: PeerOptions = { routers: [ROUTER], profile, random: secureRandom };
  // What a router says to a peer that asks.
  const said = new Listener();
  const router = new Router({ ...ROUTER, profile, random: secureRandom }, said);
  const question = solicitation(profile);
  router.handleDatagram(question, 0, question.length, parseIPv4(ONE.address), ONE.port, 0);
  const one = addressOf(ONE, router.prefix, profile);
  const other = addressOf(OTHER, router.prefix, profile);
  return {
    machine: (sink) => new Peer({ ...options, peering: { strategy: 'via-router' } }, sink),
    opening: arrival(ROUTER, said.datagrams[0]!),
    scenes: [
      departure(packet(one, other), features),
      arrival(ROUTER, packet(other, one)),
      departure(ping(one, other), features),
      arrival(ROUTER, ping(other, one)),
      arrival(ROUTER, said.datagrams[0]!),
      CALL,
      NOTHING,
    ],
  };
}

/** What a peer asks a router first. */
function solicitation(profile: Profile): Uint8Array {
  const asked = new Listener();
  new Peer({ routers: [ROUTER], profile, random: secureRandom }, asked).start(0);
  return asked.datagrams[0]!;
}

/** Keeps what a machine sends. */
class Listener implements TunnelSink {
  readonly datagrams: Uint8Array[] = [];

  sendDatagram(bytes: Uint8Array, offset: number, length: number): void {
    this.datagrams.push(bytes.slice(offset, offset + length));
  }

  deliverPacket(): void {}

  event(): void {}
}

function addressOf(peer: Endpoint, prefix: string, profile: Profile): string {
  return encodeAddress({ prefix, peer }, { profile });
}

function packet(source: string, destination: string): Uint8Array {
  return buildUdp({
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    sourcePort: 9,
    destinationPort: 9,
    payload: PAYLOAD,
  });
}

function ping(source: string, destination: string): Uint8Array {
  return buildEcho({
    type: 'echo-request',
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    hopLimit: 64,
    identifier: 9,
    sequence: 9,
    data: PAYLOAD,
  });
}

function arrival({ address, port }: Endpoint, bytes: Uint8Array): Scene {
  return { ...NOTHING, datagram: { bytes, address: parseIPv4(address), port } };
}

function departure(bytes: Uint8Array, { virtioHeader }: TunFeatures): Scene {
  const framed = new Uint8Array(bytes.length + (virtioHeader ? VIRTIO_HEADER_LENGTH : 0));
  framed.set(bytes, framed.length - bytes.length);
  return { ...NOTHING, packet: framed };
}
