import type { CongestionName } from '../../../../tcp/src/index.js';

/** What one end of a connection does. */
export interface EndPlan {
  /** Waits for the connection, or opens it. */
  readonly role: 'listen' | 'connect';
  /** IPv6 address of the other end. */
  readonly remote: string;
  /** At the end that listens. */
  readonly port: number;
  /** Of the end that connects; by default any. */
  readonly localPort?: number;
  /** Bytes that it sends before it ends its data; default 0. */
  readonly send?: number;
  /** Whether it sends only when the other end has ended its data. */
  readonly answers?: boolean;
  /** The reader stops for so many milliseconds when it has read so many bytes. */
  readonly pause?: { readonly after: number; readonly time: number };
  /** It resets the connection when it has read so many bytes. */
  readonly resetAfter?: number;
  /** When it connects, in milliseconds since 1970; by default at once. */
  readonly connectAt?: number;
  /** When it ends its data, in milliseconds since 1970; by default after the last byte. */
  readonly endAt?: number;
}

/** What the end with the stack under test does. */
export interface StackPlan extends EndPlan {
  /** Name of the network interface. */
  readonly device: string;
  /** IPv6 address of the stack. */
  readonly local: string;
  readonly mtu?: number;
  /** Milliseconds that each packet waits, in each direction. */
  readonly delay?: number;
  readonly timestamps?: boolean;
  readonly sack?: boolean;
  readonly ecn?: boolean;
  readonly receiveBuffer?: number;
  readonly congestion?: CongestionName;
}

/** What an end tells when its connection is over. */
export interface EndReport {
  readonly sent: Content;
  readonly received: Content;
  /** Code of the error with which the connection ended; null for none. */
  readonly error: string | null;
  /** Milliseconds since it was opened. */
  readonly time: number;
}

export interface Content {
  readonly bytes: number;
  readonly sha256: string;
}
