import { TCP_ACK, TCP_CWR, TCP_ECE, TCP_FIN, TCP_PSH, TCP_RST } from '@6bed4/nd';
import type { Receiver } from '../receive/receiver.js';
import type { SegmentWriter } from '../segment/segmentWriter.js';
import { advance } from '../segment/sequence.js';
import type { Sender } from '../send/sender.js';
import type { Transmission } from '../send/transmission.js';
import type { TcpEndpoint } from './connectionOptions.js';

/** The connection whose segments are written. */
export interface OutputConnection {
  readonly local: TcpEndpoint;
  readonly remote: TcpEndpoint;
  readonly host: { readonly writer: SegmentWriter; send(length: number): void };
  timestampAt(now: number): number;
}

/** What both sides have agreed on in the handshake. */
export interface AgreedOptions {
  readonly hasSack: boolean;
  readonly usesTimestamps: boolean;
  /** Shift of the windows that the other side sends. */
  readonly sendScale: number;
}

/** The segments of a connection whose handshake is complete. */
export class SegmentOutput {
  readonly #connection: OutputConnection;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #agreed: AgreedOptions;

  constructor(
    connection: OutputConnection,
    sender: Sender,
    receiver: Receiver,
    agreed: AgreedOptions,
  ) {
    this.#connection = connection;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#agreed = agreed;
  }

  /** Sends data, FIN or both, as the sender has planned. */
  transmit(next: Readonly<Transmission>, now: number): void {
    const sender = this.#sender;
    const { host } = this.#connection;
    let flags = TCP_ACK;
    if (next.isFin) flags |= TCP_FIN;
    if (next.isPush && next.length > 0) flags |= TCP_PSH;
    if (this.#receiver.echoesCongestion) flags |= TCP_ECE;
    const isNew = !next.isRetransmission && next.length > 0;
    if (isNew && sender.announcesReduction) {
      flags |= TCP_CWR;
      sender.announcesReduction = false;
    }
    this.#begin(next.sequence, flags, now);
    const at = host.writer.reserve(next.length);
    sender.queue.read(next.sequence, host.writer.bytes, at, next.length);
    // Only new data may be marked by the network (RFC 3168 §6.1.5).
    host.send(host.writer.finish(isNew && sender.usesEcn));
    this.#receiver.acknowledged();
  }

  /** Sends an acknowledgment without data. */
  acknowledge(now: number): void {
    const { host } = this.#connection;
    const flags = this.#receiver.echoesCongestion ? TCP_ACK | TCP_ECE : TCP_ACK;
    this.#begin(this.#sender.next, flags, now);
    if (this.#agreed.hasSack) host.writer.sack(this.#receiver);
    host.send(host.writer.finish(false));
    this.#receiver.acknowledged();
  }

  /** Sends a segment from before what was acknowledged, which has to be answered. */
  probe(now: number): void {
    this.#begin(advance(this.#sender.unacknowledged, -1), TCP_ACK, now);
    const { host } = this.#connection;
    host.send(host.writer.finish(false));
  }

  /** Tells that the connection is given up (RFC 9293 §3.10.5). */
  reset(): void {
    const { local, remote, host } = this.#connection;
    host.writer.begin(local, remote, TCP_RST | TCP_ACK);
    host.writer.numbers(this.#sender.next, this.#receiver.next, 0);
    host.send(host.writer.finish(false));
  }

  #begin(sequence: number, flags: number, now: number): void {
    const { local, remote, host } = this.#connection;
    host.writer.begin(local, remote, flags);
    host.writer.numbers(sequence, this.#receiver.next, this.#receiver.offerWindow(true));
    if (this.#agreed.usesTimestamps) {
      const value = this.#connection.timestampAt(now);
      host.writer.timestamps(value, this.#receiver.recentTimestamp);
    }
  }
}
