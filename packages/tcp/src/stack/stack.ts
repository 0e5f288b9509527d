import { isIPv6Multicast } from '@6bed4/codec';
import {
  copyBytes,
  DESTINATION_OFFSET,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  SOURCE_OFFSET,
  TCP_ACK,
  TCP_RST,
  TCP_SYN,
} from '@6bed4/nd';
import { Cubic } from '../congestion/cubic.js';
import { TcpConnection } from '../connection/connection.js';
import type { ConnectionHost, TcpEvent } from '../connection/connectionHost.js';
import type { ConnectionSettings, TcpEndpoint } from '../connection/connectionOptions.js';
import { TcpUsageError } from '../connection/errors.js';
import { scaleOf } from '../connection/opening.js';
import { Segment } from '../segment/segment.js';
import { SegmentWriter } from '../segment/segmentWriter.js';
import { advance } from '../segment/sequence.js';
import { Budget } from './budget.js';
import { ConnectionTable } from './connectionTable.js';
import { DeadlineQueue } from './deadlineQueue.js';
import { readSegmentError } from './icmpErrors.js';
import { InitialNumbers } from './initialSequence.js';
import { TcpListener } from './listener.js';
import { SipHash } from './sipHash.js';
import { SynCookies } from './synCookies.js';

const IPV6_AND_TCP = 60;
const HIGHEST_FIELD = 65_535;
/** Dynamic ports (RFC 6335 §6). */
const PORTS = { lowest: 49_152, count: 16_384 };

/** Options of a {@link TcpStack}. */
export interface TcpStackOptions extends Partial<ConnectionSettings> {
  /** Bytes of the largest IPv6 packet, 1280 or more; default 1280. */
  readonly mtu?: number;
  /** Numbers in [0, 1) that attackers cannot predict. */
  readonly random: () => number;
}

/** The demands of a stack on its driver; it acts on events when the call to the stack has returned. */
export interface TcpSink {
  /** Send an IPv6 packet; the bytes may be used during the call only. */
  sendPacket(bytes: Uint8Array, offset: number, length: number): void;
  /** Something happened to a connection. */
  event(connection: TcpConnection, event: TcpEvent): void;
  /** A connection was opened from outside; {@link TcpListener.accept} returns it. */
  accepted(listener: TcpListener): void;
}

/** Counts of what happened to segments. */
export class TcpCounters {
  segmentsReceived = 0;
  segmentsSent = 0;
  /** Those that were malformed, or had a wrong checksum. */
  malformed = 0;
  resetsSent = 0;
  cookiesSent = 0;
  cookiesAccepted = 0;
  challengesWithheld = 0;
  resetsWithheld = 0;
  /** ICMPv6 errors about connections. */
  icmpErrors = 0;
}

/** TCP over IPv6 (RFC 9293) for one side: connections and listeners. */
export class TcpStack {
  readonly counters = new TcpCounters();
  readonly #sink: TcpSink;
  readonly #settings: ConnectionSettings;
  readonly #segment = new Segment();
  readonly #writer: SegmentWriter;
  readonly #connections: ConnectionTable<TcpConnection>;
  readonly #deadlines = new DeadlineQueue<TcpConnection>();
  readonly #numbers: InitialNumbers;
  readonly #cookies: SynCookies;
  readonly #host: ConnectionHost<TcpConnection>;
  readonly #resets = new Budget(100, 100);
  readonly #challenges = new Budget(100, 100);
  #listeners: TcpListener[] = [];
  /** The listeners of connections whose handshake is not complete. */
  readonly #pending = new Map<TcpConnection, TcpListener>();

