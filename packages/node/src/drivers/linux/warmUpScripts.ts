import { type Endpoint, encodeAddress, type Profile, parseIPv4 } from '@6bed4/codec';
import { Peer, type PeerOptions, Router, type TunnelSink } from '@6bed4/tunnel';
import { secureRandom } from '../../random.js';
import { IDLE, type ReplayStep } from './replayLibc.js';
import type { TunFeatures } from './tunFeatures.js';
import {
  datagramFrom,
  echoPacket,
  streamFrom,
  tcpPacket,
  tunPacket,
  udpFromTun,
  udpPacket,
  wholeFromTun,
} from './warmUpPackets.js';

/** Endpoints of documentation (RFC 5737); nothing is sent to them. */
const ROUTER = { address: '192.0.2.1', port: 25_790 };
const PEER = { address: '198.51.100.2', port: 40_000 };
const REMOTE = { address: '203.0.113.3', port: 40_002 };
/** One that never answers. */
const SILENT = { address: '203.0.113.5', port: 40_004 };
const NATIVE = '2000::1';

const WAKE: ReplayStep = { ...IDLE, wake: true };

/** A machine, and the input that it gets during the warm-up. */
export interface WarmUpScript {
  readonly machine: (sink: TunnelSink) => Router | Peer;
  /** What comes first, once. */
  readonly begin: readonly ReplayStep[];
  /** Repeated in this order. */
  readonly steps: readonly ReplayStep[];
}

/** A router with two peers, one of which also exchanges packets with a host in the native IPv6 Internet. */
export function routerScript(
  profile: Profile,
  { virtioHeader: hasHeader }: TunFeatures,
): WarmUpScript {
  const machine = (sink: TunnelSink): Router =>
    new Router({ ...ROUTER, profile, random: secureRandom }, sink);
  const { prefix } = new MachineNetwork().add(ROUTER, machine);
  const peer = addressOf(PEER, prefix, profile);
  const remote = addressOf(REMOTE, prefix, profile);
  return {
    machine,
    begin: [],
    steps: [
      datagramFrom(PEER, echoPacket('echo-request', peer, remote)),
      datagramFrom(PEER, udpPacket(peer, remote)),
      datagramFrom(PEER, tcpPacket(peer, remote, 0)),
      streamFrom(PEER, peer, remote),
      datagramFrom(PEER, echoPacket('echo-request', peer, NATIVE)),
      tunPacket(echoPacket('echo-reply', NATIVE, peer), hasHeader),
      datagramFrom(PEER, udpPacket(peer, NATIVE)),
      udpFromTun(NATIVE, peer, 1, hasHeader),
      udpFromTun(NATIVE, peer, 2, hasHeader),
      streamFrom(PEER, peer, NATIVE),
      ...(hasHeader ? [wholeFromTun(NATIVE, peer)] : []),
      datagramFrom(PEER, routerSolicitation(profile)),
      WAKE,
      IDLE,
    ],
  };
}

