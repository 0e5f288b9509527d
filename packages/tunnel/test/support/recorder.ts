import { formatIPv4, type UdpEndpoint } from '@6bed4/codec';
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

  sendDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    const payload = bytes.slice(offset, offset + length);
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
}
