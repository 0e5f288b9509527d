import { type Endpoint, parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { ReceiptPace } from '../flow/receiptPace.js';
import { SendWindow } from '../flow/sendWindow.js';
import { closeCodes } from '../wire/closeCodes.js';
import {
  isDatagramMessage,
  LONGEST_MESSAGE,
  LONGEST_PAYLOAD,
  MessageBatch,
  readDatagrams,
} from '../wire/datagramMessage.js';
import { formatHello } from '../wire/hello.js';
import { RECEIPT_LENGTH, readReceipt, receiptMessage } from '../wire/receipt.js';
import { ByteRate } from './byteRate.js';
import type { ClientGate } from './clientGate.js';
import type {
  DatagramReceiver,
  DatagramSender,
  ReceiptSender,
  SessionConnection,
  SessionFailure,
  SessionHost,
} from './sessionHost.js';

/** Bytes that may wait in the WebSocket of one client. */
const MOST_BUFFERED = 256 << 10;
/** Datagrams that are not allowed, a second and at once, with which a client is not suspicious yet. */
const FAULTS = { perSecond: 50, burst: 500 };
/** Signs of life that a client may ask for. */
const ANSWERS = { perSecond: 5, burst: 20 };
/** IPv4 and UDP headers, which are bytes that are sent, too. */
const OUTER_HEADERS = 28;
/** Milliseconds of sending that a client may catch up on. */
const BURST_TIME = 200;
const MS_PER_SECOND = 1000;
/** Bytes that suffice for a burst whatever the rate. */
const LEAST_BURST = 65_536;
/** Keepalives without an answer after which a client is gone. */
const PATIENCE = 2.5;

/** A client of a gateway: its UDP endpoint, and its connection while there is one. */
export class GatewaySession<C extends SessionConnection>
  implements DatagramReceiver, ReceiptSender
{
  readonly endpoint: Endpoint;
  /** The name by which it comes back. */
  readonly resume: string;
  readonly #host: SessionHost<C>;
  readonly #gate: ClientGate;
  readonly #sender: DatagramSender;
  readonly #rate: ByteRate;
  readonly #faults = new ByteRate(FAULTS);
  readonly #answers = new ByteRate(ANSWERS);
  readonly #own: UdpEndpoint;
  readonly #to = new UdpEndpoint();
  #connection: C | null = null;
  #batch = new MessageBatch();
  #window = new SendWindow();
  #pace = new ReceiptPace();
  #isFlushDue = false;
  #heardAt = 0;
  #saidAt = 0;
  #detachedAt = 0;
  #lost = 0;

  /**
   * Makes the session of a client that has no connection yet.
   *
   * @param endpoint - public endpoint of the client
   * @param resume - name by which the client comes back, which nobody can guess
   * @param sender - sends from the endpoint
   */
  constructor(
    host: SessionHost<C>,
    endpoint: Endpoint,
    resume: string,
    gate: ClientGate,
    sender: DatagramSender,
  ) {
    this.#host = host;
    this.endpoint = endpoint;
    this.resume = resume;
    this.#gate = gate;
    this.#sender = sender;
    const { rate: perSecond } = host.settings;
    const burst = Math.max(LEAST_BURST, (perSecond * BURST_TIME) / MS_PER_SECOND);
    this.#rate = new ByteRate({ perSecond, burst });
    this.#own = new UdpEndpoint(parseIPv4(endpoint.address), endpoint.port);
  }

  /** The connection that it has; null for a client that is away. */
  get connection(): C | null {
    return this.#connection;
  }

  /**
   * When it lost its connection, in milliseconds: -Infinity for a client that does not come back, without meaning while
   * there is a connection.
   */
  get detachedAt(): number {
    return this.#detachedAt;
  }

  /** Has this connection from now on, and tells the client what it has. */
  attach(connection: C, resumed: boolean): void {
    const previous = this.#connection;
    this.#connection = connection;
    if (previous !== null) {
      this.#host.detached();
      previous.close(closeCodes.resumed, 'resumed');
    }
    this.#window = new SendWindow();
    this.#pace = new ReceiptPace();
    this.#batch = new MessageBatch();
    this.#isFlushDue = false;
    this.#heardAt = this.#host.now();
    this.#saidAt = this.#heardAt;
    const { routers, keepalive, resumeFor } = this.#host.settings;
    const { endpoint, resume } = this;
    const hello = { endpoint, routers, keepalive, resume, resumeFor, resumed, lost: this.#lost };
    this.#lost = 0;
    connection.send(formatHello(hello));
  }

  /** A connection ended with a code of RFC 6455 §7.4. */
  ended(connection: C, code: number): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    // A client that is done does not come back.
    this.#detachedAt = code === closeCodes.done ? Number.NEGATIVE_INFINITY : this.#host.now();
    this.#host.detached();
  }

  /** The client answered a ping. */
  ponged(): void {
    this.#heardAt = this.#host.now();
  }

  /** The client pings. @param answer - called unless it does so too often, or does not read */
  pinged(answer: () => void): void {
    this.#heardAt = this.#host.now();
    if (this.#connection !== null && this.#mayAnswer(this.#connection)) answer();
  }

  /** A message came over the connection. @returns how many datagrams it had; 1 for another one */
  received(message: string | Uint8Array): number {
    const at = this.#host.now();
    this.#heardAt = at;
    const connection = this.#connection;
    if (connection === null) return 1;
    if (typeof message === 'string') {
      this.#fail('protocol-error', closeCodes.unsupportedData, 'text is not understood');
    } else if (message.length > LONGEST_MESSAGE) {
      this.#fail('protocol-error', closeCodes.tooBig, 'too long');
    } else if (isDatagramMessage(message)) return this.#outbound(connection, message, at);
    else if (message.length === RECEIPT_LENGTH) this.#confirmed(readReceipt(message), at);
    else this.#fail('protocol-error', closeCodes.protocolError, 'neither datagrams nor a receipt');
    return 1;
  }

  /**
   * A datagram came to its endpoint. Bytes and source may be used during the call only.
   *
   * @param length - bytes of payload
   */
  arrived(bytes: Uint8Array, offset: number, length: number, from: Readonly<UdpEndpoint>): void {
    const { counts } = this.#host;
    const connection = this.#connection;
    const at = this.#host.now();
    if (length > LONGEST_PAYLOAD) {
      counts.dropsInbound['not-6bed4']++;
      return;
    }
    const refusal = this.#gate.refuseInbound(bytes, offset, length, from, at);
    if (refusal !== null) {
      counts.dropsInbound[refusal]++;
    } else if (connection === null) {
      counts.awayDrops++;
      this.#lost++;
    } else if (!this.#window.allows(at) || isJammed(connection)) {
      counts.queueDrops++;
    } else {
      counts.datagramsReceived++;
      counts.datagramBytesReceived += length;
      this.#window.sent(at);
      this.#saidAt = at;
      if (!this.#batch.hasRoomFor(length)) flush(connection, this.#batch);
      this.#batch.add(bytes, offset, length, from);
      this.#flushSoon(connection);
    }
  }

  /** Confirms what came; {@link SessionHost.receiptIsDue} asks for it. */
  sendReceipt(): void {
    const connection = this.#connection;
    // Who does not read gets no more; a later receipt says as much.
    if (connection === null || isJammed(connection)) return;
    this.#pace.confirmed();
    this.#saidAt = this.#host.now();
    this.#flushSoon(connection);
    connection.send(receiptMessage(this.#pace.received));
  }

  /** Keeps the connection alive, or ends it when the client is gone. Called once a second. */
  tick(at: number): void {
    const connection = this.#connection;
    if (connection === null) return;
    const interval = this.#host.settings.keepalive * MS_PER_SECOND;
    if (at - this.#heardAt > PATIENCE * interval) {
      this.#fail('silent', closeCodes.silent, 'silent');
      // One that is gone does not answer that either.
      connection.terminate();
      return;
    }
    if (
      at - Math.min(this.#saidAt, this.#heardAt) < interval ||
      at - this.#saidAt < MS_PER_SECOND
    ) {
      return;
    }
    this.#saidAt = at;
    connection.ping();
  }

  /** Ends it, and its connection for a reason. */
  close(code: number, reason: string): void {
    const connection = this.#connection;
    this.#connection = null;
    if (connection !== null) {
      this.#host.detached();
      connection.close(code, reason);
    }
    this.#sender.close();
  }

  #outbound(connection: C, message: Uint8Array, at: number): number {
    let count = 0;
    let isReceiptDue = false;
    readDatagrams(message, this.#to, (offset, length) => {
      count++;
      if (this.#pace.arrived(at)) isReceiptDue = true;
      this.#outboundDatagram(message, offset, length, at);
      // What a datagram does may end the connection.
      return this.#connection === connection && connection.isOpen;
    });
    if (isReceiptDue) this.sendReceipt();
    else this.#host.receiptIsDue(this);
    return count;
  }

  #outboundDatagram(message: Uint8Array, offset: number, length: number, at: number): void {
    const { counts } = this.#host;
    const to = this.#to;
    if (!this.#rate.take(length + OUTER_HEADERS, at)) {
      counts.dropsOutbound.rate++;
      return;
    }
    const refusal = this.#gate.refuseOutbound(message, offset, length, to, at);
    if (refusal !== null) {
      counts.dropsOutbound[refusal]++;
      if (refusal !== 'stranger' && !this.#faults.take(1, at)) {
        this.#fail('policy-violation', closeCodes.policyViolation, `too many drops: ${refusal}`);
      }
      return;
    }
    const neighbor = this.#host.sessionAt(to);
    // Behind a NAT, no datagram to the public address would come back from there.
    if (neighbor !== null) neighbor.arrived(message, offset, length, this.#own);
    else if (!this.#sender.send(message, offset, length, to)) return;
    counts.datagramsSent++;
    counts.datagramBytesSent += length;
  }

  #confirmed(count: number, at: number): void {
    const before = this.#window.unconfirmed;
    if (!this.#window.receipt(count, at)) {
      this.#fail('protocol-error', closeCodes.protocolError, 'a receipt for what was not sent');
    } else if (this.#window.unconfirmed === before && this.#mayAnswer(this.#connection!)) {
      // The client wants to know whether anybody is there.
      this.sendReceipt();
    }
  }

  #mayAnswer(connection: C): boolean {
    return !isJammed(connection) && this.#answers.take(1, this.#host.now());
  }

  /** Lets what is sent in this turn leave together: datagrams in few messages, messages in few system calls. */
  #flushSoon(connection: C): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    const batch = this.#batch;
    connection.cork();
    this.#host.defer(() => {
      if (this.#connection === connection) this.#isFlushDue = false;
      flush(connection, batch);
      connection.uncork();
    });
  }

  #fail(failure: SessionFailure, code: number, reason: string): void {
    this.#host.end(this.#connection!, failure, code, reason);
  }
}

function flush(connection: SessionConnection, batch: MessageBatch): void {
  const message = batch.take();
  if (message !== null && connection.isOpen) connection.send(message);
}

function isJammed({ bufferedAmount }: SessionConnection): boolean {
  return bufferedAmount > MOST_BUFFERED;
}
