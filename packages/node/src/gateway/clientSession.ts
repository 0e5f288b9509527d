import type { RemoteInfo } from 'node:dgram';
import type { Duplex } from 'node:stream';
import { type Endpoint, parseIPv4, UdpEndpoint } from '@6bed4/codec';
import {
  ByteRate,
  type ClientGate,
  closeCodes,
  formatHello,
  isDatagramMessage,
  LONGEST_PAYLOAD,
  MessageBatch,
  RECEIPT_LENGTH,
  ReceiptPace,
  readDatagrams,
  readReceipt,
  receiptMessage,
  SendWindow,
} from '@6bed4/gateway';
import type { WebSocket } from 'ws';
import type { AddressNumbers } from '../drivers/udp/addressText.js';
import { now, setImmediate } from '../realTimers.js';
import type { ClientSocket } from './clientSocket.js';
import type { ConnectionFailure, GatewayCounts } from './gatewayCounters.js';
import { ReadingPace } from './readingPace.js';

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

/** A connection of a client. */
export interface Connection {
  readonly socket: WebSocket;
  /** What it is carried by. */
  readonly transport: Duplex;
  /** Whom it counts for. */
  readonly source: string;
}

/** What a session needs of its gateway. */
export interface SessionHost {
  readonly counts: GatewayCounts;
  readonly numbers: AddressNumbers;
  readonly settings: {
    readonly routers: readonly Endpoint[];
    readonly rate: number;
    readonly resumeFor: number;
    readonly keepalive: number;
  };
  /** Sends receipts of the session a little later, by {@link ClientSession.sendReceipt}. */
  receiptIsDue(session: ClientSession): void;
  /** Ends a connection, and counts why. */
  end(socket: WebSocket, failure: ConnectionFailure, code: number, reason: string): void;
  /** The client of the same gateway at an endpoint; null for none. */
  clientAt(endpoint: Readonly<UdpEndpoint>): ClientSession | null;
  /** A session has no connection any more. */
  detached(): void;
}

/** A client of a gateway: its UDP endpoint, and its connection while there is one. */
export class ClientSession {
  readonly endpoint: Endpoint;
  /** The name by which it comes back. */
  readonly resume: string;
  readonly #host: SessionHost;
  readonly #gate: ClientGate;
  readonly #rate: ByteRate;
  readonly #faults = new ByteRate(FAULTS);
  readonly #answers = new ByteRate(ANSWERS);
  readonly #reading: ReadingPace;
  readonly #own: UdpEndpoint;
  readonly #other = new UdpEndpoint();
  readonly #to = new UdpEndpoint();
  #batch = new MessageBatch();
  #udp: ClientSocket | null = null;
  #connection: Connection | null = null;
  #source = '';
  #window = new SendWindow();
  #pace = new ReceiptPace();
  #isCorked = false;
  #heardAt = 0;
  #saidAt = 0;
  #detachedAt = 0;
  #lost = 0;

  constructor(host: SessionHost, endpoint: Endpoint, resume: string, gate: ClientGate) {
    this.#host = host;
    this.endpoint = endpoint;
    this.resume = resume;
    this.#gate = gate;
    const { rate: perSecond } = host.settings;
    const burst = Math.max(LEAST_BURST, (perSecond * BURST_TIME) / MS_PER_SECOND);
    this.#rate = new ByteRate({ perSecond, burst });
    this.#reading = new ReadingPace(perSecond);
    this.#own = new UdpEndpoint(parseIPv4(endpoint.address), endpoint.port);
  }

  /** Takes the socket of its endpoint, once that is open. */
  useSocket(udp: ClientSocket): void {
    this.#udp = udp;
  }

  get connection(): Connection | null {
    return this.#connection;
  }

  /** Whom it counts for: where its connection comes from, or came from. */
  get source(): string {
    return this.#source;
  }

  /** When it lost its connection; without meaning while it has one. */
  get detachedAt(): number {
    return this.#detachedAt;
  }

