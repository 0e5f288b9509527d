import type { GatewayStatus } from '../control/gatewayStatus.js';
import type { MetricSet } from './metricSet.js';

/** Adds the metrics of a gateway. */
export function addGateway(metrics: MetricSet, { report }: GatewayStatus): void {
  const { clients, freePorts, counters } = report;
  metrics.gauge('sixbed4_gateway_clients', 'Clients that have an endpoint.', [
    [{ state: 'connected' }, clients.connected],
    [{ state: 'away' }, clients.away],
  ]);
  metrics.gauge('sixbed4_gateway_free_ports', 'UDP ports for further clients.', [[{}, freePorts]]);
  const { connectionsAccepted, connectionsResumed } = counters;
  metrics.counter('sixbed4_gateway_connections_total', 'WebSockets of clients.', [
    [{ kind: 'new' }, connectionsAccepted - connectionsResumed],
    [{ kind: 'resumed' }, connectionsResumed],
  ]);
  metrics.counter(
    'sixbed4_gateway_connections_failed_total',
    'WebSockets that were refused, or ended for a fault of the client, by reason.',
    Object.entries(counters.connectionsFailed).map(([reason, count]) => [{ reason }, count]),
  );
  metrics.counter('sixbed4_gateway_drops_total', 'Datagrams that did not pass, by reason.', [
    ...Object.entries(counters.dropsOutbound).map(
      ([reason, count]) => [{ direction: 'from-client', reason }, count] as const,
    ),
    ...Object.entries(counters.dropsInbound).map(
      ([reason, count]) => [{ direction: 'to-client', reason }, count] as const,
    ),
    [{ direction: 'to-client', reason: 'queue' }, counters.queueDrops],
    [{ direction: 'to-client', reason: 'away' }, counters.awayDrops],
  ]);
}
