import { TCP_ACK, TCP_RST, TCP_SYN } from '@6bed4/nd';
import { Receiver } from '../receive/receiver.js';
import { ECN_ANSWER, ECN_SETUP } from '../segment/flags.js';
import type { MemoryPool } from '../segment/memoryPool.js';
import { PADDED_TIMESTAMPS_LENGTH } from '../segment/options.js';
import type { Segment } from '../segment/segment.js';
import type { SegmentWriter } from '../segment/segmentWriter.js';
import { advance, distance, isBefore } from '../segment/sequence.js';
import { Sender } from '../send/sender.js';
import type { AnswerLimit } from './answerLimit.js';
import type { ConnectionSettings, TcpEndpoint } from './connectionOptions.js';
import type { TcpErrorCode } from './errors.js';
import { PeerSyn, type RestoredOptions } from './peerSyn.js';
import type { AgreedOptions } from './segmentOutput.js';
import type { TcpInput, TcpState } from './states.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Wait for an answer to the first SYN, in milliseconds; doubles each time (RFC 6298 §2.1). */
const INITIAL_TIMEOUT = 1_000;
const HIGHEST_FIELD = 65_535;
/** Data of a segment that is taken for possible at least, as other systems do. */
const LEAST_SEGMENT_SIZE = 88;
const HIGHEST_SCALE = 14;

/** The demands of the handshake on the stack. */
interface OpeningHost {
  readonly writer: SegmentWriter;
  readonly memory: MemoryPool;
  send(length: number): void;
  allowsReset(now: number): boolean;
  mayOpen(connection: OpeningConnection): boolean;
}

/** The connection that is being opened. */
export interface OpeningConnection {
  readonly state: TcpState;
  readonly local: TcpEndpoint;
  readonly remote: TcpEndpoint;
  readonly settings: ConnectionSettings;
  readonly host: OpeningHost;
  readonly receiver: Receiver;
  readonly corrections: AnswerLimit;
  readonly softError: TcpErrorCode | null;
  timestampAt(now: number): number;
  allowsChallenge(now: number): boolean;
  move(input: TcpInput, now: number): void;
  fail(code: TcpErrorCode, now: number): void;
  established(sender: Sender, receiver: Receiver, options: AgreedOptions, now: number): void;
  arrived(segment: Segment, now: number): void;
  reportReadable(): void;
}

/** The handshake of one connection (RFC 9293 §3.5), and what is only needed for it. */
export class Opening {
  /** ISS. */
  readonly initial: number;
  noDelay = false;
  /** Whether the application ends its data before the handshake is over. */
  endsAfter = false;

  #at = NEVER;
  #wait = INITIAL_TIMEOUT;
  readonly #isActive: boolean;
  #beganAt = 0;
  #giveUpAt = NEVER;
  #sentAt = 0;
  #sendings = 0;
  readonly #peer = new PeerSyn();

  /** @param isActive - whether this side has sent the first SYN */
  constructor(initial: number, isActive: boolean) {
    this.initial = initial;
    this.#isActive = isActive;
  }

