import {
  ACCEPTING_SIDE_STREAM,
  CLOSE_ABORTED,
  CLOSE_DONE,
  CONNECTING_SIDE_STREAM,
  END_OF_DATA,
  MAXIMUM_PAYLOAD,
  REFUSALS,
} from './protocol.js';
import type { HostPort, Connection as RawConnection } from './quicLibrary.js';
import { StreamError } from './streamError.js';

/** An address with a port, both as in `node:dgram`. */
export interface RemoteEndpoint {
  readonly address: string;
  readonly port: number;
}

/** The reader and writer of a connection. */
export interface ConnectionUser {
  onConnected(): void;
  /** There may be something to read, or the other side has finished. */
  onReadable(): void;
  /** It may be possible to write again. */
  onWritable(): void;
  /** It is over. `error` is null after the other side has closed and taken all that we finished to write. */
  onClosed(error: StreamError | null): void;
}

/** The endpoint of a connection, which sends its packets. */
export interface ConnectionOwner {
  transmit(packet: Uint8Array, to: RemoteEndpoint): void;
  /** The side that accepts has completed the handshake. */
  accepted(connection: QuicConnection): void;
  /** The connection is over. */
  remove(connection: QuicConnection): void;
  now(): number;
}

/** Milliseconds. */
export interface ConnectionTimes {
  /** For the handshake. */
  readonly connect: number;
  /** Without an answer, after which the other side is given up. */
  readonly silence: number;
}

/**
 * quiche asks for addresses, to find paths in multihomed computers. Here the datagram socket decides
 * about paths, and a packet from elsewhere never gets so far; so each side is one fixed place.
 */
const LOCAL: HostPort = { host: '::1', port: 1 };
const REMOTE: HostPort = { host: '::1', port: 2 };
const FROM_REMOTE = { from: REMOTE, to: LOCAL } as const;
export const ENDPOINTS = { local: LOCAL, remote: REMOTE } as const;

/** Packets to send in one turn of the event loop. */
const BURST = 32;

/** Times in milliseconds to repeat CONNECTION_CLOSE, besides in answer to packets (RFC 9000 §10.2.1). */
const CLOSE_REPETITIONS = [100, 400, 1_000] as const;
const MAXIMUM_CLOSE_ANSWERS = 10;
/** Milliseconds after which CONNECTION_CLOSE is no longer repeated. */
const CLOSING_TIME = 1_200;

/**
 * Milliseconds without an expected answer after which the latest packets are retransmitted, one at
 * each tick. quiche by itself waits twice as long each time, and the tunnel below can only notice
 * that a path is broken, and take another one, when there is something to carry. To QUIC, these are
 * packets that the network has duplicated.
 */
const RETRANSMIT_AFTER_MS = 500;
const MAXIMUM_RECENT = 16;

/** Interval in milliseconds of probes after the user has released the connection. */
const LINGER_PROBE = 5_000;

/** Prefix of quiche's errors for a stream that the other side does not want (RFC 9000 §3.5). */
const STOPPED = 'StreamStopped';

const LAST_BYTE = Buffer.of(END_OF_DATA);

/**
 * One QUIC connection that carries one stream: feeds quiche, sends what it wants sent, keeps its
 * timer, and notices the end. It stays when its user has left, until all was delivered.
 */
export class QuicConnection {
  readonly key: string;
  readonly remote: RemoteEndpoint;
  /** Whether this side accepted the connection. */
  readonly accepting: boolean;
  /** Idle milliseconds after which the other side is probed; 0 for never. */
  keepAlive = 0;
  readonly #raw: RawConnection;
  readonly #owner: ConnectionOwner;
  readonly #times: ConnectionTimes;
  readonly #started: number;
  readonly #writeStream: number;
  readonly #readStream: number;
  #user: ConnectionUser | null = null;
  #established = false;
  #writing: 'open' | 'ending' | 'ended' = 'open';
  #readToEnd = false;
  #released = false;
  /** The user was notified of the end, or has aborted. */
  #over = false;
  #removed = false;
  #lastReceivedAt: number;
  /** Time since which an answer is due. */
  #waitingSince: number;
  #scheduled = false;
  #timer: NodeJS.Timeout | null = null;
  #timerDue = Number.POSITIVE_INFINITY;
  #spare: Buffer | null = null;
  /** The latest packets, oldest first, while an answer to them may be due. */
  readonly #recent: Uint8Array[] = [];
  /** The CONNECTION_CLOSE packet, to repeat it. */
  #closePacket: Buffer | null = null;
  #closedAt = 0;
  #repetitions = 0;
  #closeAnswers = 0;

  constructor(
    raw: RawConnection,
    key: string,
    remote: RemoteEndpoint,
    accepting: boolean,
    owner: ConnectionOwner,
    times: ConnectionTimes,
  ) {
    this.#raw = raw;
    this.key = key;
    this.remote = remote;
    this.accepting = accepting;
    this.#owner = owner;
    this.#times = times;
    this.#started = owner.now();
    this.#lastReceivedAt = this.#started;
    this.#waitingSince = this.#started;
    this.#writeStream = accepting ? ACCEPTING_SIDE_STREAM : CONNECTING_SIDE_STREAM;
    this.#readStream = accepting ? CONNECTING_SIDE_STREAM : ACCEPTING_SIDE_STREAM;
    this.#schedule();
  }

