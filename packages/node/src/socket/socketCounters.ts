/** Counters of one socket, or of all sockets of a tunnel. */
export interface SocketStatistics {
  readonly datagramsSent: number;
  /** Payload bytes. */
  readonly bytesSent: number;
  readonly datagramsReceived: number;
  /** Payload bytes. */
  readonly bytesReceived: number;
  /** Datagrams that could not be sent, by the code of the error. */
  readonly sendErrors: Readonly<Record<string, number>>;
  /** Datagrams from sockets of the same tunnel that did not fit into the receive buffer. */
  readonly receiveDrops: number;
  /** ICMPv6 errors that were reported to the socket. */
  readonly errorsReported: number;
}

/** Collects {@link SocketStatistics}. */
export class SocketCounters {
  datagramsSent = 0;
  bytesSent = 0;
  datagramsReceived = 0;
  bytesReceived = 0;
  receiveDrops = 0;
  errorsReported = 0;
  readonly sendErrors: Record<string, number> = {};

  sendFailed(code: string): void {
    this.sendErrors[code] = (this.sendErrors[code] ?? 0) + 1;
  }

  /** Adds the counts of another one. */
  add(other: SocketCounters): void {
    this.datagramsSent += other.datagramsSent;
    this.bytesSent += other.bytesSent;
    this.datagramsReceived += other.datagramsReceived;
    this.bytesReceived += other.bytesReceived;
    this.receiveDrops += other.receiveDrops;
    this.errorsReported += other.errorsReported;
    for (const [code, count] of Object.entries(other.sendErrors)) {
      this.sendErrors[code] = (this.sendErrors[code] ?? 0) + count;
    }
  }

  snapshot(): SocketStatistics {
    const { datagramsSent, bytesSent, datagramsReceived, bytesReceived } = this;
    const { receiveDrops, errorsReported } = this;
    return {
      datagramsSent,
      bytesSent,
      datagramsReceived,
      bytesReceived,
      sendErrors: { ...this.sendErrors },
      receiveDrops,
      errorsReported,
    };
  }
}
