import { writeUint32 } from '@6bed4/codec';
import {
  buildIcmpError,
  IPV6_HEADER_LENGTH,
  TCP_ACK,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SEQUENCE_OFFSET,
  TCP_SYN,
} from '@6bed4/nd';
import { demand, type InputReader } from '@6bed4/testing/fuzzTarget';
import { Random } from '@6bed4/testing/random';
import { streamByte } from '@6bed4/testing/streamProgram';
import { type TcpConnection, TcpStack } from '../../src/index.js';
import { Segment } from '../../src/segment/segment.js';
import { ADDRESSES } from '../properties/lab.js';
import { sackOption, timestampOption } from './forge.js';
import { portOf, RawRemote } from './rawRemote.js';

const PORT = 80;
const REMOTES = 4;
const FIRST_PORT = 10_000;
/** The remote to which the stack connects. */
const CALLED = 2;
const LEAST_BUFFER = 4_096;
const MEMORY = 65_536;
const MOST_CONNECTIONS = 3;
const MOST_PACKETS_AT_ONCE = 500;
const MOST_TIMEOUTS_AT_ONCE = 50;
const HOUR = 3_600_000;
/** Numbers of the two streams: what the stack writes, and what remotes write. */
const OWN = 0;
const THEIRS = 1;

const DISTANCES = [
  0,
  0,
  0,
  1,
  40,
  -1,
  -40,
  100,
  1_220,
  -1_220,
  65_535,
  65_536,
  1 << 20,
  -(1 << 30),
];
const FLAGS = [
  ...[TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_ACK | TCP_FIN, TCP_ACK | 0x40, TCP_ACK | 0xc0],
  ...[TCP_RST, TCP_RST | TCP_ACK, TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN, 0, 0xff],
];
const WINDOWS = [65_535, 1_000, 100, 1, 0];
const LENGTHS = [0, 1, 40, 1_000, 1_220];
const WAITS = [0, 1, 10, 40, 200, 1_000, 10_000, 130_000];
const SYN_OPTIONS = [
  undefined,
  new Uint8Array(0),
  Uint8Array.of(2, 4, 0, 1),
  Uint8Array.of(2, 4, 4, 0xc4, 4, 2, 1, 1),
  Uint8Array.of(3, 3, 14, 1),
];

/** A connection, and what its program has written and read. */
interface Use {
  written: number;
  read: number;
}

/** A stack, four remotes that keep to no rule, and what an input makes of them. Throws when a promise is broken. */
export class StackScript {
  readonly #reader: InputReader;
  readonly #stack: TcpStack;
  readonly #remotes: RawRemote[] = [];
  readonly #uses = new Map<TcpConnection, Use>();
  /** Sequence numbers of the first bytes that the stack sends, by ports of remotes. */
  readonly #starts = new Map<number, number>();
  readonly #segment = new Segment();
  readonly #own: Uint8Array[] = [];
  readonly #buffer = new Uint8Array(2_000);
  #now = 1_000;
  #packets = 0;
  #connection: TcpConnection | null = null;

