import { type Endpoint, UdpEndpoint } from '@6bed4/codec';
import {
  ByteRate,
  type ClientGate,
  closeCodes,
  datagramMessage,
  formatHello,
  isDatagramMessage,
  LONGEST_MESSAGE,
  LONGEST_PAYLOAD,
  RECEIPT_LENGTH,
  ReceiptPace,
  readDatagrams,
  readReceipt,
  receiptMessage,
  SendWindow,
} from '@6bed4/gateway';
import type { DatagramHandler, Host } from '../host/host.js';
import { VirtualTimer } from '../time/virtualTimer.js';
import type { World } from '../world/world.js';
import type { GatewayRefusal, newGatewayCounters } from './gatewayCounters.js';
import type { CompleteGatewaySettings } from './gatewaySettings.js';
import type { ServerEnd } from './webConnection.js';

/** Bytes that may wait in the WebSocket of one client. */
const MOST_BUFFERED = 256 << 10;
/** Datagrams that are not allowed, a second and at once, with which a client is not suspicious yet. */
const FAULTS = { perSecond: 50, burst: 500 };
/** Milliseconds of sending that a client may catch up on, and bytes that suffice for that whatever the rate. */
const BURST_TIME = 200;
const LEAST_BURST = 65_536;
const MS_PER_SECOND = 1000;
/** Keepalives without an answer after which a client is gone. */
const PATIENCE = 2.5;

/** What a session needs of its gateway. */
export interface SessionHost {
  readonly world: World;
  readonly host: Host;
  readonly settings: CompleteGatewaySettings;
  readonly counters: ReturnType<typeof newGatewayCounters>;
}

/** A client of a gateway: its UDP endpoint, and its connection while there is one. */
export class GatewaySession implements DatagramHandler {
  readonly endpoint: Endpoint;
  /** The name by which it comes back. */
  readonly resume: string;
  readonly #gateway: SessionHost;
  readonly #gate: ClientGate;
  readonly #rate: ByteRate;
  readonly #faults = new ByteRate(FAULTS);
  readonly #other = new UdpEndpoint();
  readonly #to = new UdpEndpoint();
  #end: ServerEnd | null = null;
  #window = new SendWindow();
  #pace = new ReceiptPace();
  #receiptTimer: VirtualTimer | null = null;
  #heardAt = 0;
  #saidAt = 0;
  #detachedAt = 0;
  #lost = 0;

  constructor(gateway: SessionHost, endpoint: Endpoint, resume: string, gate: ClientGate) {
    this.endpoint = endpoint;
    this.resume = resume;
    this.#gateway = gateway;
    this.#gate = gate;
    const { rate: perSecond } = gateway.settings;
    const burst = Math.max(LEAST_BURST, (perSecond * BURST_TIME) / MS_PER_SECOND);
    this.#rate = new ByteRate({ perSecond, burst });
    gateway.host.bind(endpoint.port, this);
  }

  /** Whether it has a connection. */
  get isConnected(): boolean {
    return this.#end !== null;
  }

  /** Whether its endpoint is given up: it has been without a connection for too long. */
  isForgotten(now: number): boolean {
    const { resumeFor } = this.#gateway.settings;
    return this.#end === null && now - this.#detachedAt >= resumeFor * MS_PER_SECOND;
  }

