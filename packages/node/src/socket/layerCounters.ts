import { SocketCounters, type SocketStatistics } from './socketCounters.js';

/** What a tunnel did besides carrying the datagrams of its sockets. */
export interface LayerStatistics {
  /** All sockets together, those that are closed included. */
  readonly sockets: SocketStatistics;
  /** UDP packets dropped because their length or checksum was wrong. */
  readonly badUdp: number;
  /** UDP packets for a port or an address where no socket is. */
  readonly noListener: number;
  /** ICMPv6 errors sent about those. */
  readonly errorsSent: number;
  /** ICMPv6 errors not sent, because their receiver had enough of them. */
  readonly errorsWithheld: number;
  /** ICMPv6 errors received that no connected socket had to do with. */
  readonly errorsIgnored: number;
  /** Echo requests answered. */
  readonly echoesAnswered: number;
  /** Packets of other protocols, fragments included; they go to the listeners of `peer`. */
  readonly otherProtocol: number;
}

/** Counts for {@link LayerStatistics}. */
export class LayerCounters {
  badUdp = 0;
  noListener = 0;
  errorsSent = 0;
  errorsWithheld = 0;
  errorsIgnored = 0;
  echoesAnswered = 0;
  otherProtocol = 0;
  readonly #closed = new SocketCounters();

  /** A socket is no more; what it counted stays. */
  closed(counters: SocketCounters): void {
    this.#closed.add(counters);
  }

  /** @param open - the counters of the sockets there are */
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
      otherProtocol: this.otherProtocol,
    };
  }
}
