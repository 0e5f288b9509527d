import {
  formatIPv6,
  type Profile,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
  type UdpEndpoint,
} from '@6bed4/codec';
import { seededRandom } from '@6bed4/testing/random';
import { Peer, type PeerOptions, Router, type RunMachine } from '../../src/index.js';
import { Recorder, type SentDatagram } from './recorder.js';

export const NATIVE = '2001:db8:77::5';
/** Two peers of the first router, one behind a NAT with each of them, and a peer of the second router. */
export const PEERS = ['203.0.113.5:40000', '203.0.113.9:5000', '192.0.2.77:50002'] as const;
export const STRANGER = '203.0.113.10:6000';
const ROUTERS = ['198.51.100.1', '198.51.100.254'] as const;
const MOST_ROUNDS = 3_000;
const OPENING_TTL = 10;

/** Packets with one header, of `size` bytes but the last, one behind the other. */
export interface Run {
  readonly bytes: Uint8Array;
  readonly size: number;
}

/** A recorder that also takes runs, and counts them. */
class RunRecorder extends Recorder {
  runsSent = 0;
  runsDelivered = 0;

  sendDatagrams(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    this.runsSent++;
    for (let done = 0; done < length; done += size) {
      const one = Math.min(size, length - done);
      this.sendDatagram(bytes, offset + done, one, to, tos, ttl);
    }
  }

  deliverPackets(bytes: Uint8Array, offset: number, length: number, size: number): void {
    this.runsDelivered++;
    for (let done = 0; done < length; done += size) {
      this.deliverPacket(bytes, offset + done, Math.min(size, length - done));
    }
  }
}

interface WorldNode {
  readonly machine: RunMachine & (Peer | Router);
  readonly recorder: RunRecorder;
  readonly endpoint: string;
}

/** What a {@link RunWorld} is made of. */
export interface WorldOptions {
  readonly profile: Profile;
  readonly prefixes: readonly [string | undefined, string | undefined];
  readonly peering: PeerOptions['peering'];
  /** Rules of the first router. */
  readonly masquerade?: readonly string[];
}

/**
 * Routers and peers that exchange datagrams in virtual time. The machines get several packets with one header
 * either at once, or each by itself; everything else is the same, and everything that is to be seen of
 * the machines goes into a log.
 */
export class RunWorld {
  readonly log: string[] = [];
  readonly nodes: readonly WorldNode[];
  now = 1_000;
  /** Whether datagrams between peers are lost. */
  losesDirect = false;
  readonly #asRuns: boolean;
  readonly #profile: Profile;

  constructor({ profile, prefixes, peering, masquerade }: WorldOptions, asRuns: boolean) {
    this.#asRuns = asRuns;
    this.#profile = profile;
    const routers = ROUTERS.map((address, index) => {
      const recorder = new RunRecorder();
      const prefix = prefixes[index];
      const random = seededRandom(10 + index);
      const rules = index === 0 ? masquerade : undefined;
      const options = { address, profile, prefix, masquerade: rules, random };
      const machine = new Router(options, recorder);
      return { machine, recorder, endpoint: `${address}:${profile.port}` };
    });
    const peers = PEERS.map((endpoint, index) => {
      const recorder = new RunRecorder();
      const router = ROUTERS[index === 2 ? 1 : 0];
      const random = seededRandom(20 + index);
      const machine = new Peer({ routers: [router], profile, peering, random }, recorder);
      return { machine, recorder, endpoint };
    });
    this.nodes = [...peers, ...routers];
    for (const { machine } of peers) machine.start(this.now);
    this.#settle();
  }

  peer(index: number): Peer {
    return this.nodes[index]!.machine as Peer;
  }

  /** The address of a stranger under the prefix of the first router. */
  get stranger(): string {
    const address = parseIPv6(this.addressOf(0));
    const { address: ipv4, port } = parseEndpoint(STRANGER);
    const { layout } = this.#profile;
    layout.writeUnchecked(address, 0, parseIPv4(ipv4), port, layout.hasLanip ? 1 : 0);
    return formatIPv6(address);
  }

  /** The address of the first router, which is its host's. */
  get routerAddress(): string {
    return (this.nodes[PEERS.length]!.machine as Router).address;
  }

  /** The address of a peer. */
  addressOf(index: number): string {
    return this.peer(index).uplinks[0]!.lease?.address ?? '::1';
  }

  /** Runs of all machines that were sent and delivered at once. */
  get runs(): { readonly sent: number; readonly delivered: number } {
    return {
      sent: this.nodes.reduce((sum, { recorder }) => sum + recorder.runsSent, 0),
      delivered: this.nodes.reduce((sum, { recorder }) => sum + recorder.runsDelivered, 0),
    };
  }

  /** The local side of a node sends a run. */
  sends(index: number, run: Run): void {
    const { machine } = this.nodes[index]!;
    const bytes = run.bytes.slice();
    if (this.#asRuns) machine.handlePackets(bytes, 0, bytes.length, run.size, this.now);
    else each(bytes, run.size, (at, length) => machine.handlePacket(bytes, at, length, this.now));
    this.log.push(`sent ${hex(bytes)}`);
    this.#settle();
  }

  /** A run arrives at a node from anywhere. */
  arrives(index: number, from: string, run: Run): void {
    this.#receive(this.nodes[index]!, from, run);
    this.#settle();
  }

  /** Lets `milliseconds` pass, with all timeouts at their time. */
  advance(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const next = Math.min(...this.nodes.map(({ machine }) => machine.nextTimeout()));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      for (const { machine } of this.nodes) {
        if (machine.nextTimeout() <= this.now) machine.handleTimeout(this.now);
      }
      this.#settle();
    }
    this.now = end;
  }

