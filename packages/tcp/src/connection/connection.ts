import {
  IPV6_HEADER_LENGTH,
  MINIMUM_MTU,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_HEADER_LENGTH,
  TCP_PSH,
  TCP_RST,
} from '@6bed4/nd';
import type { Receiver } from '../receive/receiver.js';
import { PADDED_TIMESTAMPS_LENGTH } from '../segment/options.js';
import type { Segment } from '../segment/segment.js';
import { advance, isAfter, isBefore } from '../segment/sequence.js';
import type { Sender, Transmission } from '../send/sender.js';
import type { ConnectionHost } from './connectionHost.js';
import type { ConnectionSettings, TcpEndpoint } from './connectionOptions.js';
import type { SegmentError, TcpErrorCode } from './errors.js';
import { KeepAlive, type KeepAliveOptions } from './keepAlive.js';
import { type AgreedOptions, Opening, type RestoredOptions } from './opening.js';
import { type TcpInput, type TcpState, tcpTransitions } from './states.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Longest time between probes of a closed window, in milliseconds (RFC 9293 §3.8.6.1). */
const LONGEST_PERSIST = 60_000;

/** One connection. All times are milliseconds on the clock of the stack. */
export class TcpConnection {
  readonly local: TcpEndpoint;
  readonly remote: TcpEndpoint;
  /** @internal */
  readonly host: ConnectionHost<TcpConnection>;
  /** @internal */
  readonly settings: ConnectionSettings;
  /** @internal The handshake, until it is complete. */
  opening: Opening | null;
  /** @internal Place in the queue of deadlines. */
  heapIndex = -1;
  /** The reason of the end; null for none, or when both sides have ended. */
  error: TcpErrorCode | null = null;
  /** @internal */
  sender!: Sender;
  /** @internal */
  receiver!: Receiver;

  readonly #keepAlive = new KeepAlive();
  readonly #timestampOffset: number;
  #userTimeout: number;
  #state: TcpState;
  #hasSack = false;
  #usesTimestamps = false;
  #sendScale = 0;
  #timeWaitUntil = NEVER;
  #persistAt = NEVER;
  #persistWait = 0;
  #wasFull = false;
  #softError: TcpErrorCode | null = null;

  constructor(
    host: ConnectionHost<TcpConnection>,
    settings: ConnectionSettings,
    sides: { local: TcpEndpoint; remote: TcpEndpoint; initial: number; timestampOffset: number },
    state: 'SYN-SENT' | 'SYN-RECEIVED',
  ) {
    this.host = host;
    this.settings = settings;
    this.#userTimeout = settings.userTimeout;
    this.local = sides.local;
    this.remote = sides.remote;
    this.#timestampOffset = sides.timestampOffset;
    this.#state = state;
    this.opening = new Opening(sides.initial);
  }

  get state(): TcpState {
    return this.#state;
  }

  /** Bytes that can be read now. */
  get readable(): number {
    return this.opening === null ? this.receiver.queue.readable : 0;
  }

  /** Whether all was read that the other side will ever send. */
  get isEnded(): boolean {
    return this.opening === null && this.receiver.isFinished && this.receiver.queue.readable === 0;
  }

  /** Bytes that {@link write} takes now. */
  get writable(): number {
    return this.opening === null && this.#canSend ? this.sender.queue.room : 0;
  }

  /** Bytes that were written and not acknowledged. */
  get buffered(): number {
    return this.opening === null ? this.sender.queue.length : 0;
  }

  /** SRTT in milliseconds; 0 before it was measured. */
  get roundTrip(): number {
    return this.opening === null ? this.sender.roundTrip.smoothed : 0;
  }

