import {
  formatEndpoint,
  formatIPv4,
  type Profile,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
} from '@6bed4/codec';
import { IPV6_HEADER_LENGTH, icmpv6Checksum, upperLayerChecksum } from '@6bed4/nd';
import { demand, type InputReader } from '@6bed4/testing/fuzzTarget';
import type { Machine } from '../../src/index.js';
import { Recorder, type SentDatagram } from './recorder.js';

const GUARD = 0xa5;
const MARGIN = 32;
const TUNNEL_MTU = 1280;
const OUTER_HEADERS = 28;
const ICMPV6 = 58;
const UDP = 17;
const LONGEST_PAYLOAD = 1300;
/** Times in milliseconds that a script can let pass, from none to a day. */
const STEPS = [0, 1, 50, 1_000, 3_000, 27_000, 30_000, 120_000, 86_400_000];
/** Datagrams of the machine that scripts can refer to. */
const LAST_SENT = 16;
/** Calls for timeouts at one time after which time has to go on. */
const MOST_CALLS = 1_000;

/** IPv4 addresses of strangers and of nobody. */
const ADDRESSES = [
  ...['203.0.113.9', '203.0.113.10', '203.0.113.5', '198.51.100.1', '198.51.100.254', '10.0.0.2'],
  ...['192.168.1.7', '127.0.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255'],
].map((text) => parseIPv4(text));
const PORTS = [5000, 5002, 40_000, 25_790, 25_788, 65_535, 1, 0, 4001];

/** An endpoint of strangers, of routers, or of nobody. */
export interface ScriptEndpoint {
  readonly address: number;
  readonly port: number;
}

/** The bytes that went between a machine and an endpoint, with their headers. */
interface Balance {
  received: number;
  sent: number;
}

/** A machine that an input is read to, in virtual time, and what holds whatever the input says. */
export class MachineScript {
  readonly recorder = new Recorder();
  readonly reader: InputReader;
  readonly #profile: Profile;
  readonly #prefixes: readonly string[];
  /** Datagrams that the machine sent, the last ones. */
  readonly #sent: SentDatagram[] = [];
  readonly #balances = new Map<string, Balance>();
  /** Datagrams in the recorder that are in the balances. */
  #counted = 0;
  now = 10_000;

  /** @param prefixes - /64 prefixes of addresses that packets have */
  constructor(reader: InputReader, profile: Profile, prefixes: readonly string[]) {
    this.reader = reader;
    this.#profile = profile;
    this.#prefixes = prefixes;
  }

  /** Begins with a step: the recorder holds what it made. */
  clear(): void {
    this.recorder.clear();
    this.#counted = 0;
  }

  endpoint(): ScriptEndpoint {
    return { address: this.reader.pick(ADDRESSES), port: this.reader.pick(PORTS) };
  }