  get deadline(): number {
    return Math.min(this.#at, this.#giveUpAt);
  }

  /** Sends the first SYN. */
  begin(connection: OpeningConnection, now: number): void {
    this.#beganAt = now;
    this.#giveUpAt = now + connection.settings.connectTimeout;
    this.#send(connection, now);
  }

  /** The handshake is given up after so many milliseconds, if it does not end earlier. */
  giveUpWithin(time: number, now: number): void {
    this.#giveUpAt = Math.max(now, Math.min(this.#giveUpAt, this.#beganAt + time));
  }

  /** A SYN came to a listener: answers it. */
  accept(connection: OpeningConnection, segment: Segment, now: number): void {
    this.#peer.learn(connection.settings, segment, !segment.isAck || this.#sendings === 1);
    this.begin(connection, now);
  }

  /** The listener had kept nothing; the acknowledgment itself says what was agreed (RFC 4987 §3.6). */
  restore(
    connection: OpeningConnection,
    segment: Segment,
    agreed: RestoredOptions,
    now: number,
  ): void {
    this.#peer.restore(connection.settings, segment, agreed);
    this.#complete(connection, segment, now);
  }

  /** A segment came before the handshake was complete (RFC 9293 §3.10.7.3 and §3.10.7.4). */
  arrived(connection: OpeningConnection, segment: Segment, now: number): void {
    if (connection.state === 'SYN-SENT') this.#arrivedInSynSent(connection, segment, now);
    else this.#arrivedInSynReceived(connection, segment, now);
  }

  expire(connection: OpeningConnection, now: number): void {
    if (now >= this.#giveUpAt) {
      connection.fail(connection.softError ?? 'ETIMEDOUT', now);
      return;
    }
    if (now < this.#at) return;
    this.#wait *= 2;
    this.#send(connection, now);
  }

  /** Tells the other side, if it has been heard, that nothing comes of it (RFC 9293 §3.10.5). */
  reset(connection: OpeningConnection): void {
    if (connection.state !== 'SYN-RECEIVED') return;
    const { writer } = connection.host;
    writer.begin(connection.local, connection.remote, TCP_RST | TCP_ACK);
    writer.numbers(this.#next, this.#peer.next, 0);
    connection.host.send(writer.finish(false));
  }

  /** SND.NXT. */
  get #next(): number {
    return advance(this.initial, 1);
  }

  #arrivedInSynSent(connection: OpeningConnection, segment: Segment, now: number): void {
    if (segment.isAck && segment.acknowledgment !== this.#next) {
      if (!segment.isReset) this.#refuse(connection, segment, now);
      return;
    }
    if (segment.isReset) {
      // Only who has seen the SYN can refuse it.
      if (segment.isAck) connection.fail('ECONNREFUSED', now);
      return;
    }
    if (!segment.isSyn) return;
    this.#peer.learn(connection.settings, segment, !segment.isAck || this.#sendings === 1);
    if (segment.isAck) {
      this.#complete(connection, segment, now);
      this.#takeFirstData(connection, segment, now);
    } else {
      connection.move('SYN received', now);
      this.#send(connection, now);
    }
  }

  /** Data may come with the SYN that answers (RFC 9293 §3.10.7.3, fourth). */
  #takeFirstData(connection: OpeningConnection, segment: Segment, now: number): void {
    const { receiver } = connection;
    segment.dropSyn();
    if (segment.length === 0) return;
    if (receiver.take(segment, now)) connection.reportReadable();
    if (receiver.isFinished) connection.move('FIN received', now);
    receiver.requireAck();
  }

  #arrivedInSynReceived(connection: OpeningConnection, segment: Segment, now: number): void {
    if (segment.isReset) {
      this.#arrivedReset(connection, segment, now);
      return;
    }
    if (segment.isSyn) {
      this.#arrivedSyn(connection, segment, now);
      return;
    }
    if (!segment.isAck) return;
    const isOutdated =
      this.#peer.hasTimestamps &&
      segment.hasTimestamps &&
      isBefore(segment.timestamp, this.#peer.timestamp);
    if (isOutdated || !this.#isInWindow(connection, segment)) {
      if (connection.corrections.take(now)) this.#acknowledge(connection, now);
      return;
    }
    if (segment.acknowledgment !== this.#next) {
      this.#refuse(connection, segment, now);
      return;
    }
    // Where the backlog is full, the answer is sent again until there is room.
    if (!connection.host.mayOpen(connection)) return;
    this.#complete(connection, segment, now);
    connection.arrived(segment, now);
  }

  #arrivedReset(connection: OpeningConnection, segment: Segment, now: number): void {
    const isRefused = segment.sequence === this.#peer.next || this.#provesSight(segment);
    if (isRefused) connection.fail('ECONNREFUSED', now);
    else if (this.#isInWindow(connection, segment)) this.#challenge(connection, now);
  }

  #arrivedSyn(connection: OpeningConnection, segment: Segment, now: number): void {
    if (this.#provesSight(segment)) {
      // Both have sent a SYN first (RFC 9293 §3.5, figure 7). Or the SYN before was of somebody else.
      if (segment.sequence !== this.#peer.initial)
        this.#peer.learn(connection.settings, segment, !segment.isAck || this.#sendings === 1);
      this.#complete(connection, segment, now);
      this.#takeFirstData(connection, segment, now);
    } else if (segment.sequence !== this.#peer.initial || segment.isAck) {
      this.#challenge(connection, now);
    } else {
      // Ours was lost. A SYN without ECN takes back that of before (RFC 3168 §6.1.1).
      if ((segment.flags & ECN_SETUP) !== ECN_SETUP) this.#peer.hasEcn = false;
      this.#send(connection, now);
    }
  }

