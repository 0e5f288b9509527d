import type { CongestionControl } from '../congestion/congestionControl.js';

/** What connections of a stack have in common. */
export interface ConnectionSettings {
  /** Bytes that a writer may be ahead at most, where the path takes so much. */
  readonly sendBuffer: number;
  /** Bytes that are kept for a reader at most. */
  readonly receiveBuffer: number;
  /** Data of a segment without options, in bytes: the MTU less 60. */
  readonly segmentSize: number;
  /** Whether timestamps are offered (RFC 7323). */
  readonly timestamps: boolean;
  /** Whether selective acknowledgments are offered (RFC 2018). */
  readonly sack: boolean;
  /** Whether ECN is offered (RFC 3168). */
  readonly ecn: boolean;
  /** Milliseconds after which a handshake without an answer is given up. */
  readonly connectTimeout: number;
  /** Milliseconds after which data without an answer is given up (RFC 9293 §3.8.3, R2). */
  readonly userTimeout: number;
  /** Milliseconds in TIME-WAIT: two maximum segment lifetimes (RFC 9293 §3.4.1). */
  readonly timeWait: number;
  /** Makes the congestion control of a connection, for segments of so many bytes. */
  readonly congestion: (segmentSize: number) => CongestionControl;
}

/** One side of a connection. */
export interface TcpEndpoint {
  /** IPv6 address, 16 bytes. */
  readonly address: Uint8Array;
  /** 1..65535; 0 where a free one is to be found. */
  readonly port: number;
}
