import { SocketCounters, type SocketStatistics } from './socketCounters.js';

/** Counters of a tunnel for its sockets. */
export interface LayerStatistics {
  /** The sum of all sockets, those that are closed included. */
  readonly sockets: SocketStatistics;
  /** UDP packets dropped for a wrong length or checksum. */
  readonly badUdp: number;
  /** UDP packets to a port or an address that no socket is bound to. */
  readonly noListener: number;
  /** ICMPv6 errors sent about those. */
  readonly errorsSent: number;
  /** ICMPv6 errors not sent, because of the rate limit. */
  readonly errorsWithheld: number;
  /** ICMPv6 errors received that are about no connected socket. */
  readonly errorsIgnored: number;
  /** Echo requests answered. */
  readonly echoesAnswered: number;
  /** Packets reassembled from fragments. */
  readonly reassembled: number;
  /** Packets and single fragments given up: malformed, overlapping, or not complete in time. */
  readonly reassemblyFailures: number;
  /** Fragments sent. */
  readonly fragmentsSent: number;
  /** Packets of other protocols; they go to the listeners of `peer`. */
  readonly otherProtocol: number;
}

/** Collects {@link LayerStatistics}. */
export class LayerCounters {
  badUdp = 0;
  noListener = 0;
  errorsSent = 0;
  errorsWithheld = 0;
  errorsIgnored = 0;
  echoesAnswered = 0;
  reassembled = 0;
  reassemblyFailures = 0;
  fragmentsSent = 0;
  otherProtocol = 0;
  readonly #closed = new SocketCounters();

  /** Keeps the counts of a socket that is closed. */
  closed(counters: SocketCounters): void {
    this.#closed.add(counters);
  }

  /** @param open - counters of the open sockets */
  snapshot(open: Iterable<SocketCounters>): LayerStatistics {
    const sum = new SocketCounters();
    sum.add(this.#closed);
    for (const counters of open) sum.add(counters);
    return {
      sockets: sum.snapshot(),
      badUdp: this.badUdp,
      noListener: this.noListener,
      errorsSent: this.errorsSent,
      errorsWithheld: this.errorsWithheld,
      errorsIgnored: this.errorsIgnored,
      echoesAnswered: this.echoesAnswered,
      reassembled: this.reassembled,
      reassemblyFailures: this.reassemblyFailures,
      fragmentsSent: this.fragmentsSent,
      otherProtocol: this.otherProtocol,
    };
  }
}
