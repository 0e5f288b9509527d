import { type Endpoint, UdpEndpoint } from '@6bed4/codec';
import { ReceiptPace } from '../flow/receiptPace.js';
import { SendWindow } from '../flow/sendWindow.js';
import { closeCodes, isFinal } from '../wire/closeCodes.js';
import {
  datagramMessage,
  isDatagramMessage,
  LONGEST_PAYLOAD,
  MessageBatch,
  readDatagrams,
} from '../wire/datagramMessage.js';
import { type Hello, parseHello } from '../wire/hello.js';
import { RECEIPT_LENGTH, readReceipt, receiptMessage } from '../wire/receipt.js';
import { offeredSubprotocols, SUBPROTOCOL } from '../wire/subprotocol.js';
import type {
  GatewayClientCounters,
  GatewayClientHost,
  GatewayClientOptions,
} from './gatewayClientOptions.js';
import { RetryPace } from './retryPace.js';
import type { CloseEventLike, MessageEventLike, OwnBytes, WebSocketLike } from './webSocketLike.js';

/** Milliseconds that a connection and its hello may take. */
const LONGEST_OPENING = 10_000;
/** Milliseconds for an answer when a connection is tested. */
const LONGEST_ANSWER = 5_000;
/** Milliseconds after which a connection counts as one that works. */
const STEADY = 10_000;
/** Bytes that may wait in the WebSocket itself. */
const MOST_BUFFERED = 4 << 20;
const ABNORMAL = 1006;
const MS_PER_SECOND = 1000;

/**
 * A UDP endpoint at a gateway, over a WebSocket: keeps the connection, comes back to the same endpoint when it breaks, and
 * does not let datagrams wait in it.
 */
export class GatewayClient {
  readonly #options: GatewayClientOptions;
  readonly #host: GatewayClientHost;
  readonly #retries: RetryPace;
  readonly #from = new UdpEndpoint();
  #urlIndex = 0;
  #socket: WebSocketLike | null = null;
  #hello: Hello | null = null;
  #isOpen = false;
  #isClosed = false;
  #openedAt = 0;
  /** When the connection was lost to which {@link #hello} belongs. */
  #lostAt = 0;
  #window = new SendWindow();
  #pace = new ReceiptPace();
  #batch = new MessageBatch();
  #isFlushDue = false;
  #heardAt = 0;
  /** Messages that came. */
  #heard = 0;
  #cancelWait: () => void = () => {};
  #cancelReceipt: () => void = () => {};
  #isReceiptSet = false;
  #counters = { datagramsSent: 0, datagramsReceived: 0, dropped: 0, lost: 0, connections: 0 };

  constructor(options: GatewayClientOptions, host: GatewayClientHost) {
    this.#options = options;
    this.#host = host;
    this.#retries = new RetryPace(() => host.random());
  }

  /** Whether there is a connection, over which datagrams go. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The public endpoint at present; null without a connection. */
  get endpoint(): Endpoint | null {
    return this.#isOpen ? this.#hello!.endpoint : null;
  }

