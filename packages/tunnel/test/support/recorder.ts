import { formatIPv4, type UdpEndpoint } from '@6bed4/codec';
import { findOption, parseNd } from '@6bed4/nd';
import type { TunnelEvent, TunnelSink } from '../../src/index.js';

/** A datagram that a machine sent; the bytes are a copy. */
export interface SentDatagram {
  readonly payload: Uint8Array;
  /** `A.B.C.D:port` */
  readonly to: string;
  readonly tos: number;
  readonly ttl: number;
}

/** A sink that keeps copies of all it is given. */
export class Recorder implements TunnelSink {
  readonly sent: SentDatagram[] = [];
  readonly delivered: Uint8Array[] = [];
  readonly events: TunnelEvent[] = [];
  /** The nonce of the last Router Solicitation that had one, or null. */
  nonce: Uint8Array | null = null;

  sendDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    const payload = bytes.slice(offset, offset + length);
    this.#noteNonce(payload);
    this.sent.push({ payload, to: `${formatIPv4(to.address)}:${to.port}`, tos, ttl });
  }

  deliverPacket(bytes: Uint8Array, offset: number, length: number): void {
    this.delivered.push(bytes.slice(offset, offset + length));
  }

  event(event: TunnelEvent): void {
    this.events.push(event);
  }

  /** Forgets what was recorded so far. */
  clear(): void {
    this.sent.length = 0;
    this.delivered.length = 0;
    this.events.length = 0;
  }

  #noteNonce(payload: Uint8Array): void {
    const message = parseNd(payload, 0, payload.length);
    if (!message.ok || message.value.type !== 'router-solicitation') return;
    this.nonce = findOption(message.value.options, 'nonce')?.nonce ?? this.nonce;
  }
}