  /** @internal When {@link expire} has to be called. */
  get deadline(): number {
    if (this.#state === 'TIME-WAIT') return this.#timeWaitUntil;
    if (this.opening !== null) return this.opening.deadline;
    return Math.min(
      this.sender.deadline,
      this.receiver.deadline,
      this.#persistAt,
      this.#keepAlive.deadline,
      this.sender.stalledSince + this.#userTimeout,
    );
  }

  /** Whether small segments go at once, without Nagle's algorithm. */
  set noDelay(value: boolean) {
    if (this.opening === null) this.sender.noDelay = value;
    else this.opening.noDelay = value;
  }

  /** Has the connection probed while it is idle (RFC 9293 §3.8.4), or with null not, as at first. */
  setKeepAlive(options: KeepAliveOptions | null, now: number): void {
    this.#keepAlive.set(options, now);
    this.host.rescheduled(this);
  }

  /**
   * Sets after how many milliseconds data without an answer is given up (RFC 9293 §3.8.3); 0 for the user
   * timeout of the stack.
   */
  setUserTimeout(time: number, now: number): void {
    this.#userTimeout = time === 0 ? this.settings.userTimeout : time;
    this.opening?.giveUpWithin(this.#userTimeout, now);
    this.host.rescheduled(this);
  }

  /** Copies as many bytes as there is room for; returns how many. */
  write(bytes: Uint8Array, offset: number, length: number, now: number): number {
    if (this.opening !== null || !this.#canSend) return 0;
    const count = this.sender.queue.write(bytes, offset, length);
    if (count < length) this.#wasFull = true;
    this.output(now);
    return count;
  }

  /** Copies up to `length` bytes that arrived; returns how many. */
  read(into: Uint8Array, offset: number, length: number, now: number): number {
    if (this.opening !== null) return 0;
    const count = this.receiver.queue.read(into, offset, length);
    if (count > 0 && this.receiver.consumed(count, this.sender.roundTrip.smoothed, now)) {
      this.receiver.requireAck();
      this.output(now);
    }
    return count;
  }

  /** Ends the data of this side; what was written still arrives. */
  end(now: number): void {
    if (this.opening !== null) {
      this.opening.endsAfter = true;
      return;
    }
    if (!this.#canSend) return;
    this.sender.queue.finish();
    this.move('end', now);
    this.output(now);
  }

  /** Gives the connection up, and tells the other side (RFC 9293 §3.10.5). */
  abort(now: number): void {
    if (this.#state !== 'SYN-SENT' && this.#state !== 'TIME-WAIT' && this.#state !== 'CLOSED') {
      this.#sendReset();
    }
    this.fail('ECONNABORTED', now);
  }

  /** @internal Begins an active open. */
  open(now: number): void {
    this.opening!.begin(this, now);
    this.host.rescheduled(this);
  }

  /** @internal A SYN came to a listener. */
  openPassively(segment: Segment, now: number): void {
    this.opening!.accept(this, segment, now);
    this.host.rescheduled(this);
  }

  /** @internal The acknowledgment of a SYN cookie came. */
  openByCookie(segment: Segment, agreed: RestoredOptions, now: number): void {
    this.opening!.restore(this, segment, agreed, now);
    this.arrived(segment, now);
  }

  /** @internal Whether a SYN cannot be an old one of this connection, which is over (RFC 6191 §3). */
  isNewerThanBefore(segment: Segment): boolean {
    const { receiver } = this;
    return receiver.usesTimestamps && segment.hasTimestamps
      ? isAfter(segment.timestamp, receiver.recentTimestamp)
      : isAfter(segment.sequence, receiver.next);
  }

  /** @internal The other side's SYN, and the acknowledgment of ours, are known. */
  established(sender: Sender, receiver: Receiver, options: AgreedOptions, now: number): void {
    const { noDelay, endsAfter } = this.opening!;
    this.sender = sender;
    this.receiver = receiver;
    this.#hasSack = options.hasSack;
    this.#usesTimestamps = options.usesTimestamps;
    this.#sendScale = options.sendScale;
    sender.noDelay = noDelay;
    this.opening = null;
    this.move('SYN acknowledged', now);
    this.host.event(this, 'open');
    if (endsAfter) this.end(now);
  }

  /** @internal Changes the state as {@link tcpTransitions} says. */
  move(input: TcpInput, now: number): void {
    const next = tcpTransitions[this.#state][input];
    if (next === undefined) return;
    const wasOver = this.#state === 'TIME-WAIT';
    this.#state = next;
    if (next === 'TIME-WAIT') this.#timeWaitUntil = now + this.settings.timeWait;
    // Nothing more happens to the application in TIME-WAIT.
    if (next === 'TIME-WAIT' || (next === 'CLOSED' && !wasOver)) this.host.event(this, 'closed');
    this.host.rescheduled(this);
  }

  /** @internal Ends with an error; nothing is sent. */
  fail(code: TcpErrorCode, now: number): void {
    if (this.#state === 'CLOSED') return;
    const wasWaiting = this.#state === 'TIME-WAIT';
    if (!wasWaiting) this.error = code;
    this.#state = 'CLOSED';
    if (!wasWaiting) this.host.event(this, 'closed');
    this.host.rescheduled(this);
    void now;
  }

  /**
   * @internal An ICMPv6 error about a segment of ours. Whoever cannot see our segments cannot guess what
   * is under way (RFC 5927 §4.1).
   */
  reported(error: SegmentError, now: number): void {
    if (!this.#isUnderWay(error.sequence)) return;
    if (error.mtu > 0) this.#limitPackets(error.mtu, now);
    else if (this.opening !== null && error.isHard) this.fail(error.code, now);
    // It may pass; to be told when nothing else comes (RFC 5927 §5.2).
    else this.#softError = error.code;
  }

  /** @internal The value of our timestamps now. */
  timestampAt(now: number): number {
    return (Math.floor(now) + this.#timestampOffset) | 0;
  }

  /** @internal A segment of this connection; its addresses and ports are checked. */
  arrived(segment: Segment, now: number): void {
    this.#keepAlive.heard(now);
    if (this.opening !== null) this.opening.arrived(this, segment, now);
    else this.#arrivedOpen(segment, now);
    if (this.opening === null && this.#state !== 'CLOSED') this.output(now);
    this.host.rescheduled(this);
  }

  /** @internal The time of {@link deadline} has come. */
  expire(now: number): void {
    if (this.#state === 'TIME-WAIT') {
      if (now >= this.#timeWaitUntil) this.move('timeout', now);
      return;
    }
    if (this.opening !== null) {
      this.opening.expire(this, now);
      this.host.rescheduled(this);
      return;
    }
    if (now >= this.sender.stalledSince + this.#userTimeout) {
      this.#sendReset();
      this.fail(this.#softError ?? 'ETIMEDOUT', now);
      return;
    }
    const isProbeDue = now >= this.#keepAlive.deadline;
    if (isProbeDue && this.#keepAlive.isExhausted) {
      this.#sendReset();
      this.fail(this.#softError ?? 'ETIMEDOUT', now);
      return;
    }
    this.sender.expire(now);
    this.receiver.expire(now);
    if (now >= this.#persistAt) this.#probeWindow(now);
    if (isProbeDue) {
      this.#probe(now);
      this.#keepAlive.probed(now);
    }
    this.output(now);
    this.host.rescheduled(this);
  }

  /** @internal Sends what may be sent, and an acknowledgment that is due. */
  output(now: number): void {
    for (let next = this.sender.plan(now); next !== null; next = this.sender.plan(now)) {
      this.#transmit(next, now);
      this.sender.sent(next, this.timestampAt(now), now);
    }
    if (this.receiver.isAckDue) this.#sendAck(now);
    this.#schedulePersist(now);
    this.host.rescheduled(this);
  }

  #isUnderWay(sequence: number): boolean {
    if (this.opening !== null) return sequence === this.opening.initial;
    const { unacknowledged, next } = this.sender;
    return !isBefore(sequence, unacknowledged) && isBefore(sequence, next);
  }

  /** The path takes only packets of so many bytes; every IPv6 path takes 1280 (RFC 8201 §4). */
  #limitPackets(mtu: number, now: number): void {
    if (this.opening !== null || mtu < MINIMUM_MTU) return;
    const options = this.#usesTimestamps ? PADDED_TIMESTAMPS_LENGTH : 0;
    const size = mtu - IPV6_HEADER_LENGTH - TCP_HEADER_LENGTH - options;
    if (size >= this.sender.segmentSize) return;
    this.sender.setSegmentSize(size);
    this.sender.resendLarger();
    this.output(now);
  }

  /** Whether data may still be written. */
  get #canSend(): boolean {
    return this.#state === 'ESTABLISHED' || this.#state === 'CLOSE-WAIT';
  }

  /** RFC 9293 §3.10.7.4, with RFC 5961 and RFC 7323. */
  #arrivedOpen(segment: Segment, now: number): void {
    if (this.#state === 'TIME-WAIT') {
      this.#arrivedLate(segment, now);
      return;
    }
    const { receiver, sender } = this;
    if (receiver.isOutdated(segment, now)) {
      receiver.requireAck();
      return;
    }
    if (!receiver.accepts(segment)) {
      if (!segment.isReset) receiver.requireAck();
      return;
    }
    if (segment.isReset) {
      // Exactly the next byte, so that it takes luck to guess (RFC 5961 §3.2).
      if (segment.sequence === receiver.next) this.fail('ECONNRESET', now);
      else this.#challenge(now);
      return;
    }
    if (segment.isSyn) {
      this.#challenge(now);
      return;
    }
    if (!segment.isAck) return;
    const { acknowledgment } = segment;
    if (isAfter(acknowledgment, sender.next)) {
      this.#challenge(now);
      return;
    }
    receiver.noteTimestamp(segment, now);
    if (!isBefore(acknowledgment, sender.unacknowledged)) {
      sender.updateWindow(segment, segment.window << this.#sendScale);
      sender.acknowledge(segment, now);
      this.#acknowledged(now);
    } else if (isBefore(acknowledgment, advance(sender.unacknowledged, -sender.maximumWindow))) {
      // Too old to be true (RFC 5961 §5.2).
      this.#challenge(now);
      return;
    }
    this.#takeData(segment, now);
  }

  #acknowledged(now: number): void {
    if (this.sender.isFinAcknowledged) this.move('FIN acknowledged', now);
    if (this.#wasFull && this.#canSend && this.sender.queue.room > 0) {
      this.#wasFull = false;
      this.host.event(this, 'writable');
    }
  }

  #takeData(segment: Segment, now: number): void {
    const wasFinished = this.receiver.isFinished;
    if (wasFinished && segment.length > 0) {
      this.receiver.requireAck();
      return;
    }
    const grew = this.receiver.take(segment, now);
    if (grew) this.host.event(this, 'readable');
    if (!wasFinished && this.receiver.isFinished) this.move('FIN received', now);
  }

  /** In TIME-WAIT, only the FIN that is sent again is answered (RFC 9293 §3.10.7.4). */
  #arrivedLate(segment: Segment, now: number): void {
    if (segment.isReset) {
      // Never ends it early (RFC 1337 §3).
      return;
    }
    if (segment.isFin) this.#timeWaitUntil = now + this.settings.timeWait;
    if (segment.length > 0) this.#sendAck(now);
  }

  #challenge(now: number): void {
    if (this.host.allowsChallenge(now)) this.receiver.requireAck();
  }

  #transmit(next: Readonly<Transmission>, now: number): void {
    const { writer } = this.host;
    let flags = TCP_ACK;
    if (next.isFin) flags |= TCP_FIN;
    if (next.isPush && next.length > 0) flags |= TCP_PSH;
    if (this.receiver.echoesCongestion) flags |= TCP_ECE;
    const isNew = !next.isRetransmission && next.length > 0;
    if (isNew && this.sender.announcesReduction) {
      flags |= TCP_CWR;
      this.sender.announcesReduction = false;
    }
    this.#begin(next.sequence, flags, now);
    const at = writer.reserve(next.length);
    this.sender.queue.read(next.sequence, writer.bytes, at, next.length);
    // Only new data may be marked by the network (RFC 3168 §6.1.5).
    this.host.send(writer.finish(isNew && this.sender.usesEcn));
    this.receiver.acknowledged();
    this.#keepAlive.heard(now);
  }

  #sendAck(now: number): void {
    const flags = this.receiver.echoesCongestion ? TCP_ACK | TCP_ECE : TCP_ACK;
    this.#begin(this.sender.next, flags, now);
    if (this.#hasSack) this.host.writer.sack(this.receiver);
    this.host.send(this.host.writer.finish(false));
    this.receiver.acknowledged();
  }

  /** A segment without data from before what was acknowledged, which has to be answered. */
  #probe(now: number): void {
    this.#begin(advance(this.sender.unacknowledged, -1), TCP_ACK, now);
    this.host.send(this.host.writer.finish(false));
  }

  #begin(sequence: number, flags: number, now: number): void {
    const { writer } = this.host;
    writer.begin(this.local, this.remote, flags);
    writer.numbers(sequence, this.receiver.next, this.receiver.offerWindow(true));
    if (this.#usesTimestamps) {
      writer.timestamps(this.timestampAt(now), this.receiver.recentTimestamp);
    }
  }

  #sendReset(): void {
    const { writer } = this.host;
    const opening = this.opening;
    writer.begin(this.local, this.remote, opening === null ? TCP_RST | TCP_ACK : TCP_RST);
    const sequence = opening === null ? this.sender.next : advance(opening.initial, 1);
    writer.numbers(sequence, opening === null ? this.receiver.next : 0, 0);
    this.host.send(writer.finish(false));
  }

  /** A window that stays closed is probed, since its opening may have been lost (RFC 9293 §3.8.6.1). */
  #schedulePersist(now: number): void {
    if (!this.sender.isBlocked) {
      this.#persistAt = NEVER;
      this.#persistWait = 0;
    } else if (this.#persistAt === NEVER) {
      this.#persistWait = this.sender.roundTrip.timeout;
      this.#persistAt = now + this.#persistWait;
    }
  }

  #probeWindow(now: number): void {
    this.#probe(now);
    this.#persistWait = Math.min(2 * this.#persistWait, LONGEST_PERSIST);
    this.#persistAt = now + this.#persistWait;
  }
}
