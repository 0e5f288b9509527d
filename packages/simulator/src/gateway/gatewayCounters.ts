import { type Refusal, refusals } from '@6bed4/gateway';

/** Why a gateway ended or refused a connection. */
export type GatewayRefusal =
  | 'unauthorized'
  | 'full'
  | 'no-port'
  | 'protocol-error'
  | 'policy-violation'
  | 'silent';

/** What a {@link GatewayNode} counted. */
export interface GatewayNodeCounters {
  readonly connectionsAccepted: number;
  /** Of these, connections of clients that came back to their endpoint. */
  readonly connectionsResumed: number;
  readonly connectionsEnded: Readonly<Record<GatewayRefusal, number>>;
  /** Datagrams of clients that were sent, and that came for clients; bytes of their payloads. */
  readonly datagramsSent: number;
  readonly datagramBytesSent: number;
  readonly datagramsReceived: number;
  readonly datagramBytesReceived: number;
  readonly dropsOutbound: Readonly<Record<Refusal, number>>;
  readonly dropsInbound: Readonly<Record<Refusal, number>>;
  /** Datagrams for clients without a connection. */
  readonly awayDrops: number;
  /** Datagrams for clients for whom others wait for too long. */
  readonly queueDrops: number;
}

type Counts<T> = {
  -readonly [K in keyof T]: T[K] extends number ? number : { -readonly [L in keyof T[K]]: number };
};

/** Counters that are all 0. */
export function newGatewayCounters(): Counts<GatewayNodeCounters> {
  const drops = (): Record<Refusal, number> =>
    Object.fromEntries(refusals.map((refusal) => [refusal, 0])) as Record<Refusal, number>;
  return {
    connectionsAccepted: 0,
    connectionsResumed: 0,
    connectionsEnded: {
      unauthorized: 0,
      full: 0,
      'no-port': 0,
      'protocol-error': 0,
      'policy-violation': 0,
      silent: 0,
    },
    datagramsSent: 0,
    datagramBytesSent: 0,
    datagramsReceived: 0,
    datagramBytesReceived: 0,
    dropsOutbound: drops(),
    dropsInbound: drops(),
    awayDrops: 0,
    queueDrops: 0,
  };
}
