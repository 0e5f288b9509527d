import { type DropReason, dropReasons } from './drop.js';

const DATAGRAMS_RECEIVED = 0;
const DATAGRAM_BYTES_RECEIVED = 1;
const DATAGRAMS_SENT = 2;
const DATAGRAM_BYTES_SENT = 3;
const PACKETS_TAKEN = 4;
const PACKET_BYTES_TAKEN = 5;
const PACKETS_DELIVERED = 6;
const PACKET_BYTES_DELIVERED = 7;
const KEEPALIVES_RECEIVED = 8;
const ANSWERS_WITHHELD = 9;
const REMOTES_REFUSED = 10;
const REWRITTEN_TO_HOSTS = 11;
const REWRITTEN_FROM_HOSTS = 12;
const TOTALS = 13;

/** All counters of one machine at one moment; counts and bytes since it was made. */
export interface CountersSnapshot {
  /** UDP datagrams handed in, empty ones included. */
  readonly datagramsReceived: number;
  /** UDP payload bytes handed in. */
  readonly datagramBytesReceived: number;
  /** UDP datagrams handed out, keepalives included. */
  readonly datagramsSent: number;
  /** UDP payload bytes handed out. */
  readonly datagramBytesSent: number;
  /** IPv6 packets taken from the local side. */
  readonly packetsTaken: number;
  /** Bytes of the IPv6 packets taken from the local side. */
  readonly packetBytesTaken: number;
  /** IPv6 packets delivered to the local side. */
  readonly packetsDelivered: number;
  /** Bytes of the IPv6 packets delivered to the local side. */
  readonly packetBytesDelivered: number;
  /** Keepalives and probes received: empty datagrams, and in draft04 all without a whole IPv6 header (§4.2). */
  readonly keepalivesReceived: number;
  /**
   * ICMPv6 errors and corrections that were not sent because their receiver had enough of them, or had sent
   * less than the answer has.
   */
  readonly answersWithheld: number;
  /**
   * Packets of remotes for which the table had no place; they took the router, as did those to
   * such remotes. Remotes that others began have a share of the table only (`peering.maxRemotes`).
   */
  readonly remotesRefused: number;
  /** Packets of peers that masquerading rewrote to a host; always 0 in a peer. */
  readonly packetsRewrittenToHosts: number;
  /** Packets to peers that masquerading rewrote to come from the router's address; always 0 in a peer. */
  readonly packetsRewrittenFromHosts: number;
  /** Packets and frames dropped, by reason; reasons that never occurred are absent. */
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

/** Counts what passes through a machine, without allocating. Read it with {@link snapshot}. */
export class Counters {
  readonly #totals = new Float64Array(TOTALS);
  readonly #drops = new Float64Array(dropReasons.length);

  /** A plain object with all counters. */
  snapshot(): CountersSnapshot {
    const total = (index: number): number => this.#totals[index]!;
    const drops: Partial<Record<DropReason, number>> = {};
    for (const [code, reason] of dropReasons.entries()) {
      const count = this.#drops[code]!;
      if (reason !== 'none' && count > 0) drops[reason] = count;
    }
    return {
      datagramsReceived: total(DATAGRAMS_RECEIVED),
      datagramBytesReceived: total(DATAGRAM_BYTES_RECEIVED),
      datagramsSent: total(DATAGRAMS_SENT),
      datagramBytesSent: total(DATAGRAM_BYTES_SENT),
      packetsTaken: total(PACKETS_TAKEN),
      packetBytesTaken: total(PACKET_BYTES_TAKEN),
      packetsDelivered: total(PACKETS_DELIVERED),
      packetBytesDelivered: total(PACKET_BYTES_DELIVERED),
      keepalivesReceived: total(KEEPALIVES_RECEIVED),
      answersWithheld: total(ANSWERS_WITHHELD),
      remotesRefused: total(REMOTES_REFUSED),
      packetsRewrittenToHosts: total(REWRITTEN_TO_HOSTS),
      packetsRewrittenFromHosts: total(REWRITTEN_FROM_HOSTS),
      drops,
    };
  }

  /** @internal */
  datagramReceived(length: number, count = 1): void {
    this.#totals[DATAGRAMS_RECEIVED]! += count;
    this.#totals[DATAGRAM_BYTES_RECEIVED]! += length;
  }

  /** @internal */
  datagramSent(length: number, count = 1): void {
    this.#totals[DATAGRAMS_SENT]! += count;
    this.#totals[DATAGRAM_BYTES_SENT]! += length;
  }

  /** @internal */
  packetTaken(length: number, count = 1): void {
    this.#totals[PACKETS_TAKEN]! += count;
    this.#totals[PACKET_BYTES_TAKEN]! += length;
  }

  /** @internal */
  packetDelivered(length: number, count = 1): void {
    this.#totals[PACKETS_DELIVERED]! += count;
    this.#totals[PACKET_BYTES_DELIVERED]! += length;
  }

  /** @internal */
  keepaliveReceived(): void {
    this.#totals[KEEPALIVES_RECEIVED]!++;
  }

  /** @internal */
  answerWithheld(): void {
    this.#totals[ANSWERS_WITHHELD]!++;
  }

  /** @internal */
  remoteRefused(): void {
    this.#totals[REMOTES_REFUSED]!++;
  }

  /** @internal */
  rewrittenToHost(): void {
    this.#totals[REWRITTEN_TO_HOSTS]!++;
  }

  /** @internal */
  rewrittenFromHost(): void {
    this.#totals[REWRITTEN_FROM_HOSTS]!++;
  }

  /** @internal */
  dropped(code: number): void {
    this.#drops[code]!++;
  }
}
