import { type Refusal, refusals } from '@6bed4/gateway';

/** Why a connection was refused or ended by the gateway. */
export type ConnectionFailure =
  | 'bad-request'
  | 'origin'
  | 'handshake-rate'
  | 'unauthorized'
  | 'per-address'
  | 'full'
  | 'no-port'
  | 'protocol-error'
  | 'policy-violation'
  | 'silent'
  | 'internal-error';

/** Counters of a gateway, since it started. */
export interface GatewayCounters {
  readonly connectionsAccepted: number;
  /** Connections by which clients came back to their endpoints. */
  readonly connectionsResumed: number;
  readonly connectionsFailed: Readonly<Partial<Record<ConnectionFailure, number>>>;
  /** Datagrams of clients that were sent, and that came for clients. */
  readonly datagramsSent: number;
  readonly datagramBytesSent: number;
  readonly datagramsReceived: number;
  readonly datagramBytesReceived: number;
  /** Datagrams of clients that were not sent, by reason. */
  readonly dropsOutbound: Readonly<Record<Refusal, number>>;
  /** Datagrams for clients that were not handed over, by reason. */
  readonly dropsInbound: Readonly<Record<Refusal, number>>;
  /** Datagrams for clients that were dropped because others waited for too long. */
  readonly queueDrops: number;
  /** Datagrams for clients that were away. */
  readonly awayDrops: number;
  /** Datagrams that the system refused, by the code of its error. */
  readonly sendErrors: Readonly<Record<string, number>>;
}

/** The counters of a gateway while it counts. */
export class GatewayCounts {
  connectionsAccepted = 0;
  connectionsResumed = 0;
  readonly connectionsFailed: Partial<Record<ConnectionFailure, number>> = {};
  datagramsSent = 0;
  datagramBytesSent = 0;
  datagramsReceived = 0;
  datagramBytesReceived = 0;
  readonly dropsOutbound: Record<Refusal, number> = zeros();
  readonly dropsInbound: Record<Refusal, number> = zeros();
  queueDrops = 0;
  awayDrops = 0;
  readonly sendErrors: Record<string, number> = {};

  failed(reason: ConnectionFailure): void {
    this.connectionsFailed[reason] = (this.connectionsFailed[reason] ?? 0) + 1;
  }

  sendError(code = 'unknown'): void {
    this.sendErrors[code] = (this.sendErrors[code] ?? 0) + 1;
  }

  snapshot(): GatewayCounters {
    return structuredClone({ ...this });
  }
}

function zeros(): Record<Refusal, number> {
  return Object.fromEntries(refusals.map((reason) => [reason, 0])) as Record<Refusal, number>;
}
