import type { RelayLimits } from '../options/relayOptions.js';
import type { ConnectionCounts } from '../relay/connections.js';
import type { DatagramCounts } from '../relay/datagramCounts.js';
import type { End } from './proxyProtocol.js';
import type { Service } from './service.js';

/** A connection from a remote, or a first datagram, and what became of it. */
export interface ServiceEvent {
  readonly service: Service;
  readonly remote: End;
  /** Why the local service was not reached; null if it was. */
  readonly failure: string | null;
}

export interface ServeOptions {
  /** Whether TCP connections to local services begin with the PROXY protocol, version 2. */
  readonly proxyProtocol: boolean;
  readonly limits: Readonly<RelayLimits>;
  readonly onConnection: (event: ServiceEvent) => void;
}

/** What a service has counted, in `6bed4 status --json`. */
export type ServiceCounts = { readonly service: string } & (ConnectionCounts | DatagramCounts);

/** A service that is being published. */
export interface RunningService {
  readonly service: Service;
  /** @throws StartError when its port cannot be listened on */
  listen(): Promise<void>;
  /** What was counted, for `6bed4 status`. */
  counts(): ServiceCounts;
  close(): void;
}
