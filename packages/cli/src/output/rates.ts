import type { DaemonStatus, RemoteStatus } from '../control/status.js';

const BITS = 8;

/** Samples that are kept for the course of a rate. */
const MOST_SAMPLES = 120;

/** What passes a daemon each second. */
export interface Rates {
  readonly bitsReceived: number;
  readonly bitsSent: number;
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
  /** Packets and datagrams dropped, for whatever reason. */
  readonly drops: number;
}

/** Packets from and to a remote each second. */
export interface RemoteRates {
  readonly received: number;
  readonly sent: number;
}

/** The rates of one daemon, from one status to the next. */
export class RateHistory {
  /** Null before the second status. */
  rates: Rates | null = null;
  readonly bitsReceived: number[] = [];
  readonly bitsSent: number[] = [];
  #status: DaemonStatus | null = null;
  #remotesBefore: ReadonlyMap<string, RemoteStatus> = new Map();
  #seconds = 0;
  #at = 0;

  /** Takes the next status; `at` is the time of it in milliseconds. A daemon that was started anew begins anew. */
  take(status: DaemonStatus, at: number): void {
    const before = this.#status?.pid === status.pid ? this.#status : null;
    this.#seconds = (at - this.#at) / 1000;
    const remotes = before !== null && 'remotes' in before ? before.remotes : [];
    this.#remotesBefore = new Map(remotes.map((remote) => [remote.address, remote]));
    this.#status = status;
    this.#at = at;
    if (before === null) {
      this.rates = null;
      this.bitsReceived.length = 0;
      this.bitsSent.length = 0;
      return;
    }
    this.rates = this.#rates(before, status);
    keep(this.bitsReceived, this.rates.bitsReceived);
    keep(this.bitsSent, this.rates.bitsSent);
  }

  /** The rates of a remote of the last status. */
  remote(remote: RemoteStatus): RemoteRates {
    const before = this.#remotesBefore.get(remote.address);
    if (before === undefined) return { received: 0, sent: 0 };
    return {
      received: this.#perSecond(receivedOf(remote) - receivedOf(before)),
      sent: this.#perSecond(sentOf(remote) - sentOf(before)),
    };
  }

  #rates(before: DaemonStatus, after: DaemonStatus): Rates {
    const rise = (value: (status: DaemonStatus) => number): number =>
      this.#perSecond(value(after) - value(before));
    return {
      bitsReceived: BITS * rise(({ counters }) => counters.datagramBytesReceived),
      bitsSent: BITS * rise(({ counters }) => counters.datagramBytesSent),
      datagramsReceived: rise(({ counters }) => counters.datagramsReceived),
      datagramsSent: rise(({ counters }) => counters.datagramsSent),
      drops: rise(dropsOf),
    };
  }

  /** Counters of a remote begin anew when it was forgotten meanwhile. */
  #perSecond(rise: number): number {
    return this.#seconds > 0 ? Math.max(0, rise) / this.#seconds : 0;
  }
}

function keep(samples: number[], value: number): void {
  samples.push(value);
  if (samples.length > MOST_SAMPLES) samples.shift();
}

function dropsOf({ counters }: DaemonStatus): number {
  const { drops, udp, localDrops } = counters;
  return Object.values(drops).reduce((sum, one) => sum + one, udp.queueDrops + localDrops);
}

const receivedOf = (remote: RemoteStatus): number =>
  remote.packetsReceivedDirect + remote.packetsReceivedRelayed;

const sentOf = (remote: RemoteStatus): number =>
  remote.packetsSentDirect + remote.packetsSentRelayed;
