import { encodeAddress, type Profile, parseIPv4, parseIPv6 } from '@6bed4/codec';
import { buildEcho, buildUdp } from '@6bed4/nd';
import { Peer, type PeerOptions, Router, type TunnelSink } from '@6bed4/tunnel';
import { secureRandom } from '../../random.js';
import { VIRTIO_HEADER_LENGTH } from '../kernel/virtioHeader.js';
import type { LoopMemory } from './loopMemory.js';
import { PacketLoop } from './packetLoop.js';
import {
  IDLE,
  REPLAY_TUN,
  REPLAY_UDP,
  REPLAY_WAKE,
  type ReplayLibc,
  type ReplayStep,
} from './replayLibc.js';
import type { TunFeatures } from './tunFeatures.js';

/** Iterations of the loop: after so many, nearly all of its code is compiled. */
const ITERATIONS = 6000;
/** Upper bound of the whole warm-up, in milliseconds. */
const MAX_DURATION = 250;
/** Length of one piece of it, in milliseconds: for as long, a packet may have to wait. */
const PIECE = 1;
const PAYLOAD = new Uint8Array(64);
/** Endpoints of documentation (RFC 5737); nothing is sent to them. */
const ROUTER = { address: '192.0.2.1', port: 25_790 };
const PEER = { address: '198.51.100.2', port: 40_000 };
const REMOTE = { address: '203.0.113.3', port: 40_002 };
const NATIVE = '2000::1';

const WAKE: ReplayStep = { ...IDLE, wake: true };

type Endpoint = typeof ROUTER;

/** Options of {@link warmUp}. */
export interface WarmUpOptions {
  readonly libc: ReplayLibc;
  /** The memory that the loop uses later, too. */
  readonly memory: LoopMemory;
  readonly kind: 'peer' | 'router';
  readonly profile: Profile;
  readonly tunFeatures: TunFeatures;
  readonly clock: () => number;
  /** The function that the loop calls later too; another one would invalidate the compiled code. */
  readonly onWake: () => void;
}

/** A machine, and the input that it gets during the warm-up. */
interface WarmUpScript {
  readonly machine: (sink: TunnelSink) => Router | Peer;
  readonly first: ReplayStep;
  /** Repeated in this order. */
  readonly steps: readonly ReplayStep[];
}

/**
 * Warms up the JIT compiler: runs some thousand synthetic packets through a loop with a machine of this
 * kind, so that real packets meet compiled code. Otherwise lone packets would run interpreted
 * code for hours, which takes twice as long.
 *
 * @returns does a piece of it at each call, with nothing else between its begin and its end; false after the last one
 */
export function prepareWarmUp(options: WarmUpOptions): () => boolean {
  const { libc, memory, kind, profile, tunFeatures, clock, onWake } = options;
  const script = kind === 'peer' ? peerScript : routerScript;
  const { machine, first, steps } = script(profile, tunFeatures);
  let iteration = 0;
  let spent = 0;
  let pauseAt = 0;
  const loop = new PacketLoop<Router | Peer>({
    libc,
    memory,
    machine,
    wake: REPLAY_WAKE,
    udp: REPLAY_UDP,
    tun: REPLAY_TUN,
    tunFeatures,
    udpSegmentation: true,
    clock,
    onWake,
    onEvent: () => {},
    onGone: () => {},
  });
  const next = (): ReplayStep => {
    if (iteration > ITERATIONS || clock() >= pauseAt) loop.stop();
    return iteration++ === 0 ? first : steps[iteration % steps.length]!;
  };
  return () => {
    const begin = clock();
    pauseAt = begin + PIECE;
    libc.start(memory.arena, next);
    try {
      if (iteration === 0)
        loop.command((machine, now) => machine instanceof Peer && machine.start(now));
      loop.run();
    } finally {
      libc.stop();
    }
    spent += clock() - begin;
    return iteration <= ITERATIONS && spent < MAX_DURATION;
  };
}

function routerScript(profile: Profile, features: TunFeatures): WarmUpScript {
  const machine = (sink: TunnelSink): Router =>
    new Router({ ...ROUTER, profile, random: secureRandom }, sink);
  const { prefix } = machine(new RecordingSink());
  const peer = addressOf(PEER, prefix, profile);
  const remote = addressOf(REMOTE, prefix, profile);
  return {
    machine,
    first: IDLE,
    steps: [
      datagramFrom(PEER, udpPacket(peer, remote)),
      datagramFrom(PEER, udpPacket(peer, NATIVE)),
      tunPacket(udpPacket(NATIVE, peer), features),
      datagramFrom(PEER, echoRequest(peer, remote)),
      datagramFrom(PEER, routerSolicitation(profile)),
      WAKE,
      IDLE,
    ],
  };
}

function peerScript(profile: Profile, features: TunFeatures): WarmUpScript {
  const options: PeerOptions = { routers: [ROUTER], profile, random: sameNonce };
  const sent = new RecordingSink();
  const router = new Router({ ...ROUTER, profile, random: secureRandom }, sent);
  const solicitation = routerSolicitation(profile);
  const { address, port } = PEER;
  router.handleDatagram(solicitation, 0, solicitation.length, parseIPv4(address), port, 0);
  const advertisement = datagramFrom(ROUTER, sent.datagrams[0]!);
  const peer = addressOf(PEER, router.prefix, profile);
  const remote = addressOf(REMOTE, router.prefix, profile);
  return {
    machine: (sink) => new Peer({ ...options, peering: { strategy: 'via-router' } }, sink),
    first: advertisement,
    steps: [
      tunPacket(udpPacket(peer, remote), features),
      datagramFrom(ROUTER, udpPacket(remote, peer)),
      tunPacket(echoRequest(peer, remote), features),
      datagramFrom(ROUTER, echoRequest(remote, peer)),
      advertisement,
      WAKE,
      IDLE,
    ],
  };
}

/** Gives the peer that is warmed up the nonce of the one whose solicitation was answered. */
function sameNonce(): number {
  return 0.5;
}

/** The first datagram of a peer to its router. */
function routerSolicitation(profile: Profile): Uint8Array {
  const sent = new RecordingSink();
  new Peer({ routers: [ROUTER], profile, random: sameNonce }, sent).start(0);
  return sent.datagrams[0]!;
}

/** Records the datagrams that a machine sends. */
class RecordingSink implements TunnelSink {
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

function udpPacket(source: string, destination: string): Uint8Array {
  return buildUdp({
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    sourcePort: 9,
    destinationPort: 9,
    payload: PAYLOAD,
  });
}

function echoRequest(source: string, destination: string): Uint8Array {
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

function datagramFrom({ address, port }: Endpoint, bytes: Uint8Array): ReplayStep {
  return { ...IDLE, datagram: { bytes, address: parseIPv4(address), port } };
}

/** @param bytes - the packet; its virtio header, if it needs one, is all zeroes */
function tunPacket(bytes: Uint8Array, { virtioHeader }: TunFeatures): ReplayStep {
  const framed = new Uint8Array(bytes.length + (virtioHeader ? VIRTIO_HEADER_LENGTH : 0));
  framed.set(bytes, framed.length - bytes.length);
  return { ...IDLE, packet: framed };
}