  #settle(): void {
    for (let round = 0; ; round++) {
      if (round > MOST_ROUNDS) throw new Error('the network does not become quiet');
      let carried = false;
      for (const node of this.nodes) carried = this.#carryFrom(node) || carried;
      if (!carried) break;
    }
    for (const { machine, recorder, endpoint } of this.nodes) {
      const delivered = recorder.delivered.splice(0).map(hex);
      const events = recorder.events.splice(0);
      const known = machine instanceof Peer ? [machine.uplinks, machine.remotes(this.now)] : [];
      const { counters } = machine;
      const seen = [endpoint, delivered, events, counters.snapshot(), machine.nextTimeout(), known];
      this.log.push(JSON.stringify(seen));
    }
  }

  #carryFrom({ recorder, endpoint }: WorldNode): boolean {
    const first = recorder.sent[0];
    if (first === undefined) return false;
    const group = recorder.sent.splice(0, alikeAtStart(recorder.sent));
    const payloads = group.map(({ payload }) => payload);
    const { to, ttl, tos } = first;
    this.log.push(`${endpoint} to ${to}, ${ttl}, ${tos}: ${payloads.map(hex)}`);
    const node = this.nodes.find((one) => one.endpoint === to);
    const isDirect = [endpoint, to].every((one) => PEERS.includes(one as (typeof PEERS)[0]));
    if (node === undefined || (ttl !== 0 && ttl < OPENING_TTL)) return true;
    if (isDirect && this.losesDirect) return true;
    this.#receive(node, endpoint, {
      bytes: Uint8Array.from(Buffer.concat(payloads)),
      size: first.payload.length,
    });
    return true;
  }

  #receive({ machine }: WorldNode, from: string, run: Run): void {
    const { address, port } = parseEndpoint(from);
    const source = parseIPv4(address);
    const bytes = run.bytes.slice();
    if (run.size >= bytes.length) {
      machine.handleDatagram(bytes, 0, bytes.length, source, port, this.now);
    } else if (this.#asRuns) {
      machine.handleDatagrams(bytes, 0, bytes.length, run.size, source, port, this.now);
    } else {
      each(bytes, run.size, (at, length) =>
        machine.handleDatagram(bytes, at, length, source, port, this.now),
      );
    }
    this.log.push(`received ${hex(bytes)}`);
  }
}

function each(bytes: Uint8Array, size: number, take: (at: number, length: number) => void): void {
  for (let at = 0; at < bytes.length; at += size) take(at, Math.min(size, bytes.length - at));
}

/** The number of datagrams at the start that one message of UDP_GRO could be, with one header. */
function alikeAtStart(sent: readonly SentDatagram[]): number {
  const first = sent[0]!;
  if (!isUsual(first.payload)) return 1;
  let count = 1;
  for (let last = first; last.payload.length === first.payload.length; count++) {
    const next = sent[count];
    if (next === undefined || next.to !== first.to || next.ttl !== 0 || first.ttl !== 0) break;
    if (next.payload.length > first.payload.length || !isUsual(next.payload)) break;
    if (header(next.payload) !== header(first.payload)) break;
    last = next;
  }
  return count;
}

/** Whether a packet may be in a run: UDP, or TCP without SYN and RST. */
function isUsual(packet: Uint8Array): boolean {
  if (packet.length < 60 || packet[0]! >>> 4 !== 6) return false;
  return packet[6] === 17 || (packet[6] === 6 && (packet[53]! & 0x06) === 0);
}

/** The IPv6 header without the payload length. */
function header(packet: Uint8Array): string {
  return hex(Uint8Array.of(...packet.subarray(0, 4), ...packet.subarray(6, 40)));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Fields of a {@link run}. */
export interface RunFields {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 6 | 17;
  readonly count: number;
  /** Bytes behind the IPv6 header of each packet but the last: 20 at least. */
  readonly payload: number;
  readonly lastPayload: number;
  readonly trafficClass: number;
  readonly hopLimit: number;
}

/** Packets with one header; what is behind it is none of the machine's business. */
export function run(fields: RunFields): Run {
  const { source, destination, protocol, count, payload, trafficClass, hopLimit } = fields;
  const size = 40 + payload;
  const last = 40 + Math.min(payload, fields.lastPayload);
  const bytes = new Uint8Array((count - 1) * size + last);
  each(bytes, size, (at, length) => {
    bytes.set([0x60 | (trafficClass >>> 4), (trafficClass & 15) << 4, 0, 7], at);
    bytes.set([(length - 40) >>> 8, (length - 40) & 0xff, protocol, hopLimit], at + 4);
    bytes.set(parseIPv6(source), at + 8);
    bytes.set(parseIPv6(destination), at + 24);
    for (let index = at + 40; index < at + length; index++) bytes[index] = index * 7 + at;
    bytes[at + 52] = 0x50;
    bytes[at + 53] = 0x10;
  });
  return { bytes, size };
}
