import type { PeerStatus } from '../control/status.js';
import type { ConnectionCounts } from '../relay/connections.js';
import type { DatagramCounts } from '../relay/datagramCounts.js';
import type { Labels, MetricSet, Samples } from './metricSet.js';

/** What is counted about a listener of a proxy, or a service. */
interface Counted<C> {
  /** `socks`, `http`, or the service as on the command line. */
  readonly service: string;
  readonly counts: C;
}

/** Adds what a proxy and services did for their clients. */
export function addRelays(metrics: MetricSet, status: PeerStatus): void {
  addConnections(metrics, connectionsOf(status));
  addDatagrams(metrics, datagramsOf(status));
}

function connectionsOf({ proxy, services = [] }: PeerStatus): Counted<ConnectionCounts>[] {
  const { socks = null, http = null } = proxy ?? {};
  return [
    ...(socks === null ? [] : [{ service: 'socks', counts: socks }]),
    ...(http === null ? [] : [{ service: 'http', counts: http }]),
    ...services.flatMap((one) =>
      'bytesSent' in one ? [{ service: one.service, counts: one }] : [],
    ),
  ];
}

function datagramsOf({ proxy, services = [] }: PeerStatus): Counted<DatagramCounts>[] {
  const socks = proxy?.socks ?? null;
  return [
    ...(socks === null ? [] : [{ service: 'socks', counts: socks.udp }]),
    ...services.flatMap((one) =>
      'datagramsSent' in one ? [{ service: one.service, counts: one }] : [],
    ),
  ];
}

function addConnections(metrics: MetricSet, all: readonly Counted<ConnectionCounts>[]): void {
  metrics.gauge(
    'sixbed4_connections',
    'TCP connections of clients that are open.',
    valuesOf(all, ({ open }) => open),
  );
  metrics.counter(
    'sixbed4_connections_accepted_total',
    'TCP connections of clients that were accepted.',
    valuesOf(all, ({ accepted }) => accepted),
  );
  metrics.counter(
    'sixbed4_connections_failed_total',
    'TCP connections and requests that were refused or came to nothing, by reason.',
    reasonsOf(all, ({ failed }) => failed),
  );
  metrics.counter('sixbed4_connection_bytes_total', 'Bytes from clients and to them by TCP.', [
    ...valuesOf(all, ({ bytesReceived }) => bytesReceived, { direction: 'received' }),
    ...valuesOf(all, ({ bytesSent }) => bytesSent, { direction: 'sent' }),
  ]);
}

function addDatagrams(metrics: MetricSet, all: readonly Counted<DatagramCounts>[]): void {
  metrics.gauge(
    'sixbed4_udp_clients',
    'UDP associations of a proxy, and remotes of a UDP service, at present.',
    valuesOf(all, ({ open }) => open),
  );
  metrics.counter(
    'sixbed4_udp_clients_accepted_total',
    'UDP associations of a proxy, and remotes of a UDP service, that were accepted.',
    valuesOf(all, ({ accepted }) => accepted),
  );
  metrics.counter('sixbed4_client_datagrams_total', 'Datagrams from clients and to them by UDP.', [
    ...valuesOf(all, ({ datagramsReceived }) => datagramsReceived, { direction: 'received' }),
    ...valuesOf(all, ({ datagramsSent }) => datagramsSent, { direction: 'sent' }),
  ]);
  metrics.counter(
    'sixbed4_client_datagrams_dropped_total',
    'Datagrams from clients and to them that were dropped, by reason.',
    reasonsOf(all, ({ dropped }) => dropped),
  );
}

function valuesOf<C>(
  all: readonly Counted<C>[],
  value: (counts: C) => number,
  labels: Labels = {},
): Samples {
  return all.map(({ service, counts }) => [{ service, ...labels }, value(counts)] as const);
}

function reasonsOf<C>(
  all: readonly Counted<C>[],
  reasons: (counts: C) => Readonly<Record<string, number>>,
): Samples {
  return all.flatMap(({ service, counts }) =>
    Object.entries(reasons(counts)).map(([reason, count]) => [{ service, reason }, count] as const),
  );
}