  /** Whether a segment comes from who has seen our SYN, to which we had no answer when we sent it. */
  #provesSight(segment: Segment): boolean {
    return this.#isActive && segment.isAck && segment.acknowledgment === this.#next;
  }

  #isInWindow({ settings }: OpeningConnection, segment: Segment): boolean {
    const window = Math.min(settings.receiveBuffer, HIGHEST_FIELD);
    const first = distance(this.#peer.next, segment.sequence);
    const last = first + Math.max(segment.length, 1) - 1;
    return (first >= 0 && first < window) || (last >= 0 && last < window);
  }

  #challenge(connection: OpeningConnection, now: number): void {
    if (connection.allowsChallenge(now)) this.#acknowledge(connection, now);
  }

  #complete(connection: OpeningConnection, segment: Segment, now: number): void {
    const { settings } = connection;
    const options = this.#peer.hasTimestamps ? PADDED_TIMESTAMPS_LENGTH : 0;
    const segmentSize = Math.min(
      settings.segmentSize - options,
      Math.max(this.#peer.segmentSize, LEAST_SEGMENT_SIZE) - options,
    );
    const sender = new Sender(this.#next, {
      segmentSize,
      limit: settings.sendBuffer,
      congestion: settings.congestion(segmentSize),
      pool: connection.host.memory,
    });
    const scales = this.#peer.scale >= 0;
    const receiver = new Receiver(
      this.#peer.next,
      scales ? settings.receiveBuffer : Math.min(settings.receiveBuffer, HIGHEST_FIELD),
      segmentSize,
      connection.host.memory,
    );
    if (scales) receiver.windowScale = scaleOf(settings.receiveBuffer);
    if (this.#peer.hasTimestamps) receiver.beginTimestamps(this.#peer.timestamp, now);
    sender.usesSack = this.#peer.hasSack;
    sender.usesEcn = this.#peer.hasEcn;
    receiver.usesEcn = this.#peer.hasEcn;
    const sendScale = scales ? this.#peer.scale : 0;
    const window = segment.isSyn ? segment.window : segment.window << sendScale;
    sender.openWindow(window, segment.sequence, segment.acknowledgment);
    receiver.offerFirst(Math.min(settings.receiveBuffer, HIGHEST_FIELD));
    // Karn: only a SYN that was sent once says how long a round trip takes.
    if (this.#sendings === 1) sender.roundTrip.sample(Math.max(now - this.#sentAt, 0.001), now);
    else sender.roundTrip.distrust();
    if (segment.isSyn) receiver.requireAck();
    connection.established(
      sender,
      receiver,
      { hasSack: this.#peer.hasSack, usesTimestamps: this.#peer.hasTimestamps, sendScale },
      now,
    );
  }

  #send(connection: OpeningConnection, now: number): void {
    const { writer } = connection.host;
    const { settings } = connection;
    const isAnswer = connection.state === 'SYN-RECEIVED';
    let flags = isAnswer ? TCP_SYN | TCP_ACK : TCP_SYN;
    // Sent again without, since there are boxes that drop it (RFC 3168 §6.1.1.1).
    if (isAnswer ? this.#peer.hasEcn : settings.ecn && this.#sendings === 0) {
      flags |= isAnswer ? ECN_ANSWER : ECN_SETUP;
    }
    writer.begin(connection.local, connection.remote, flags);
    const acknowledgment = isAnswer ? this.#peer.next : 0;
    writer.numbers(this.initial, acknowledgment, Math.min(settings.receiveBuffer, HIGHEST_FIELD));
    writer.maximumSegmentSize(settings.segmentSize);
    if (isAnswer ? this.#peer.hasSack : settings.sack) writer.sackPermitted();
    if (isAnswer ? this.#peer.hasTimestamps : settings.timestamps) {
      writer.timestamps(connection.timestampAt(now), isAnswer ? this.#peer.timestamp : 0);
    }
    if (!isAnswer || this.#peer.scale >= 0) writer.windowScale(scaleOf(settings.receiveBuffer));
    connection.host.send(writer.finish(false));
    this.#sentAt = now;
    this.#sendings++;
    this.#at = now + this.#wait;
  }

  /** An acknowledgment, of which the other side can tell whether it shares our view. */
  #acknowledge(connection: OpeningConnection, now: number): void {
    const { receiveBuffer } = connection.settings;
    const { writer } = connection.host;
    const scale = this.#peer.scale >= 0 ? scaleOf(receiveBuffer) : 0;
    writer.begin(connection.local, connection.remote, TCP_ACK);
    writer.numbers(this.#next, this.#peer.next, Math.min(receiveBuffer, HIGHEST_FIELD) >> scale);
    if (this.#peer.hasTimestamps)
      writer.timestamps(connection.timestampAt(now), this.#peer.timestamp);
    connection.host.send(writer.finish(false));
  }

  /** Answers a segment that acknowledges what was never sent (RFC 9293 §3.10.7.3). */
  #refuse(connection: OpeningConnection, segment: Segment, now: number): void {
    if (!connection.host.allowsReset(now)) return;
    const { writer } = connection.host;
    writer.begin(connection.local, connection.remote, TCP_RST);
    writer.numbers(segment.acknowledgment, 0, 0);
    connection.host.send(writer.finish(false));
  }
}

/** The shift with which a window of this size can be expressed. */
export function scaleOf(size: number): number {
  let shift = 0;
  while (shift < HIGHEST_SCALE && size >> shift > HIGHEST_FIELD) shift++;
  return shift;
}