  constructor(reader: InputReader) {
    this.#reader = reader;
    const options = reader.byte();
    this.#stack = new TcpStack(
      {
        random: new Random(1).fraction,
        timestamps: (options & 1) !== 0,
        sack: (options & 2) !== 0,
        ecn: (options & 4) !== 0,
        congestion: (options & 16) !== 0 ? 'cubic' : 'bbr',
        ...{ mtu: (options & 32) !== 0 ? 1_500 : 1_280, sendBuffer: 20_000, receiveBuffer: 20_000 },
        ...{ maximumConnections: MOST_CONNECTIONS, maximumMemory: MEMORY },
      },
      {
        sendPacket: (bytes, offset, length) => this.#sent(bytes.slice(offset, offset + length)),
        event: (connection, event) => {
          if (event === 'open') this.#adopt(connection);
        },
        accepted: (listener) => {
          const connection = listener.accept();
          if (connection !== null) this.#adopt(connection);
        },
      },
    );
    this.#stack.listen(null, PORT, (options & 8) !== 0 ? 1 : 8);
    for (let index = 0; index < REMOTES; index++) {
      const side = { address: ADDRESSES[0], port: FIRST_PORT + index };
      const port = index === CALLED ? FIRST_PORT : PORT;
      this.#remotes.push(new RawRemote(side, { address: ADDRESSES[1], port }));
    }
  }

  play(): void {
    while (!this.#reader.isOver) {
      this.#packets = 0;
      this.#step();
      this.#check();
    }
    for (const connection of this.#uses.keys()) connection.abort(this.#now);
    this.#connection?.abort(this.#now);
    this.#pass(HOUR);
    demand(this.#stack.connectionCount === 0, 'all connections are over in an hour');
    demand(this.#stack.memoryUsed === 0, 'no memory is left');
    demand(this.#stack.nextTimeout() === Number.POSITIVE_INFINITY, 'nothing is left to wait for');
  }

  #step(): void {
    const reader = this.#reader;
    switch (reader.byte() % 8) {
      case 0:
        this.#give(this.#remote().open(reader.pick(SYN_OPTIONS)));
        break;
      case 1:
        this.#give(this.#remote().segment({ ...this.#options(0) }));
        break;
      case 2:
        this.#give(this.#any(this.#remote()));
        break;
      case 3:
        this.#report();
        break;
      case 4:
        this.#open();
        break;
      case 5:
      case 6:
        this.#act();
        break;
      default:
        this.#pass(reader.pick(WAITS));
    }
  }

  #remote(): RawRemote {
    return this.#reader.pick(this.#remotes);
  }

  /** A segment with data of the stream, as far as its numbers are near those that are due. */
  #any(remote: RawRemote): Uint8Array {
    const reader = this.#reader;
    const sequence = (remote.expected + reader.pick(DISTANCES)) | 0;
    const acknowledgment = (remote.end + reader.pick(DISTANCES)) | 0;
    const flags = reader.pick(FLAGS);
    const kind = reader.byte();
    const data = Uint8Array.from({ length: reader.pick(LENGTHS) }, (_, index) =>
      streamByte(THEIRS, sequence + index + ((flags & TCP_SYN) >> 1)),
    );
    const window = WINDOWS[(kind >> 3) % WINDOWS.length]!;
    return remote.segment({
      flags,
      sequence,
      acknowledgment,
      window,
      data,
      ...this.#options(kind),
    });
  }

  #options(kind: number): { options?: Uint8Array } {
    const reader = this.#reader;
    switch (kind % 6) {
      case 3:
        return { options: new Uint8Array(0) };
      case 4:
        return { options: timestampOption(reader.pick(DISTANCES), reader.pick(DISTANCES)) };
      case 5: {
        const { end } = this.#remotes[0]!;
        const edges = Array.from(
          { length: 2 + 2 * (reader.byte() % 4) },
          () => end + reader.pick(DISTANCES),
        );
        return { options: sackOption(edges) };
      }
      default:
        return {};
    }
  }

  /** An ICMPv6 error about a packet of the stack, or one like it. */
  #report(): void {
    const reader = this.#reader;
    const packet = this.#own[reader.byte() % Math.max(1, this.#own.length)];
    if (packet === undefined) return;
    const invoking = packet.slice();
    const at = IPV6_HEADER_LENGTH + TCP_SEQUENCE_OFFSET;
    if (reader.byte() % 4 === 3) writeUint32(invoking, at, reader.word());
    const parts = { source: ADDRESSES[0], destination: ADDRESSES[1], invoking };
    const mtu = [1_280, 1_300, 0, 9_000, 1_279][reader.byte() % 5]!;
    const error =
      reader.byte() % 2 === 0
        ? buildIcmpError({ type: 'packet-too-big', mtu, ...parts })
        : buildIcmpError({ type: 'destination-unreachable', code: reader.byte() % 7, ...parts });
    this.#stack.handleIcmpError(error, 0, error.length, this.#now);
  }

  #open(): void {
    const remote = this.#remotes[CALLED]!;
    if (this.#connection !== null && this.#connection.state !== 'CLOSED') return;
    if (this.#stack.connectionCount >= MOST_CONNECTIONS) return;
    this.#connection = this.#stack.connect(remote.victim, remote.local, this.#now);
  }

  /** A program does something. */
  #act(): void {
    const reader = this.#reader;
    const connections = [...this.#uses.keys()];
    const connection = connections[reader.byte() % Math.max(1, connections.length)];
    if (connection === undefined) return;
    const action = reader.byte();
    if (action >= 16) this.#write(connection, 8 * action);
    else if (action >= 8) this.#read(connection);
    else if (action === 7) connection.end(this.#now);
    else if (action === 6) connection.close(this.#now);
    else if (action === 5) connection.abort(this.#now);
    else if (action === 4) connection.noDelay = true;
    else if (action === 3) connection.setUserTimeout(reader.pick(WAITS), this.#now);
    else connection.setKeepAlive(action === 0 ? null : { idle: 1_000, count: 2 }, this.#now);
  }

  #write(connection: TcpConnection, length: number): void {
    const use = this.#uses.get(connection)!;
    const bytes = Uint8Array.from({ length }, (_, index) => streamByte(OWN, use.written + index));
    const before = connection.writable;
    const count = connection.write(bytes, 0, length, this.#now);
    demand(count <= before, `${count} bytes written where ${before} were possible`);
    use.written += count;
  }

  #read(connection: TcpConnection): void {
    const use = this.#uses.get(connection)!;
    const count = connection.read(this.#buffer, 0, this.#buffer.length, this.#now);
    for (let index = 0; index < count; index++) {
      const expected = streamByte(THEIRS, use.read + index);
      demand(this.#buffer[index] === expected, `byte ${index} of ${count} is that of the stream`);
    }
    use.read = (use.read + count) | 0;
  }

  #adopt(connection: TcpConnection): void {
    const { receiver, sender } = connection;
    this.#starts.set(connection.remote.port, sender.unacknowledged);
    // Data may have come with the handshake, and the FIN.
    const read = receiver.next - connection.readable - (receiver.isFinished ? 1 : 0);
    this.#uses.set(connection, { written: 0, read });
  }

  #give(packet: Uint8Array): void {
    this.#stack.handlePacket(packet, 0, packet.length, this.#now);
  }

  #pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    let atOnce = 0;
    while (this.#stack.nextTimeout() <= end) {
      const next = Math.max(this.#now, this.#stack.nextTimeout());
      atOnce = next > this.#now ? 0 : atOnce + 1;
      demand(atOnce < MOST_TIMEOUTS_AT_ONCE, 'timeouts move on');
      this.#now = next;
      this.#packets = 0;
      this.#stack.handleTimeout(this.#now);
      demand(this.#packets < MOST_PACKETS_AT_ONCE, `${this.#packets} packets at a timeout`);
    }
    this.#now = end;
    this.#packets = 0;
  }

  /** The stack sends a packet: a segment with data of the stream. */
  #sent(packet: Uint8Array): void {
    this.#packets++;
    const segment = this.#segment;
    demand(segment.read(packet, 0, packet.length), 'what is sent is a segment');
    const port = portOf(packet);
    this.#own[this.#packets % 16] = packet;
    const start = this.#starts.get(port) ?? 0;
    for (let index = 0; index < segment.dataLength && !segment.isSyn; index++) {
      const expected = streamByte(OWN, (segment.sequence + index - start) | 0);
      demand(packet[segment.dataOffset + index] === expected, 'what is sent is what was written');
    }
    this.#remotes.find(({ local }) => local.port === port)?.see(packet);
  }

  #check(): void {
    const { connectionCount, memoryUsed } = this.#stack;
    demand(this.#packets < MOST_PACKETS_AT_ONCE, `${this.#packets} packets at once`);
    demand(connectionCount <= MOST_CONNECTIONS, `${connectionCount} connections`);
    const most = MEMORY + 2 * LEAST_BUFFER * MOST_CONNECTIONS;
    demand(memoryUsed <= most, `${memoryUsed} bytes of buffers`);
    for (const connection of this.#uses.keys()) {
      if (connection.state === 'CLOSED' && connection.readable === 0) this.#uses.delete(connection);
    }
    demand(!Number.isNaN(this.#stack.nextTimeout()), 'the next timeout is a time');
  }
}