  get counters(): GatewayClientCounters {
    return { ...this.#counters };
  }

  /** Connects, unless it does so already. */
  open(): void {
    if (this.#isClosed || this.#socket !== null) return;
    this.#cancelWait();
    this.#connect();
  }

  /**
   * Sends a datagram to an endpoint; nothing without a connection, or while others wait for too long.
   *
   * @returns whether it was sent
   */
  send(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): boolean {
    const socket = this.#socket;
    const now = this.#host.now();
    const mayGo =
      this.#isOpen &&
      length <= LONGEST_PAYLOAD &&
      this.#window.allows(now) &&
      socket!.bufferedAmount <= MOST_BUFFERED;
    if (!mayGo) {
      this.#counters.dropped++;
      return false;
    }
    this.#window.sent(now);
    this.#counters.datagramsSent++;
    this.#sendSoon(bytes, offset, length, to);
    return true;
  }

  /** The network is another one, perhaps: tests the connection, and comes back over another one if it is dead. */
  networkChanged(): void {
    if (this.#isClosed) return;
    this.#retries.reset();
    if (this.#isOpen) this.#test(LONGEST_ANSWER / 2);
    else if (this.#socket === null) this.open();
  }

  /** Gives up the endpoint, for another one. */
  renew(): void {
    this.#hello = null;
    const socket = this.#socket;
    if (socket === null) return;
    socket.close(closeCodes.done);
    this.#ended(socket, { code: closeCodes.done, reason: 'renewed' });
  }

  /** Gives up the endpoint and ends the connection without coming back; {@link open} begins anew, with another endpoint. */
  pause(): void {
    this.#cancelWait();
    this.#hello = null;
    this.#drop();
  }

  /** Ends everything, and gives the endpoint up. */
  close(): void {
    this.#isClosed = true;
    this.#cancelWait();
    this.#drop();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#forget();
    socket?.close(closeCodes.done);
  }

  #connect(): void {
    const { urls, token = null } = this.#options;
    const url = urls[this.#urlIndex % urls.length]!;
    const offered = offeredSubprotocols({ token, resume: this.#resumable() });
    let socket: WebSocketLike;
    try {
      socket = this.#host.connect(url, offered);
    } catch (error) {
      this.#failed({ code: ABNORMAL, reason: (error as Error).message }, false);
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }: MessageEventLike) => {
      if (this.#socket === socket) this.#received(socket, data);
    };
    let problem = '';
    // Those of browsers do not say what is wrong.
    socket.onerror = ({ message }: { readonly message?: unknown }) => {
      if (typeof message === 'string') problem = message;
    };
    socket.onclose = ({ code, reason }: CloseEventLike) => {
      this.#ended(socket, { code, reason: reason === '' ? problem : reason });
    };
    this.#cancelWait = this.#host.setTimer(LONGEST_OPENING, () => {
      this.#abandon(socket, 'no answer');
    });
  }

  /** The name of the endpoint that the gateway still keeps, as far as one can know. */
  #resumable(): string | null {
    if (this.#hello === null) return null;
    const age = this.#host.now() - this.#lostAt;
    return age < this.#hello.resumeFor * MS_PER_SECOND ? this.#hello.resume : null;
  }

  #received(socket: WebSocketLike, data: unknown): void {
    this.#heardAt = this.#host.now();
    this.#heard++;
    if (typeof data === 'string') {
      this.#greeted(socket, data);
      return;
    }
    if (!this.#isOpen || !(data instanceof ArrayBuffer)) {
      this.#abandon(socket, 'a message out of order');
      return;
    }
    const message = new Uint8Array(data);
    if (message.length === RECEIPT_LENGTH) this.#confirmed(socket, readReceipt(message));
    else if (isDatagramMessage(message)) this.#arrived(socket, message);
    else this.#abandon(socket, 'a message that is none of 6bed4');
  }

  #greeted(socket: WebSocketLike, text: string): void {
    const hello = this.#isOpen || socket.protocol !== SUBPROTOCOL ? null : parseHello(text);
    if (hello === null) {
      this.#abandon(socket, 'a greeting that is none of 6bed4');
      return;
    }
    this.#cancelWait();
    this.#hello = hello;
    this.#isOpen = true;
    this.#window = new SendWindow();
    this.#pace = new ReceiptPace();
    this.#openedAt = this.#heardAt;
    this.#counters.connections++;
    this.#counters.lost += hello.lost;
    this.#watch(socket, hello.keepalive * MS_PER_SECOND);
    const { urls } = this.#options;
    this.#host.opened(hello, urls[this.#urlIndex % urls.length]!);
  }

  #arrived(socket: WebSocketLike, message: Uint8Array): void {
    let isReceiptDue = false;
    readDatagrams(message, this.#from, (offset, length) => {
      this.#counters.datagramsReceived++;
      if (this.#pace.arrived(this.#heardAt)) isReceiptDue = true;
      this.#host.datagram(message, offset, length, this.#from);
      // What a datagram does may end the connection.
      return this.#socket === socket;
    });
    if (this.#socket !== socket) return;
    if (isReceiptDue) this.#sendReceipt();
    else this.#setReceipt();
  }

  /** Sends a datagram together with what else is sent meanwhile, where the host says when that is over. */
  #sendSoon(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): void {
    const { defer } = this.#host;
    if (defer === undefined) {
      this.#transmit(datagramMessage(bytes, offset, length, to));
      return;
    }
    if (!this.#batch.hasRoomFor(length)) this.#flush();
    this.#batch.add(bytes, offset, length, to);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    defer(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    this.#batch.flush((message) => this.#transmit(message));
  }

  #confirmed(socket: WebSocketLike, count: number): void {
    if (this.#window.receipt(count, this.#heardAt)) return;
    this.#abandon(socket, 'a receipt for what was not sent');
  }

  #setReceipt(): void {
    if (this.#isReceiptSet) return;
    this.#isReceiptSet = true;
    const delay = Math.max(0, this.#pace.dueAt - this.#host.now());
    this.#cancelReceipt = this.#host.setTimer(delay, () => this.#sendReceipt());
  }

  #sendReceipt(): void {
    this.#cancelReceipt();
    this.#isReceiptSet = false;
    this.#pace.confirmed();
    this.#transmit(receiptMessage(this.#pace.received));
  }

  /** Says something whenever nothing was heard for a while, so that nobody in between forgets the connection. */
  #watch(socket: WebSocketLike, interval: number): void {
    const silence = this.#host.now() - this.#heardAt;
    this.#cancelWait = this.#host.setTimer(Math.max(0, interval - silence), () => {
      if (this.#socket !== socket) return;
      if (this.#host.now() - this.#heardAt < interval) this.#watch(socket, interval);
      else this.#test(LONGEST_ANSWER);
    });
  }

  /** Asks for a sign of life: a gateway answers a receipt that confirms nothing new. */
  #test(patience: number): void {
    const socket = this.#socket!;
    const heard = this.#heard;
    this.#cancelWait();
    if (this.#isReceiptSet) this.#sendReceipt();
    this.#sendReceipt();
    this.#cancelWait = this.#host.setTimer(patience, () => {
      if (this.#socket !== socket) return;
      if (this.#heard === heard) this.#abandon(socket, 'silent');
      else this.#watch(socket, this.#hello!.keepalive * MS_PER_SECOND);
    });
  }

  #transmit(message: Uint8Array): void {
    try {
      this.#socket?.send(message as OwnBytes);
    } catch {
      // It is closing, which is reported by itself.
    }
  }

  #abandon(socket: WebSocketLike, reason: string): void {
    // Browsers allow no other code than these, and those of applications.
    socket.close(closeCodes.silent, reason);
    this.#ended(socket, { code: closeCodes.silent, reason });
  }

  #ended(socket: WebSocketLike, { code, reason }: CloseEventLike): void {
    if (this.#socket !== socket) return;
    const wasOpen = this.#isOpen;
    this.#forget();
    this.#failed({ code, reason }, wasOpen);
  }

  #forget(): void {
    this.#cancelWait();
    this.#cancelReceipt();
    this.#isReceiptSet = false;
    this.#batch = new MessageBatch();
    this.#socket = null;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#lostAt = this.#host.now();
    // A gateway that ends each connection at once is not asked more often than one that takes none.
    if (this.#lostAt - this.#openedAt >= STEADY) this.#retries.reset();
  }

  #failed({ code, reason }: CloseEventLike, wasOpen: boolean): void {
    if (this.#isClosed) return;
    const { urls } = this.#options;
    const url = urls[this.#urlIndex % urls.length]!;
    // The endpoint is at the same gateway as before.
    if (!wasOpen && this.#resumable() === null) this.#urlIndex++;
    const retryIn = isFinal(code) && urls.length === 1 ? null : this.#retries.next();
    if (retryIn !== null) {
      this.#cancelWait = this.#host.setTimer(retryIn, () => this.open());
    }
    this.#host.closed({ url, code, reason, wasOpen, retryIn });
  }
}