  constructor(options: TcpStackOptions, sink: TcpSink) {
    const { mtu = 1_280, random } = options;
    const hash = new SipHash(random);
    this.#sink = sink;
    this.#settings = {
      sendBuffer: options.sendBuffer ?? 262_144,
      receiveBuffer: options.receiveBuffer ?? 1_048_576,
      segmentSize: options.segmentSize ?? mtu - IPV6_AND_TCP,
      timestamps: options.timestamps ?? true,
      sack: options.sack ?? true,
      ecn: options.ecn ?? true,
      connectTimeout: options.connectTimeout ?? 75_000,
      userTimeout: options.userTimeout ?? 120_000,
      timeWait: options.timeWait ?? 60_000,
      congestion: options.congestion ?? ((size) => new Cubic(size)),
    };
    this.#writer = new SegmentWriter(this.#settings.segmentSize);
    this.#connections = new ConnectionTable(random);
    this.#numbers = new InitialNumbers(hash);
    this.#cookies = new SynCookies(hash);
    this.#host = this.#hostOfConnections();
  }

  /** Connections in any state, TIME-WAIT included. */
  get connectionCount(): number {
    return this.#connections.count;
  }

  /**
   * Opens a connection; the event `open` or `closed` tells how that went.
   *
   * @param port - of this side; 0 for a free one
   * @throws TcpUsageError - `EADDRINUSE` when there is this very connection already, `EADDRNOTAVAIL` when
   * no port is free
   */
  connect(local: TcpEndpoint, remote: TcpEndpoint, now: number): TcpConnection {
    const { address } = local;
    const isFree = (port: number): boolean =>
      this.#connections.between(address, 0, port, remote.address, 0, remote.port) === null;
    const port = local.port === 0 ? this.#numbers.port(address, remote, PORTS, isFree) : local.port;
    if (port === 0) throw new TcpUsageError('EADDRNOTAVAIL', 'no local port is free');
    if (!isFree(port)) throw new TcpUsageError('EADDRINUSE', `port ${port} is in use`);
    const connection = this.#create({ address, port }, remote, 'SYN-SENT', now);
    connection.open(now);
    return connection;
  }

  /**
   * Accepts connections at a port.
   *
   * @param address - 16 bytes; null for all of this side
   * @param port - 0 for a free one
   * @throws TcpUsageError - `EADDRINUSE` when the port is in use, `EADDRNOTAVAIL` when none is free
   */
  listen(address: Uint8Array | null, port: number, backlog = 511): TcpListener {
    const wanted = port === 0 ? this.#freeListenPort() : port;
    if (wanted === 0) throw new TcpUsageError('EADDRNOTAVAIL', 'no port is free');
    if (this.#listeners.some((one) => one.port === wanted && overlaps(one, address))) {
      throw new TcpUsageError('EADDRINUSE', `port ${wanted} is in use`);
    }
    const listener = new TcpListener(address, wanted, backlog);
    this.#listeners.push(listener);
    return listener;
  }

  /** Accepts no more connections; those that were not taken are reset. */
  unlisten(listener: TcpListener, now: number): void {
    this.#listeners = this.#listeners.filter((one) => one !== listener);
    for (const [connection, its] of this.#pending) if (its === listener) connection.abort(now);
    for (let one = listener.accept(); one !== null; one = listener.accept()) one.abort(now);
  }

  /** An IPv6 packet without extension headers for an address of this side; what is no TCP is ignored. */
  handlePacket(bytes: Uint8Array, offset: number, length: number, now: number): void {
    if (bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_TCP) return;
    const segment = this.#segment;
    this.counters.segmentsReceived++;
    if (!segment.read(bytes, offset, length)) {
      this.counters.malformed++;
      return;
    }
    if (isIPv6Multicast(bytes, offset + SOURCE_OFFSET)) return;
    if (isIPv6Multicast(bytes, offset + DESTINATION_OFFSET)) return;
    const connection = this.#connections.find(segment);
    if (connection !== null && !this.#isReopened(connection, segment, now)) {
      connection.arrived(segment, now);
      return;
    }
    const listener = this.#listenerFor(segment);
    if (listener === null) this.#reset(segment, now);
    else this.#arrivedAtListener(listener, segment, now);
  }

  /**
   * A whole ICMPv6 packet without extension headers for an address of this side (RFC 5927, RFC 5461); what
   * is no error about a segment under way is ignored.
   */
  handleIcmpError(bytes: Uint8Array, offset: number, length: number, now: number): void {
    const error = readSegmentError(bytes, offset, length);
    if (error === null) return;
    const { local, remote } = error;
    const connection = this.#connections.between(
      local.address,
      0,
      local.port,
      remote.address,
      0,
      remote.port,
    );
    if (connection === null) return;
    this.counters.icmpErrors++;
    connection.reported(error, now);
  }

  /** The time of {@link nextTimeout} has come. */
  handleTimeout(now: number): void {
    for (let one = this.#deadlines.due(now); one !== null; one = this.#deadlines.due(now)) {
      one.expire(now);
      // A deadline that did not move would come for ever.
      if (one.heapIndex >= 0 && one.deadline <= now && this.#deadlines.due(now) === one) break;
    }
  }

  /** When {@link handleTimeout} has to be called, in milliseconds; infinite for never. */
  nextTimeout(): number {
    return this.#deadlines.next;
  }

  #hostOfConnections(): ConnectionHost<TcpConnection> {
    return {
      writer: this.#writer,
      send: (length) => this.#send(length),
      event: (connection, event) => this.#happened(connection, event),
      rescheduled: (connection) => {
        if (connection.state === 'CLOSED') this.#forget(connection);
        else this.#deadlines.update(connection);
      },
      allowsChallenge: (now) => {
        const allowed = this.#challenges.take(now);
        if (!allowed) this.counters.challengesWithheld++;
        return allowed;
      },
    };
  }

  #happened(connection: TcpConnection, event: TcpEvent): void {
    const listener = this.#pending.get(connection);
    if (listener === undefined) {
      this.#sink.event(connection, event);
      return;
    }
    this.#pending.delete(connection);
    listener.halfOpen--;
    if (event !== 'open') return;
    listener.offer(connection);
    this.#sink.accepted(listener);
  }

  #forget(connection: TcpConnection): void {
    this.#deadlines.remove(connection);
    this.#connections.remove(connection);
    const listener = this.#pending.get(connection);
    if (listener === undefined) return;
    this.#pending.delete(connection);
    listener.halfOpen--;
  }

  #create(
    local: TcpEndpoint,
    remote: TcpEndpoint,
    state: 'SYN-SENT' | 'SYN-RECEIVED',
    now: number,
    initial = this.#numbers.sequence(local, remote, now),
  ): TcpConnection {
    const timestampOffset = this.#numbers.timestampOffset(local, remote);
    const sides = { local, remote, initial, timestampOffset };
    const connection = new TcpConnection(this.#host, this.#settings, sides, state);
    this.#connections.add(connection);
    return connection;
  }

  /** A SYN whose number is new may open a connection again that is in TIME-WAIT (RFC 6191). */
  #isReopened(connection: TcpConnection, segment: Segment, now: number): boolean {
    if (connection.state !== 'TIME-WAIT' || !segment.isSyn || segment.isAck || segment.isReset) {
      return false;
    }
    if (!connection.isNewerThanBefore(segment)) return false;
    connection.fail('ECONNRESET', now);
    return true;
  }

  #listenerFor({ bytes, packet, destinationPort }: Segment): TcpListener | null {
    const at = packet + DESTINATION_OFFSET;
    let found: TcpListener | null = null;
    for (const listener of this.#listeners) {
      if (!listener.matches(bytes, at, destinationPort)) continue;
      if (listener.address !== null) return listener;
      found = listener;
    }
    return found;
  }

  /** RFC 9293 §3.10.7.2. */
  #arrivedAtListener(listener: TcpListener, segment: Segment, now: number): void {
    if (segment.isReset) return;
    if (segment.isAck) {
      if (segment.isSyn || listener.isFull || !this.#openByCookie(listener, segment, now)) {
        this.#reset(segment, now);
      }
      return;
    }
    if (!segment.isSyn || listener.isFull) return;
    if (listener.halfOpen >= listener.backlog) {
      this.#answerWithCookie(segment, now);
      return;
    }
    const connection = this.#create(localOf(segment), remoteOf(segment), 'SYN-RECEIVED', now);
    listener.halfOpen++;
    this.#pending.set(connection, listener);
    connection.openPassively(segment, now);
  }

  #answerWithCookie(segment: Segment, now: number): void {
    const { settings, writer } = { settings: this.#settings, writer: this.#writer };
    const { bytes, packet } = segment;
    const local = bytes.subarray(packet + DESTINATION_OFFSET, packet + DESTINATION_OFFSET + 16);
    const remote = bytes.subarray(packet + SOURCE_OFFSET, packet + SOURCE_OFFSET + 16);
    const flags = TCP_SYN | TCP_ACK;
    writer.beginBetween(local, segment.destinationPort, remote, segment.sourcePort, flags);
    const sequence = this.#cookies.sequenceFor(segment, now);
    const window = Math.min(settings.receiveBuffer, HIGHEST_FIELD);
    writer.numbers(sequence, advance(segment.sequence, 1), window);
    writer.maximumSegmentSize(settings.segmentSize);
    if (settings.timestamps && segment.hasTimestamps) {
      if (settings.sack && segment.isSackPermitted) writer.sackPermitted();
      writer.timestamps(
        this.#cookies.timestampFor(segment, Math.floor(now) | 0),
        segment.timestamp,
      );
      if (segment.windowScale >= 0) writer.windowScale(scaleOf(settings.receiveBuffer));
    }
    this.counters.cookiesSent++;
    this.#send(writer.finish(false));
  }

  #openByCookie(listener: TcpListener, segment: Segment, now: number): boolean {
    const options = this.#cookies.check(segment, now);
    if (options === null) return false;
    this.counters.cookiesAccepted++;
    const initial = advance(segment.acknowledgment, -1);
    const [local, remote] = [localOf(segment), remoteOf(segment)];
    const connection = this.#create(local, remote, 'SYN-RECEIVED', now, initial);
    listener.halfOpen++;
    this.#pending.set(connection, listener);
    connection.openByCookie(segment, options, now);
    return true;
  }

  /** Tells that a segment is for nobody (RFC 9293 §3.5.2), at a limited rate. */
  #reset(segment: Segment, now: number): void {
    if (segment.isReset) return;
    if (!this.#resets.take(now)) {
      this.counters.resetsWithheld++;
      return;
    }
    const { bytes, packet } = segment;
    const source = bytes.subarray(packet + DESTINATION_OFFSET, packet + DESTINATION_OFFSET + 16);
    const target = bytes.subarray(packet + SOURCE_OFFSET, packet + SOURCE_OFFSET + 16);
    const flags = segment.isAck ? TCP_RST : TCP_RST | TCP_ACK;
    this.#writer.beginBetween(source, segment.destinationPort, target, segment.sourcePort, flags);
    if (segment.isAck) this.#writer.numbers(segment.acknowledgment, 0, 0);
    else this.#writer.numbers(0, segment.end, 0);
    this.counters.resetsSent++;
    this.#send(this.#writer.finish(false));
  }

  #send(length: number): void {
    this.counters.segmentsSent++;
    this.#sink.sendPacket(this.#writer.bytes, 0, length);
  }

  #freeListenPort(): number {
    const used = new Set(this.#listeners.map(({ port }) => port));
    const unspecified = { address: new Uint8Array(16), port: 0 };
    return this.#numbers.port(unspecified.address, unspecified, PORTS, (port) => !used.has(port));
  }
}

function overlaps(listener: TcpListener, address: Uint8Array | null): boolean {
  return (
    listener.address === null ||
    address === null ||
    listener.address.every((byte, index) => byte === address[index])
  );
}

function localOf({ bytes, packet, destinationPort }: Segment): TcpEndpoint {
  const at = packet + DESTINATION_OFFSET;
  return { address: copyBytes(bytes, at, at + 16), port: destinationPort };
}

function remoteOf({ bytes, packet, sourcePort }: Segment): TcpEndpoint {
  const at = packet + SOURCE_OFFSET;
  return { address: copyBytes(bytes, at, at + 16), port: sourcePort };
}
