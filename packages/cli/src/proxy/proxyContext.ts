import type { RelayLimits } from '../options/relayOptions.js';
import type { Connections } from '../relay/connections.js';
import type { Network } from '../relay/network.js';
import type { Credentials } from './credentials.js';
import type { Dialer } from './dialer.js';

/** A connection or request that has ended before it was relayed, or that is relayed now. */
export interface ProxyEvent {
  readonly client: string;
  /** What was asked for; null when it is not known. */
  readonly to: string | null;
  /** `relayed`, or why not. */
  readonly outcome: string;
}

/** What both kinds of proxies work with. */
export interface ProxyContext {
  readonly network: Network;
  readonly dialer: Dialer;
  /** Who may use it; null for everybody. */
  readonly credentials: Credentials | null;
  readonly connections: Connections;
  /** Milliseconds in which a client has to say what it wants. */
  readonly handshakeTimeout: number;
  readonly limits: Readonly<RelayLimits>;
  readonly onEvent: (event: ProxyEvent) => void;
}

/** A host and a port as text; brackets around IPv6 addresses. */
export function hostText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
