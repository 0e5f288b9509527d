import { sameIPv6Address } from '@6bed4/codec';
import {
  copyBytes,
  DESTINATION_OFFSET,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { TcpConnection } from '../connection/connection.js';
import type { ConnectionHost, TcpEvent } from '../connection/connectionHost.js';
import type { ConnectionSettings, TcpEndpoint } from '../connection/connectionOptions.js';
import { TcpUsageError } from '../connection/errors.js';
import { MemoryPool } from '../segment/memoryPool.js';
import { Segment } from '../segment/segment.js';
import { SegmentWriter } from '../segment/segmentWriter.js';
import { advance, later } from '../segment/sequence.js';
import { ConnectionSet } from './connectionSet.js';
import { TcpCounters } from './counters.js';
import { readSegmentError } from './icmpErrors.js';
import { InitialNumbers } from './initialSequence.js';
import { TcpListener } from './listener.js';
import { Listeners } from './listeners.js';
import { hasPartners, isNobody } from './partners.js';
import { RandomLimit } from './randomLimit.js';
import { mayReopen, REOPENING_GAP } from './reopening.js';
import { SipHash } from './sipHash.js';
import { settingsOf, type TcpSink, type TcpStackOptions } from './stackOptions.js';
import { writeCookie, writeReset } from './stateless.js';
import { COOKIE_LIFETIME, SynCookies } from './synCookies.js';

/** Dynamic ports (RFC 6335 §6). */
const PORTS = { lowest: 49_152, count: 16_384 };
const MOST_CONNECTIONS = 16_384;
const MOST_MEMORY = 128 * 2 ** 20;
/** Answers in a second to segments of no connection, and to what may be a guess. */
const RESETS = 100;
const CHALLENGES = 1_000;

/** TCP over IPv6 (RFC 9293) for one side: connections and listeners. */
export class TcpStack {
  readonly counters = new TcpCounters();
  readonly #sink: TcpSink;
  readonly #settings: ConnectionSettings;
  readonly #isLocal: (bytes: Uint8Array, offset: number) => boolean;
  readonly #segment = new Segment();
  readonly #writer: SegmentWriter;
  readonly #memory: MemoryPool;
  readonly #connections: ConnectionSet;
  readonly #numbers: InitialNumbers;
  readonly #cookies: SynCookies;
  readonly #host: ConnectionHost<TcpConnection>;
  readonly #resets: RandomLimit;
  readonly #challenges: RandomLimit;
  readonly #listeners = new Listeners();
  /** Connections with something to send at the next {@link flush}. */
  readonly #postponed: TcpConnection[] = [];
  /** The local address of the last connection that was accepted. */
  #address: Uint8Array = new Uint8Array(16);

  constructor(options: TcpStackOptions, sink: TcpSink) {
    const { random } = options;
    const hash = new SipHash(random);
    this.#sink = sink;
    this.#settings = settingsOf(options);
    this.#isLocal = options.isLocal ?? (() => true);
    this.#memory = new MemoryPool(options.maximumMemory ?? MOST_MEMORY);
    this.#writer = new SegmentWriter(this.#settings.segmentSize);
    const most = options.maximumConnections ?? MOST_CONNECTIONS;
    this.#connections = new ConnectionSet(random, most, this.counters);
    this.#numbers = new InitialNumbers(hash);
    this.#cookies = new SynCookies(hash);
    this.#resets = new RandomLimit(RESETS, random);
    this.#challenges = new RandomLimit(CHALLENGES, random);
    this.#host = this.#hostOfConnections();
  }

  /** Connections in any state, TIME-WAIT included. */
  get connectionCount(): number {
    return this.#connections.count;
  }

  /** Bytes of the buffers of all connections. */
  get memoryUsed(): number {
    return this.#memory.used;
  }

  /**
   * Opens a connection; the event `open` or `closed` tells how that went.
   *
   * @param local - port 0 for a free one
   * @throws TcpUsageError - `EADDRINUSE` when the port is in use; `EADDRNOTAVAIL` when the address is none of
   * this side, no port is free, or the remote port is 0; `ENETUNREACH` for an address that no connection
   * can have; `ENOBUFS` when there are too many connections
   */
  connect(local: TcpEndpoint, remote: TcpEndpoint, now: number): TcpConnection {
    this.#checkAddress(local.address);
    if (isNobody(remote.address, 0)) refuse('ENETUNREACH', 'no connection can have this address');
    if (remote.port === 0) refuse('EADDRNOTAVAIL', 'the remote port is 0');
    const port = local.port === 0 ? this.#freePort(local.address, remote) : local.port;
    if (port === 0) refuse('EADDRNOTAVAIL', 'no local port is free');
    const side = { address: local.address, port };
    if (!this.#isFree(side, remote)) refuse('EADDRINUSE', `port ${port} is in use`);
    if (!this.#connections.makeRoom(now)) refuse('ENOBUFS', 'there are too many connections');
    const connection = this.#create(side, remote, 'SYN-SENT', now);
    connection.open(now);
    return connection;
  }

  /**
   * Accepts connections at a port.
   *
   * @param address - 16 bytes; null for all of this side
   * @param port - 0 for a free one
   * @param backlog - connections that wait to be taken, at most, and likewise those whose handshake is not
   * complete
   * @throws TcpUsageError - `EADDRINUSE` when the port is in use; `EADDRNOTAVAIL` when the address is none of
   * this side, or no port is free
   */
  listen(address: Uint8Array | null, port: number, backlog = 511): TcpListener {
    if (address !== null) this.#checkAddress(address);
    const unknown = { address: new Uint8Array(16), port: 0 };
    const isFree = (one: number): boolean => !this.#listeners.isUsed(address, one);
    const wanted = port === 0 ? this.#numbers.port(unknown.address, unknown, PORTS, isFree) : port;
    if (wanted === 0) refuse('EADDRNOTAVAIL', 'no port is free');
    if (!isFree(wanted)) refuse('EADDRINUSE', `port ${wanted} is in use`);
    const listener = new TcpListener(address, wanted, backlog);
    this.#listeners.add(listener);
    return listener;
  }

  /** Accepts no more connections; those that were not taken are reset. */
  unlisten(listener: TcpListener, now: number): void {
    this.#listeners.remove(listener);
    this.#connections.abandon(listener, now);
    for (let one = listener.accept(); one !== null; one = listener.accept()) one.abort(now);
  }

  /**
   * An IPv6 packet without extension headers for an address of this side; what is no TCP is ignored.
   *
   * @param mayWait - whether {@link flush} follows soon, after what else has arrived: then less is sent
   */
  handlePacket(
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
    mayWait = false,
  ): void {
    if (bytes[offset + NEXT_HEADER_OFFSET] !== NEXT_HEADER_TCP) return;
    const segment = this.#segment;
    this.counters.segmentsReceived++;
    if (!segment.read(bytes, offset, length) || !hasPartners(segment)) {
      this.counters.malformed++;
      return;
    }
    const connection = this.#connections.find(segment);
    if (connection !== null && connection.state !== 'TIME-WAIT') {
      connection.arrived(segment, now, mayWait);
    } else if (!this.#isLocal(bytes, offset + DESTINATION_OFFSET)) {
      this.counters.notOurs++;
    } else {
      this.#arrivedAnew(connection, segment, now);
    }
  }

  /**
   * A whole ICMPv6 packet without extension headers for an address of this side (RFC 5927, RFC 5461); what
   * is no error about a segment under way is ignored.
   */
  handleIcmpError(bytes: Uint8Array, offset: number, length: number, now: number): void {
    const error = readSegmentError(bytes, offset, length);
    const connection = error === null ? null : this.#connections.between(error.local, error.remote);
    if (error === null || connection === null) return;
    this.counters.icmpErrors++;
    connection.reported(error, now);
  }

  /** Sends what has waited for this call. */
  flush(now: number): void {
    const postponed = this.#postponed;
    for (let index = 0; index < postponed.length; index++) postponed[index]!.flush(now);
    postponed.length = 0;
  }

  /** The time of {@link nextTimeout} has come. */
  handleTimeout(now: number): void {
    this.#connections.expire(now);
  }

  /** When {@link handleTimeout} has to be called, in milliseconds; infinite for never. */
  nextTimeout(): number {
    return this.#connections.nextDeadline;
  }

  #hostOfConnections(): ConnectionHost<TcpConnection> {
    return {
      writer: this.#writer,
      memory: this.#memory,
      send: (length) => this.#send(length),
      event: (connection, event) => this.#happened(connection, event),
      postpone: (connection) => {
        if (connection.isPostponed) return;
        connection.isPostponed = true;
        this.#postponed.push(connection);
      },
      rescheduled: (connection) => this.#connections.update(connection),
      allowsChallenge: (now) => {
        const allowed = this.#challenges.take(now);
        if (!allowed) this.counters.challengesWithheld++;
        return allowed;
      },
      allowsReset: (now) => this.#allowsReset(now),
      mayOpen: (connection) => {
        const isFull = this.#connections.listenerOf(connection)?.isFull ?? false;
        if (isFull) this.counters.overflows++;
        return !isFull;
      },
    };
  }

  #happened(connection: TcpConnection, event: TcpEvent): void {
    const listener = this.#connections.settle(connection);
    if (listener === undefined) {
      this.#sink.event(connection, event);
      return;
    }
    if (event !== 'open') return;
    listener.offer(connection);
    this.#sink.accepted(listener);
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

  /** A segment of no connection, or of one in TIME-WAIT. */
  #arrivedAnew(old: TcpConnection | null, segment: Segment, now: number): void {
    const listener = this.#listeners.find(segment);
    if (old !== null && (listener === null || !mayReopen(old, segment))) {
      old.arrived(segment, now);
    } else if (listener === null) {
      this.#reset(segment, now);
    } else if (segment.isReset) {
      return;
    } else if (segment.isAck) {
      this.#arrivedAck(listener, segment, now);
    } else if (segment.isSyn && !segment.isFin) {
      this.#arrivedSyn(listener, old, segment, now);
    }
  }

  /** In LISTEN, only what answers a cookie may acknowledge (RFC 9293 §3.10.7.2, RFC 4987 §3.6). */
  #arrivedAck(listener: TcpListener, segment: Segment, now: number): void {
    const hasCookies = now - listener.cookieAt < COOKIE_LIFETIME && !segment.isSyn;
    const options = hasCookies ? this.#cookies.check(segment, now) : null;
    if (options === null) {
      this.#reset(segment, now);
      return;
    }
    if (listener.isFull || !this.#connections.makeRoom(now)) {
      this.counters.overflows++;
      return;
    }
    this.counters.cookiesAccepted++;
    const initial = advance(segment.acknowledgment, -1);
    const [local, remote] = [this.#localOf(segment), remoteOf(segment)];
    const connection = this.#create(local, remote, 'SYN-RECEIVED', now, initial);
    this.#connections.begin(connection, listener);
    connection.openByCookie(segment, options, now);
  }

  #arrivedSyn(
    listener: TcpListener,
    old: TcpConnection | null,
    segment: Segment,
    now: number,
  ): void {
    if (listener.isFull) {
      this.counters.overflows++;
      return;
    }
    if (listener.halfOpen >= listener.backlog) {
      this.#answerWithCookie(listener, segment, now);
      return;
    }
    if (old === null && !this.#connections.makeRoom(now)) {
      this.counters.overflows++;
      return;
    }
    old?.fail('ECONNABORTED', now);
    const [local, remote] = [this.#localOf(segment), remoteOf(segment)];
    let initial = this.#numbers.sequence(local, remote, now);
    if (old !== null) initial = later(initial, advance(old.sender.next, REOPENING_GAP));
    const connection = this.#create(local, remote, 'SYN-RECEIVED', now, initial);
    this.#connections.begin(connection, listener);
    connection.openPassively(segment, now);
  }

  #answerWithCookie(listener: TcpListener, segment: Segment, now: number): void {
    const offset = this.#numbers.timestampOffset(this.#localOf(segment), remoteOf(segment));
    const cookie = {
      sequence: this.#cookies.sequenceFor(segment, now),
      timestamp: this.#cookies.timestampFor(segment, (Math.floor(now) + offset) | 0),
    };
    listener.cookieAt = now;
    this.counters.cookiesSent++;
    this.#send(writeCookie(this.#writer, segment, cookie, this.#settings));
  }

  /** Tells that a segment is for nobody (RFC 9293 §3.5.2), at a limited rate. */
  #reset(segment: Segment, now: number): void {
    if (segment.isReset || !this.#allowsReset(now)) return;
    this.#send(writeReset(this.#writer, segment));
  }

  #allowsReset(now: number): boolean {
    const allowed = this.#resets.take(now);
    if (allowed) this.counters.resetsSent++;
    else this.counters.resetsWithheld++;
    return allowed;
  }

  #send(length: number): void {
    this.counters.segmentsSent++;
    this.#sink.sendPacket(this.#writer.bytes, 0, length);
  }

  /** Connections of one address share its bytes. */
  #localOf({ bytes, packet, destinationPort }: Segment): TcpEndpoint {
    const at = packet + DESTINATION_OFFSET;
    if (!sameIPv6Address(bytes, at, this.#address, 0)) {
      this.#address = copyBytes(bytes, at, at + 16);
    }
    return { address: this.#address, port: destinationPort };
  }

  #freePort(address: Uint8Array, remote: TcpEndpoint): number {
    const isFree = (port: number): boolean => this.#isFree({ address, port }, remote);
    return this.#numbers.port(address, remote, PORTS, isFree);
  }

  #isFree(local: TcpEndpoint, remote: TcpEndpoint): boolean {
    if (this.#listeners.isUsed(local.address, local.port)) return false;
    if (this.#connections.between(local, remote) !== null) return false;
    return local.port !== remote.port || !sameIPv6Address(local.address, 0, remote.address, 0);
  }

  #checkAddress(address: Uint8Array): void {
    if (isNobody(address, 0) || !this.#isLocal(address, 0)) {
      refuse('EADDRNOTAVAIL', 'the address is none of this side');
    }
  }
}

function refuse(code: TcpUsageError['code'], message: string): never {
  throw new TcpUsageError(code, message);
}

function remoteOf({ bytes, packet, sourcePort }: Segment): TcpEndpoint {
  const at = packet + SOURCE_OFFSET;
  return { address: copyBytes(bytes, at, at + 16), port: sourcePort };
}