/** A peer with a remote that it reaches directly, if its strategy gets so far at once, and one that it does not. */
export function peerScript(profile: Profile, features: TunFeatures): WarmUpScript {
  const { virtioHeader: hasHeader } = features;
  const options: PeerOptions = { routers: [ROUTER], profile, random: sameNonce };
  const machine = (sink: TunnelSink): Peer => new Peer(options, sink);
  const network = new MachineNetwork();
  const router = network.add(
    ROUTER,
    (sink) => new Router({ ...ROUTER, profile, random: secureRandom }, sink),
  );
  const begin: ReplayStep[] = [];
  const actor = network.add(PEER, machine, begin);
  network.add(REMOTE, (sink) => new Peer({ ...options, random: secureRandom }, sink)).start(0);
  actor.start(0);
  network.settle();
  const [advertisement] = begin;
  const peer = addressOf(PEER, router.prefix, profile);
  const remote = addressOf(REMOTE, router.prefix, profile);
  const silent = addressOf(SILENT, router.prefix, profile);
  const request = echoPacket('echo-request', peer, remote);
  const ping = tunPacket(request, hasHeader);
  begin.push(ping);
  const asked = begin.length;
  actor.handlePacket(request, 0, request.length, 0);
  network.settle();
  return {
    machine,
    begin,
    steps: [
      ping,
      datagramFrom(REMOTE, echoPacket('echo-reply', remote, peer)),
      // Confirms the path.
      ...begin.slice(asked),
      ping,
      datagramFrom(REMOTE, echoPacket('echo-reply', remote, peer)),
      datagramFrom(REMOTE, echoPacket('echo-request', remote, peer)),
      tunPacket(echoPacket('echo-reply', peer, remote), hasHeader),
      datagramFrom(REMOTE, udpPacket(remote, peer)),
      udpFromTun(peer, remote, 1, hasHeader),
      udpFromTun(peer, remote, 2, hasHeader),
      streamFrom(REMOTE, remote, peer),
      tunPacket(tcpPacket(peer, remote, 0), hasHeader),
      datagramFrom(REMOTE, tcpPacket(remote, peer, 0)),
      ...(hasHeader ? [wholeFromTun(peer, remote)] : []),
      datagramFrom(ROUTER, udpPacket(silent, peer)),
      udpFromTun(peer, silent, 1, hasHeader),
      ...(advertisement === undefined ? [] : [advertisement]),
      WAKE,
      IDLE,
    ],
  };
}

/** Gives the peer that is warmed up the nonces of the one whose messages were answered. */
function sameNonce(): number {
  return 0.5;
}

/** The first datagram of a peer to its router. */
function routerSolicitation(profile: Profile): Uint8Array {
  const network = new MachineNetwork();
  const arrived: ReplayStep[] = [];
  // None that answers.
  network.add(
    ROUTER,
    (sink) => new Peer({ routers: [], profile, random: sameNonce }, sink),
    arrived,
  );
  const options = { routers: [ROUTER], profile, random: sameNonce };
  network.add(PEER, (sink) => new Peer(options, sink)).start(0);
  network.settle();
  return arrived[0]!.datagram!.bytes;
}

function addressOf(peer: Endpoint, prefix: string, profile: Profile): string {
  return encodeAddress({ prefix, peer }, { profile });
}

interface SentDatagram {
  readonly from: Endpoint;
  /** Address and port as numbers. */
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** Machines whose datagrams arrive without delay; those to nobody are lost. */
class MachineNetwork {
  readonly #machines = new Map<string, { machine: Peer | Router; record: ReplayStep[] | null }>();
  readonly #sent: SentDatagram[] = [];

  /** @param record - gets what arrives there, or null */
  add<M extends Peer | Router>(
    at: Endpoint,
    make: (sink: TunnelSink) => M,
    record: ReplayStep[] | null = null,
  ): M {
    const machine = make({
      sendDatagram: (bytes, offset, length, to) => {
        const copy = bytes.slice(offset, offset + length);
        this.#sent.push({ from: at, to: `${to.address}:${to.port}`, bytes: copy });
      },
      deliverPacket: () => {},
      event: () => {},
    });
    this.#machines.set(`${parseIPv4(at.address)}:${at.port}`, { machine, record });
    return machine;
  }

  /** Lets all datagrams arrive, and those that are sent then. */
  settle(): void {
    for (let sent = this.#sent.shift(); sent !== undefined; sent = this.#sent.shift()) {
      const { from, to, bytes } = sent;
      const receiver = this.#machines.get(to);
      if (receiver === undefined) continue;
      const step = datagramFrom(from, bytes.slice());
      receiver.record?.push(step);
      const { address, port } = step.datagram!;
      receiver.machine.handleDatagram(bytes, 0, bytes.length, address, port, 0);
    }
  }
}