  get established(): boolean {
    return this.#established;
  }

  /** Whether something waits to be read. */
  get isReadable(): boolean {
    return !this.#readToEnd && this.#raw.streamReadable(this.#readStream);
  }

  /** Whether a datagram comes from the other side. */
  isFrom(source: RemoteEndpoint): boolean {
    return source.port === this.remote.port && source.address === this.remote.address;
  }

  attach(user: ConnectionUser): void {
    this.#user = user;
    this.#schedule();
  }

  /** Takes a datagram, which it may change. */
  receive(packet: Uint8Array): void {
    if (this.#closePacket !== null) {
      if (this.#closeAnswers++ < MAXIMUM_CLOSE_ANSWERS) this.#resendClosePacket();
      return;
    }
    this.#lastReceivedAt = this.#owner.now();
    try {
      this.#raw.recv(packet, FROM_REMOTE);
    } catch {
      // quiche has closed the connection if that was called for; the next turn sees it.
    }
    this.#schedule();
  }

  /** @returns how many of the bytes were taken; the user is notified when it may try again */
  write(chunk: Uint8Array): number {
    this.#schedule();
    try {
      return this.#raw.streamSend(this.#writeStream, chunk, false) ?? 0;
    } catch (error) {
      if (String(error).includes(STOPPED)) this.#fail('EPIPE', 'the other side reads no more');
      // Else it has closed, which the next turn reports.
      return 0;
    }
  }

  /** Nothing more will be written; what was is followed by the end as soon as there is room for it. */
  finish(): void {
    if (this.#writing !== 'open') return;
    this.#writing = 'ending';
    this.#schedule();
  }

  /**
   * Reads what has arrived.
   *
   * @returns how many bytes, and whether they are the last ones; null when there is nothing now
   */
  read(into: Uint8Array): [number, boolean] | null {
    if (!this.isReadable) return null;
    this.#schedule();
    try {
      const result = this.#raw.streamRecv(this.#readStream, into);
      if (result === null || !result[1]) return result;
      this.#readToEnd = true;
      const length = result[0] - 1;
      if (into[length] === END_OF_DATA) return [length, true];
      this.#fail('EPROTO', 'the stream ends without its last byte');
    } catch {
      this.#fail('ECONNRESET', 'the other side reset its stream');
    }
    return null;
  }

  /** Drops all data in flight and closes with an error. */
  abort(reason: string): void {
    this.#released = true;
    this.#close(CLOSE_ABORTED, reason);
  }

  /** Refuses a connection that was made only for that. */
  refuse(): void {
    this.#over = true;
    this.#closedAt = this.#owner.now();
    this.#turn();
  }

  /** The user leaves; what it has written and finished still gets delivered. */
  release(): void {
    this.#released = true;
    this.#user = null;
    this.#schedule();
  }

  /** Looks at the clock; to be called some times a second. */
  tick(now: number): void {
    if (this.#closePacket !== null || this.#over) {
      this.#tickClosing(now);
      return;
    }
    const quiet = now - this.#lastReceivedAt;
    if (!this.#established) {
      if (now - this.#started >= this.#times.connect) this.#fail('ETIMEDOUT', 'no answer');
      else if (quiet >= RETRANSMIT_AFTER_MS) this.#retransmit();
      return;
    }
    // quiche has a timer running whenever something is under way that has to be acknowledged.
    if (this.#raw.timeout() === null) this.#waitingSince = now;
    if (now - Math.max(this.#waitingSince, this.#lastReceivedAt) >= this.#times.silence) {
      this.#fail('ETIMEDOUT', `the other side has been silent for ${this.#times.silence} ms`);
      return;
    }
    if (this.#waitingSince !== now) {
      if (quiet >= RETRANSMIT_AFTER_MS) this.#retransmit();
      return;
    }
    this.#recent.length = 0;
    const probeAfter = this.#released ? LINGER_PROBE : this.keepAlive;
    if (probeAfter > 0 && quiet >= probeAfter) {
      this.#raw.sendAckEliciting();
      this.#schedule();
    }
  }

  /** Ends at once, without CONNECTION_CLOSE. */
  destroy(error: StreamError): void {
    this.#notifyClosed(error);
    this.#remove();
  }

  #schedule(): void {
    if (this.#scheduled || this.#removed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#removed) return;
    this.#advance();
    this.#flush();
    this.#rearm();
    if (this.#raw.isClosed() && this.#closePacket === null) this.#remove();
  }

  /** Notifies the user of changes. */
  #advance(): void {
    if (this.#over) return;
    if (!this.#established && this.#raw.isEstablished()) {
      this.#established = true;
      if (this.accepting) this.#owner.accepted(this);
      this.#user?.onConnected();
    }
    if (this.#established) {
      this.#user?.onReadable();
      if (this.#over) return;
    }
    if (this.#raw.isDraining() || this.#raw.isClosed()) {
      this.#notifyClosed(this.#causeOfEnd());
      return;
    }
    if (this.#established) this.#user?.onWritable();
    if (this.#writing === 'ending') this.#writeEnd();
    if (this.#released && this.#writing === 'ended' && this.#delivered()) {
      this.#close(CLOSE_DONE, '');
    }
  }

  #writeEnd(): void {
    try {
      const taken = this.#raw.streamSend(this.#writeStream, LAST_BYTE, true);
      if (taken === LAST_BYTE.length) this.#writing = 'ended';
    } catch {
      // Stopped by the other side: then there is no end to be sent.
      this.#writing = 'ended';
    }
  }

  /** Whether all that was written has been acknowledged, and its end with it. */
  #delivered(): boolean {
    try {
      this.#raw.streamCapacity(this.#writeStream);
      return false;
    } catch {
      // quiche forgets a stream that is complete.
      return true;
    }
  }

  #causeOfEnd(): StreamError | null {
    const { remote } = this;
    const syscall = this.#established ? 'read' : 'connect';
    const theirs = this.#raw.peerError();
    if (theirs !== null) {
      const { isApp, errorCode } = theirs;
      if (isApp && errorCode === CLOSE_DONE) return null;
      const reason = Buffer.from(theirs.reason).toString();
      if (isApp) {
        return new StreamError('ECONNRESET', syscall, reason || 'the other side aborted', remote);
      }
      if (REFUSALS.has(errorCode) && !this.#established) {
        return new StreamError('ECONNREFUSED', syscall, 'nothing listens there', remote);
      }
      const code = this.#established ? 'ECONNRESET' : 'EPROTO';
      return new StreamError(code, syscall, `QUIC error ${errorCode} ${reason}`, remote);
    }
    if (this.#raw.isTimedOut()) {
      return new StreamError('ETIMEDOUT', syscall, 'the other side is silent', remote);
    }
    const errorCode = this.#raw.localError()?.errorCode;
    const cause = errorCode === undefined ? 'reset' : `QUIC error ${errorCode} on this side`;
    return new StreamError(
      errorCode === undefined ? 'ECONNRESET' : 'EPROTO',
      syscall,
      cause,
      remote,
    );
  }

  #fail(code: string, reason: string): void {
    const syscall = this.#established ? 'read' : 'connect';
    this.#notifyClosed(new StreamError(code, syscall, reason, this.remote));
    this.abort(reason);
  }

  #notifyClosed(error: StreamError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#closedAt = this.#owner.now();
    const user = this.#user;
    this.#user = null;
    user?.onClosed(error);
  }

  #close(code: number, reason: string): void {
    if (this.#removed || this.#closePacket !== null) return;
    this.#over = true;
    this.#user = null;
    try {
      this.#raw.close(true, code, Buffer.from(reason));
    } catch {
      // Closed already, by the other side.
    }
    this.#closedAt = this.#owner.now();
    this.#schedule();
  }

  #flush(): void {
    const closing = this.#over;
    for (let count = 0; count < BURST; count++) {
      const packet = this.#spare ?? Buffer.allocUnsafe(MAXIMUM_PAYLOAD);
      let sent: ReturnType<RawConnection['send']>;
      try {
        sent = this.#raw.send(packet);
      } catch {
        sent = null;
      }
      if (sent === null) {
        this.#spare = packet;
        return;
      }
      this.#spare = null;
      const bytes = packet.subarray(0, sent[0]);
      if (closing) this.#closePacket = Buffer.from(bytes);
      else this.#remember(bytes);
      this.#owner.transmit(bytes, this.remote);
    }
    this.#schedule();
  }

  #remember(packet: Uint8Array): void {
    if (this.#recent.length >= MAXIMUM_RECENT) this.#recent.shift();
    this.#recent.push(packet);
  }

  #retransmit(): void {
    const packet = this.#recent.shift();
    if (packet === undefined) return;
    this.#recent.push(packet);
    this.#owner.transmit(packet, this.remote);
  }

  #resendClosePacket(): void {
    if (this.#closePacket !== null) this.#owner.transmit(this.#closePacket, this.remote);
  }

  #tickClosing(now: number): void {
    const since = now - this.#closedAt;
    const next = CLOSE_REPETITIONS[this.#repetitions];
    if (this.#closePacket !== null && next !== undefined && since >= next) {
      this.#repetitions++;
      this.#resendClosePacket();
    }
    if (since >= CLOSING_TIME) this.#remove();
  }

  #rearm(): void {
    const timeout = this.#raw.timeout();
    const now = this.#owner.now();
    const due = timeout === null ? Number.POSITIVE_INFINITY : now + timeout;
    // A timer that fires too early does no harm, and setting one for each packet is dear.
    if (due >= this.#timerDue || due === Number.POSITIVE_INFINITY) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => this.#onTimer(), due - now);
    this.#timer.unref();
  }

  #onTimer(): void {
    this.#timer = null;
    this.#timerDue = Number.POSITIVE_INFINITY;
    if (this.#removed) return;
    this.#raw.onTimeout();
    this.#turn();
  }

  #remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#owner.remove(this);
  }
}