  /** An address: of a peer at an endpoint, or one of another kind. */
  address(): Uint8Array {
    const { reader } = this;
    const kind = reader.byte() % 8;
    if (kind < 5) {
      const { address, port } = this.endpoint();
      const { layout } = this.#profile;
      const bytes = parseIPv6(reader.pick(this.#prefixes).split('/')[0]!);
      const lanip = layout.hasLanip ? reader.byte() % 4 : 0;
      layout.writeUnchecked(bytes, 0, address, port, lanip);
      return bytes;
    }
    if (kind === 5) {
      return parseIPv6(reader.pick(['::', '::1', 'fe80::', 'ff02::1', 'ff02::2', '2001:db8::1']));
    }
    if (kind === 6) {
      const bytes = new Uint8Array(16);
      const { address, port } = this.endpoint();
      this.#profile.layout.writeLinkLocal(bytes, 0, address, port);
      return bytes;
    }
    const bytes = new Uint8Array(16);
    bytes.set(reader.take(16));
    return bytes;
  }

  /** An IPv6 packet whose lengths and checksum are right, most of the time. */
  packet(source = this.address(), destination = this.address()): Uint8Array {
    const { reader } = this;
    const flags = reader.byte();
    const nextHeader = flags & 1 ? ICMPV6 : reader.byte();
    const size = flags & 2 ? reader.word() % LONGEST_PAYLOAD : reader.byte() % 96;
    const packet = new Uint8Array(IPV6_HEADER_LENGTH + size);
    packet[0] = 0x60;
    packet[1] = flags & 4 ? reader.byte() : 0;
    packet.set([size >> 8, size], 4);
    packet[6] = nextHeader;
    packet[7] = flags & 8 ? reader.byte() : 255;
    packet.set(source, 8);
    packet.set(destination, 24);
    packet.set(reader.take(Math.min(size, 96)), IPV6_HEADER_LENGTH);
    if (flags & 16 && size > 8) packet.set(this.address().subarray(0, Math.max(0, size - 8)), 48);
    if ((flags & 32) === 0) complete(packet);
    return packet;
  }

  /** A packet that the machine sent, as it was or on its way back, perhaps changed. */
  echo(): Uint8Array {
    const { reader } = this;
    const sent = this.#sent.length === 0 ? null : reader.pick(this.#sent);
    const packet = sent === null ? new Uint8Array() : sent.payload.slice();
    const flags = reader.byte();
    if (packet.length < IPV6_HEADER_LENGTH) return packet;
    if (flags & 1) {
      const source = packet.slice(8, 24);
      packet.copyWithin(8, 24, 40);
      packet.set(source, 24);
    }
    if (flags & 2) packet[IPV6_HEADER_LENGTH] = reader.byte();
    if (flags & 4) packet[reader.word() % packet.length] = reader.byte();
    if (flags & 8) complete(packet);
    return packet;
  }

  /** A datagram arrives, inside a buffer whose other bytes stay as they are. */
  datagram(machine: Machine, from: ScriptEndpoint, payload: Uint8Array): void {
    this.#balance(from).received += payload.length + OUTER_HEADERS;
    inside(payload, (bytes, offset, length) => {
      machine.handleDatagram(bytes, offset, length, from.address, from.port, this.now);
    });
    this.#collect(machine);
  }

  /** The local side sends a packet. */
  local(machine: Machine, packet: Uint8Array): void {
    inside(packet, (bytes, offset, length) => {
      machine.handlePacket(bytes, offset, length, this.now);
    });
    this.#collect(machine);
  }

  /** Time passes; the machine is called whenever it wants. */
  wait(machine: Machine): void {
    const end = this.now + this.reader.pick(STEPS);
    let calls = 0;
    for (let next = machine.nextTimeout(); next <= end; next = machine.nextTimeout()) {
      demand(!Number.isNaN(next), 'a timeout is a time');
      calls = next > this.now ? 0 : calls + 1;
      demand(calls < MOST_CALLS, 'time goes on');
      this.now = Math.max(this.now, next);
      machine.handleTimeout(this.now);
      this.#collect(machine);
      // Days are long; a few calls at the end show as much.
      if (this.#isLong(end)) break;
    }
    this.now = end;
    machine.handleTimeout(this.now);
    this.#collect(machine);
  }

  /** Takes events out; calls that change the machine end with this. */
  collect(machine: Machine): void {
    this.#collect(machine);
  }

  /** The last datagrams that the machine sent. */
  lastSent(): readonly SentDatagram[] {
    return this.#sent;
  }

  /** The bytes sent to an endpoint beyond what came from there. */
  excess(endpoint: string): number {
    const { sent = 0, received = 0 } = this.#balances.get(endpoint) ?? {};
    return sent - received;
  }

  /** Endpoints that something was sent to. */
  get endpoints(): string[] {
    return [...this.#balances.keys()];
  }

  /** Lets an endpoint have caused so many bytes in another way than by a datagram from there. */
  grant(endpoint: string, bytes: number): void {
    this.#balance(parseEndpoint(endpoint)).received += bytes;
  }

  #isLong(end: number): boolean {
    return end - this.now > 1_000_000;
  }

  #collect(machine: Machine): void {
    const { recorder } = this;
    for (const datagram of recorder.sent.slice(this.#counted)) {
      const { payload, to, ttl } = datagram;
      const { address, port } = parseEndpoint(to);
      const first = Number(address.split('.')[0]);
      demand(payload.length <= TUNNEL_MTU, `${payload.length} bytes are sent`);
      demand(port !== 0 && first !== 0, `to ${to}`);
      demand(first < 224 || address === '224.0.0.1', `to ${to}`);
      demand(ttl >= 0 && ttl <= 255, `TTL ${ttl}`);
      this.#balance(parseEndpoint(to)).sent += payload.length + OUTER_HEADERS;
      this.#sent.push(datagram);
    }
    this.#counted = recorder.sent.length;
    this.#sent.splice(0, this.#sent.length - LAST_SENT);
    for (const { length } of recorder.delivered) {
      demand(length >= IPV6_HEADER_LENGTH && length <= 65_575, `${length} bytes are delivered`);
    }
    demand(!Number.isNaN(machine.nextTimeout()), 'the next timeout is a time');
  }

  #balance(endpoint: { readonly address: number | string; readonly port: number }): Balance {
    const { address, port } = endpoint;
    const text = typeof address === 'string' ? address : formatIPv4(address >>> 0);
    const key = formatEndpoint({ address: text, port });
    let balance = this.#balances.get(key);
    if (balance === undefined) {
      balance = { received: 0, sent: 0 };
      this.#balances.set(key, balance);
    }
    return balance;
  }
}

function complete(packet: Uint8Array): void {
  const { length } = packet;
  if (packet[6] === ICMPV6 && length >= IPV6_HEADER_LENGTH + 4) {
    const checksum = icmpv6Checksum(packet, 0, length);
    packet.set([checksum >> 8, checksum], IPV6_HEADER_LENGTH + 2);
  } else if (packet[6] === UDP && length >= IPV6_HEADER_LENGTH + 8) {
    const checksum = upperLayerChecksum(packet, 0, length, UDP, 6) || 0xffff;
    packet.set([checksum >> 8, checksum], IPV6_HEADER_LENGTH + 6);
  }
}

/** Hands bytes over amid others, which must not change. */
function inside(
  payload: Uint8Array,
  use: (bytes: Uint8Array, offset: number, length: number) => void,
): void {
  const around = new Uint8Array(payload.length + 2 * MARGIN).fill(GUARD);
  around.set(payload, MARGIN);
  use(around, MARGIN, payload.length);
  for (let at = 0; at < MARGIN; at++) {
    const isIntact = around[at] === GUARD && around[around.length - 1 - at] === GUARD;
    demand(isIntact, 'nothing is written around a packet');
  }
}