  /** Has this connection from now on, and tells the client what it has. */
  attach(connection: Connection, resumed: boolean): void {
    const previous = this.#connection;
    this.#connection = connection;
    this.#source = connection.source;
    if (previous !== null) {
      this.#host.detached();
      previous.socket.close(closeCodes.resumed, 'resumed');
    }
    this.#window = new SendWindow();
    this.#pace = new ReceiptPace();
    this.#batch = new MessageBatch();
    this.#isCorked = false;
    this.#heardAt = now();
    this.#saidAt = this.#heardAt;
    const { socket } = connection;
    const { routers, keepalive, resumeFor } = this.#host.settings;
    const { endpoint, resume } = this;
    const hello = { endpoint, routers, keepalive, resume, resumeFor, resumed, lost: this.#lost };
    this.#lost = 0;
    socket.send(formatHello(hello));
    socket.on('pong', () => {
      this.#heardAt = now();
    });
    socket.on('ping', (data: Buffer) => {
      this.#heardAt = now();
      if (this.#mayAnswer(connection)) socket.pong(data);
    });
    socket.on('close', (code: number) => {
      if (this.#connection === connection) this.#detach(code);
    });
  }

  /** A message came over the connection. */
  received(message: Uint8Array, isBinary: boolean): void {
    const at = now();
    this.#heardAt = at;
    const connection = this.#connection!;
    if (isBinary && isDatagramMessage(message)) {
      this.#outbound(connection, message, at);
      return;
    }
    this.#reading.read(connection.socket, 1, at);
    if (!isBinary) {
      this.#fail('protocol-error', closeCodes.unsupportedData, 'text is not understood');
    } else if (message.length === RECEIPT_LENGTH) this.#confirmed(readReceipt(message), at);
    else this.#fail('protocol-error', closeCodes.protocolError, 'neither datagrams nor a receipt');
  }

  /** A datagram came to its socket. */
  arrived(bytes: Uint8Array, { address, port }: Pick<RemoteInfo, 'address' | 'port'>): void {
    const from = this.#other;
    from.address = this.#host.numbers.numberOf(address);
    from.port = port;
    this.#inbound(bytes, from);
  }

  #inbound(bytes: Uint8Array, from: Readonly<UdpEndpoint>): void {
    const { counts } = this.#host;
    const connection = this.#connection;
    const at = now();
    const { length } = bytes;
    if (length > LONGEST_PAYLOAD) {
      counts.dropsInbound['not-6bed4']++;
      return;
    }
    const refusal = this.#gate.refuseInbound(bytes, 0, length, from, at);
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
      this.#cork(connection);
      if (!this.#batch.hasRoomFor(length)) this.#sendBatch(connection, this.#batch);
      this.#batch.add(bytes, 0, length, from);
    }
  }

  /** Confirms what came. */
  sendReceipt(): void {
    const connection = this.#connection;
    // Who does not read gets no more; a later receipt says as much.
    if (connection === null || isJammed(connection)) return;
    this.#pace.confirmed();
    this.#transmit(connection, receiptMessage(this.#pace.received), now());
  }

  /** Keeps the connection alive, or ends it when the client is gone. Called once a second. */
  tick(at: number): void {
    const connection = this.#connection;
    if (connection === null) return;
    const interval = this.#host.settings.keepalive * MS_PER_SECOND;
    if (at - this.#heardAt > PATIENCE * interval) {
      this.#fail('silent', closeCodes.silent, 'silent');
      // One that is gone does not answer that either.
      connection.socket.terminate();
      return;
    }
    if (
      at - Math.min(this.#saidAt, this.#heardAt) < interval ||
      at - this.#saidAt < MS_PER_SECOND
    ) {
      return;
    }
    this.#saidAt = at;
    connection.socket.ping();
  }

  /** Ends it. */
  close(code: number, reason: string): void {
    const connection = this.#connection;
    this.#connection = null;
    if (connection !== null) {
      this.#host.detached();
      connection.socket.close(code, reason);
    }
    this.#udp?.close();
    this.#udp = null;
  }

  #detach(code: number): void {
    this.#connection = null;
    // A client that is done does not come back.
    this.#detachedAt = code === closeCodes.done ? Number.NEGATIVE_INFINITY : now();
    this.#host.detached();
  }

  #outbound(connection: Connection, message: Uint8Array, at: number): void {
    let count = 0;
    let isReceiptDue = false;
    readDatagrams(message, this.#to, (offset, length) => {
      count++;
      if (this.#pace.arrived(at)) isReceiptDue = true;
      this.#outboundDatagram(message, offset, length, at);
      // What a datagram does may end the connection.
      return this.#connection === connection && connection.socket.readyState === WEBSOCKET_OPEN;
    });
    this.#reading.read(connection.socket, count, at);
    if (isReceiptDue) this.sendReceipt();
    else this.#host.receiptIsDue(this);
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
    const neighbor = this.#host.clientAt(to);
    if (neighbor !== null) {
      // Behind a NAT, no datagram to the public address would come back from there.
      neighbor.#inbound(message.subarray(offset, offset + length), this.#own);
    } else if (this.#udp?.send(message, offset, length, to, this.#sent) !== true) {
      counts.sendError('ENOBUFS');
      return;
    }
    counts.datagramsSent++;
    counts.datagramBytesSent += length;
  }

  readonly #sent = (error: NodeJS.ErrnoException | null): void => {
    if (error !== null) this.#host.counts.sendError(error.code);
  };

  #confirmed(count: number, at: number): void {
    const before = this.#window.unconfirmed;
    if (!this.#window.receipt(count, at)) {
      this.#fail('protocol-error', closeCodes.protocolError, 'a receipt for what was not sent');
    } else if (this.#window.unconfirmed === before && this.#mayAnswer(this.#connection!)) {
      // The client wants to know whether anybody is there.
      this.sendReceipt();
    }
  }

  #mayAnswer(connection: Connection): boolean {
    return !isJammed(connection) && this.#answers.take(1, now());
  }

  #transmit(connection: Connection, message: Uint8Array, at: number): void {
    this.#saidAt = at;
    this.#cork(connection);
    connection.socket.send(message, NOT_COMPRESSED);
  }

  /** Lets what is sent in this turn leave together: datagrams in few messages, messages in few system calls. */
  #cork(connection: Connection): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const { transport } = connection;
    const batch = this.#batch;
    transport.cork();
    setImmediate(() => {
      if (this.#connection === connection) this.#isCorked = false;
      this.#sendBatch(connection, batch);
      transport.uncork();
    });
  }

  #sendBatch({ socket }: Connection, batch: MessageBatch): void {
    const message = batch.take();
    if (message !== null) socket.send(message, NOT_COMPRESSED);
  }

  #fail(failure: ConnectionFailure, code: number, reason: string): void {
    const { socket } = this.#connection!;
    this.#host.end(socket, failure, code, reason);
  }
}

function isJammed({ socket }: Connection): boolean {
  return socket.bufferedAmount > MOST_BUFFERED;
}

const WEBSOCKET_OPEN = 1;
const NOT_COMPRESSED = { binary: true, compress: false, fin: true } as const;
