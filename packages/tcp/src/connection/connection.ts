import type { Receiver } from '../receive/receiver.js';
import type { Segment } from '../segment/segment.js';
import type { Sender } from '../send/sender.js';
import { AnswerLimit } from './answerLimit.js';
import type { ConnectionHost } from './connectionHost.js';
import type { ConnectionSettings, TcpEndpoint } from './connectionOptions.js';
import type { SegmentError, TcpErrorCode } from './errors.js';
import { KeepAlive, type KeepAliveOptions } from './keepAlive.js';
import { Opening } from './opening.js';
import { heedError, PathLimit } from './pathErrors.js';
import type { RestoredOptions } from './peerSyn.js';
import { type AgreedOptions, SegmentOutput } from './segmentOutput.js';
import { type TcpInput, type TcpState, tcpTransitions } from './states.js';
import { arrivedSynchronized } from './synchronized.js';
import { WindowProbe } from './windowProbe.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Milliseconds between two challenges of one connection, at least (RFC 5961 §7). */
const CHALLENGE_INTERVAL = 500;
/** Milliseconds between two answers to segments without data outside the window, at least. */
const CORRECTION_INTERVAL = 100;

/** What is known of both sides when the first segment of a connection comes or goes. */
export interface ConnectionSides {
  readonly local: TcpEndpoint;
  readonly remote: TcpEndpoint;
  /** ISS. */
  readonly initial: number;
  readonly timestampOffset: number;
}

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
  /** @internal Whether {@link flush} will be called. */
  isPostponed = false;
  /** The reason of the end; null for none, or when both sides have ended. */
  error: TcpErrorCode | null = null;
  /** What the connection belongs to, for the driver of the stack. */
  owner: unknown = null;
  /** @internal */
  sender!: Sender;
  /** @internal */
  receiver!: Receiver;
  /** @internal Shift of the windows that the other side sends. */
  sendScale = 0;
  /** @internal Whether the application wants no data any more. */
  isClosed = false;
  /** @internal What to tell when nothing is answered (RFC 5927 §5.2). */
  softError: TcpErrorCode | null = null;
  /** @internal Of answers to segments without data outside the window. */
  readonly corrections = new AnswerLimit(CORRECTION_INTERVAL);
  /** @internal */
  readonly pathLimit = new PathLimit();

  readonly #keepAlive = new KeepAlive();
  readonly #windowProbe = new WindowProbe();
  readonly #challenges = new AnswerLimit(CHALLENGE_INTERVAL);
  readonly #timestampOffset: number;
  #output!: SegmentOutput;
  #userTimeout: number;
  #state: TcpState;
  /** When TIME-WAIT is over, or FIN-WAIT-2 where nobody waits for data. */
  #overAt = NEVER;
  #wasFull = false;

  /** @internal */
  constructor(
    host: ConnectionHost<TcpConnection>,
    settings: ConnectionSettings,
    sides: ConnectionSides,
    state: 'SYN-SENT' | 'SYN-RECEIVED',
  ) {
    this.host = host;
    this.settings = settings;
    this.#userTimeout = settings.userTimeout;
    this.local = sides.local;
    this.remote = sides.remote;
    this.#timestampOffset = sides.timestampOffset;
    this.#state = state;
    this.opening = new Opening(sides.initial, state === 'SYN-SENT');
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
    if (this.opening !== null) return this.opening.deadline;
    if (this.#state === 'TIME-WAIT') return this.#overAt;
    return Math.min(
      this.sender.deadline,
      this.receiver.deadline,
      this.#windowProbe.deadline,
      this.#keepAlive.deadline,
      this.#givenUpAt,
      this.#overAt,
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

  /**
   * Copies as many bytes as there is room for; returns how many.
   *
   * @param mayWait - whether nothing need be sent before {@link TcpStack.flush}
   */
  write(bytes: Uint8Array, offset: number, length: number, now: number, mayWait = false): number {
    if (this.opening !== null || !this.#canSend) return 0;
    const count = this.sender.queue.write(bytes, offset, length);
    if (this.sender.queue.room === 0) this.#wasFull = true;
    if (mayWait) this.host.postpone(this);
    else this.output(now);
    return count;
  }

  /** Copies up to `length` bytes that arrived; returns how many. */
  read(into: Uint8Array, offset: number, length: number, now: number): number {
    if (this.opening !== null) return 0;
    const count = this.receiver.queue.read(into, offset, length);
    const isOpened = count > 0 && this.receiver.consumed(count, this.roundTrip, now);
    if (isOpened && !this.#isOver) {
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

  /**
   * Ends the data of this side, and refuses more of the other side (RFC 9293 §3.6.1): what was written still
   * arrives, but data that was not read, or comes from now on, is answered with a reset.
   */
  close(now: number): void {
    this.isClosed = true;
    if (this.opening !== null || this.readable > 0) {
      this.abort(now);
      return;
    }
    this.end(now);
    if (this.#state === 'FIN-WAIT-2') this.#overAt = now + this.settings.timeWait;
    this.host.rescheduled(this);
  }

  /** Gives the connection up, and tells the other side (RFC 9293 §3.10.5). */
  abort(now: number): void {
    this.reset('ECONNABORTED', now);
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

  /** @internal The other side's SYN, and the acknowledgment of ours, are known. */
  established(sender: Sender, receiver: Receiver, options: AgreedOptions, now: number): void {
    const { noDelay, endsAfter } = this.opening!;
    this.sender = sender;
    this.receiver = receiver;
    this.sendScale = options.sendScale;
    this.#output = new SegmentOutput(this, sender, receiver, options);
    this.#keepAlive.heard(now);
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
    const wasOver = this.#isOver;
    this.#state = next;
    const waits = next === 'TIME-WAIT' || (next === 'FIN-WAIT-2' && this.isClosed);
    this.#overAt = waits ? now + this.settings.timeWait : NEVER;
    // Nothing more happens to the application in TIME-WAIT.
    if (this.#isOver && !wasOver) this.host.event(this, 'closed');
    this.host.rescheduled(this);
  }

  /** @internal Ends with an error, or with null without; nothing is sent. */
  fail(code: TcpErrorCode | null, now: number): void {
    if (!this.#isOver) this.error = code;
    this.move('abort', now);
  }

  /** @internal Ends with an error, and tells the other side. */
  reset(code: TcpErrorCode, now: number): void {
    if (this.opening !== null) this.opening.reset(this);
    else if (!this.#isOver) this.#output.reset();
    this.fail(code, now);
  }

  /** @internal Answers a segment that may be a guess. */
  challenge(now: number): void {
    if (this.allowsChallenge(now)) this.receiver.requireAck();
  }

  /** @internal Whether a segment that may be a guess may be answered (RFC 5961 §7); counts it. */
  allowsChallenge(now: number): boolean {
    return this.#challenges.take(now) && this.host.allowsChallenge(now);
  }

  /** @internal What the other side has acknowledged may end the connection, or make room. */
  acknowledged(now: number): void {
    this.#keepAlive.heard(now);
    this.#windowProbe.answered();
    if (this.sender.isFinAcknowledged) this.move('FIN acknowledged', now);
    if (this.#wasFull && this.#canSend && this.sender.queue.room > 0) {
      this.#wasFull = false;
      this.host.event(this, 'writable');
    }
  }

  /** @internal There is more to read. */
  reportReadable(): void {
    this.host.event(this, 'readable');
  }

  /** @internal The time in TIME-WAIT begins anew. */
  waitAgain(now: number): void {
    this.#overAt = now + this.settings.timeWait;
  }

  /** @internal An ICMPv6 error about a segment of this connection. */
  reported(error: SegmentError, now: number): void {
    heedError(this, error, now);
    this.host.rescheduled(this);
  }

  /** @internal The connection is over: its memory is counted no more. */
  leavePool(): void {
    if (this.opening !== null) return;
    this.sender.queue.leavePool();
    this.receiver.queue.leavePool();
  }

  /** @internal The value of our timestamps now. */
  timestampAt(now: number): number {
    return (Math.floor(now) + this.#timestampOffset) | 0;
  }

  /**
   * @internal A segment of this connection; its addresses and ports are checked.
   *
   * @param mayWait - whether what it causes need not be sent before the stack is flushed
   */
  arrived(segment: Segment, now: number, mayWait = false): void {
    if (this.opening !== null) this.opening.arrived(this, segment, now);
    else arrivedSynchronized(this, segment, now);
    if (this.opening === null && this.#state !== 'CLOSED') {
      if (mayWait && this.receiver.mayWait && this.sender.mayWait) this.host.postpone(this);
      else this.output(now);
    }
    this.host.rescheduled(this);
  }

  /** @internal The stack is flushed. */
  flush(now: number): void {
    this.isPostponed = false;
    if (this.opening === null && this.#state !== 'CLOSED') this.output(now);
  }

  /** @internal The time of {@link deadline} has come. */
  expire(now: number): void {
    if (this.opening !== null) this.opening.expire(this, now);
    else if (now >= this.#overAt) this.move('timeout', now);
    else if (this.#state !== 'TIME-WAIT') this.#expireOpen(now);
    this.host.rescheduled(this);
  }

  /** @internal Sends what may be sent, and an acknowledgment that is due. */
  output(now: number): void {
    if (now >= this.pathLimit.raiseAt) this.pathLimit.raise(this.sender);
    for (let next = this.sender.plan(now); next !== null; next = this.sender.plan(now)) {
      this.#output.transmit(next, now);
      this.sender.sent(next, this.timestampAt(now), now);
      this.#keepAlive.heard(now);
    }
    if (this.receiver.isAckDue) this.#output.acknowledge(now);
    this.#windowProbe.schedule(this.sender.isBlocked, this.sender.roundTrip.timeout, now);
    this.host.rescheduled(this);
  }

  #expireOpen(now: number): void {
    const isProbeDue = now >= this.#keepAlive.deadline;
    if (now >= this.#givenUpAt || (isProbeDue && this.#keepAlive.isExhausted)) {
      this.reset(this.softError ?? 'ETIMEDOUT', now);
      return;
    }
    this.sender.expire(now);
    this.receiver.expire(now);
    if (now >= this.#windowProbe.deadline) this.#probeWindow(now);
    if (isProbeDue) {
      this.#output.probe(now);
      this.#keepAlive.probed(now);
    }
    this.output(now);
  }

  /** Sends what fits into a small window, or asks for a larger one (RFC 9293 §3.8.6.1, §3.8.6.2.1). */
  #probeWindow(now: number): void {
    this.#windowProbe.probed(now);
    if (this.sender.canForce) this.sender.force();
    else this.#output.probe(now);
  }

  /** When the user timeout is over; a closed window is no reason, unless nobody waits for the end. */
  get #givenUpAt(): number {
    const { sender } = this;
    const probe = this.#windowProbe;
    const since = this.isClosed
      ? Math.min(sender.stalledSince, probe.blockedSince)
      : Math.min(sender.unansweredSince, probe.unansweredSince);
    return since + this.#userTimeout;
  }

  /** Whether nothing passes any more. */
  get #isOver(): boolean {
    return this.#state === 'TIME-WAIT' || this.#state === 'CLOSED';
  }

  /** Whether data may still be written. */
  get #canSend(): boolean {
    return this.#state === 'ESTABLISHED' || this.#state === 'CLOSE-WAIT';
  }
}