  /** Has this connection from now on, and tells the client what it has. */
  attach(end: ServerEnd, resumed: boolean): void {
    const previous = this.#end;
    this.#end = end;
    previous?.close(closeCodes.resumed, 'resumed');
    this.#window = new SendWindow();
    this.#pace = new ReceiptPace();
    this.#heardAt = this.#now;
    this.#saidAt = this.#heardAt;
    const { routers, keepalive, resumeFor } = this.#gateway.settings;
    const { endpoint, resume } = this;
    const lost = this.#lost;
    this.#lost = 0;
    end.onmessage = (data) => {
      if (this.#end === end) this.#received(data);
    };
    end.onpong = () => {
      this.#heardAt = this.#now;
    };
    end.onclose = (code) => {
      if (this.#end === end) this.#detach(code);
    };
    end.send(formatHello({ endpoint, routers, keepalive, resume, resumeFor, resumed, lost }));
  }

  /** @internal A datagram came for the client. */
  datagramArrived(bytes: Uint8Array, length: number, address: number, port: number): void {
    const { counters } = this.#gateway;
    const now = this.#now;
    const from = this.#other;
    from.address = address >>> 0;
    from.port = port;
    const refusal =
      length > LONGEST_PAYLOAD
        ? 'not-6bed4'
        : this.#gate.refuseInbound(bytes, 0, length, from, now);
    if (refusal !== null) counters.dropsInbound[refusal]++;
    else if (this.#end === null) {
      counters.awayDrops++;
      this.#lost++;
    } else if (!this.#window.allows(now) || this.#end.bufferedAmount > MOST_BUFFERED) {
      counters.queueDrops++;
    } else {
      counters.datagramsReceived++;
      this.#window.sent(now);
      this.#transmit(datagramMessage(bytes, 0, length, from));
    }
  }

  /** Keeps the connection alive, or ends it when the client is gone. Called once a second. */
  tick(): void {
    const end = this.#end;
    if (end === null) return;
    const now = this.#now;
    const interval = this.#gateway.settings.keepalive * MS_PER_SECOND;
    if (now - this.#heardAt > PATIENCE * interval) {
      this.#fail('silent', closeCodes.silent, 'silent');
      // One that is gone does not answer that either.
      end.terminate();
    } else if (
      now - Math.min(this.#saidAt, this.#heardAt) >= interval &&
      now - this.#saidAt >= MS_PER_SECOND
    ) {
      this.#saidAt = now;
      end.ping();
    }
  }

  /** Ends it. */
  close(code: number, reason: string): void {
    this.#receiptTimer?.close();
    const end = this.#end;
    this.#end = null;
    end?.close(code, reason);
    this.#gateway.host.unbind(this.endpoint.port);
  }

  get #now(): number {
    return this.#gateway.world.scheduler.now;
  }

  #received(data: string | Uint8Array): void {
    this.#heardAt = this.#now;
    if (typeof data === 'string') {
      this.#fail('protocol-error', closeCodes.unsupportedData, 'text is not understood');
    } else if (data.length > LONGEST_MESSAGE) {
      this.#fail('protocol-error', closeCodes.tooBig, 'too long');
    } else if (isDatagramMessage(data)) this.#outbound(data);
    else if (data.length === RECEIPT_LENGTH) this.#confirmed(readReceipt(data));
    else this.#fail('protocol-error', closeCodes.protocolError, 'neither datagrams nor a receipt');
  }

  #outbound(message: Uint8Array): void {
    const end = this.#end;
    let isReceiptDue = false;
    readDatagrams(message, this.#to, (offset, length) => {
      if (this.#pace.arrived(this.#now)) isReceiptDue = true;
      this.#outboundDatagram(message, offset, length);
      return this.#end === end;
    });
    if (isReceiptDue) this.#sendReceipt();
    else this.#setReceipt();
  }

  #outboundDatagram(message: Uint8Array, offset: number, length: number): void {
    const { counters, host } = this.#gateway;
    const now = this.#now;
    const to = this.#to;
    if (!this.#rate.take(length, now)) {
      counters.dropsOutbound.rate++;
      return;
    }
    const refusal = this.#gate.refuseOutbound(message, offset, length, to, now);
    if (refusal === null) {
      counters.datagramsSent++;
      host.sendFrom(this.endpoint.port, message, offset, length, to, 0, 0);
      return;
    }
    counters.dropsOutbound[refusal]++;
    if (refusal !== 'stranger' && !this.#faults.take(1, now)) {
      this.#fail('policy-violation', closeCodes.policyViolation, `too many drops: ${refusal}`);
    }
  }

  #confirmed(count: number): void {
    const before = this.#window.unconfirmed;
    if (!this.#window.receipt(count, this.#now)) {
      this.#fail('protocol-error', closeCodes.protocolError, 'a receipt for what was not sent');
      // The client wants to know whether anybody is there.
    } else if (this.#window.unconfirmed === before) this.#sendReceipt();
  }

  #setReceipt(): void {
    if (this.#receiptTimer !== null) return;
    const { world } = this.#gateway;
    const delay = this.#pace.dueAt - this.#now;
    this.#receiptTimer = new VirtualTimer(world, () => this.#sendReceipt(), delay);
  }

  #sendReceipt(): void {
    this.#receiptTimer?.close();
    this.#receiptTimer = null;
    this.#pace.confirmed();
    this.#transmit(receiptMessage(this.#pace.received));
  }

  #transmit(message: Uint8Array): void {
    if (this.#end === null) return;
    this.#saidAt = this.#now;
    this.#end.send(message);
  }

  #detach(code: number): void {
    this.#end = null;
    // A client that is done does not come back.
    this.#detachedAt = code === closeCodes.done ? Number.NEGATIVE_INFINITY : this.#now;
  }

  #fail(refusal: GatewayRefusal, code: number, reason: string): void {
    const end = this.#end!;
    if (!end.isOpen) return;
    this.#gateway.counters.connectionsEnded[refusal]++;
    end.close(code, reason);
  }
}
