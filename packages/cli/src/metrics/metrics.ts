import { formatEndpoint } from '@6bed4/codec';
import type { DaemonStatus, PeerStatus, RouterStatus } from '../control/status.js';
import { addGateway } from './gatewayMetrics.js';
import { MetricSet } from './metricSet.js';
import { addRelays } from './relayMetrics.js';

const MS_PER_SECOND = 1000;

/** The status of a daemon as metrics, in the text format of Prometheus. */
export async function metricsOf(status: DaemonStatus): Promise<string> {
  const metrics = await MetricSet.open();
  addProcess(metrics, status);
  addTraffic(metrics, status);
  addFailures(metrics, status);
  if (status.role === 'router') addRouter(metrics, status);
  else if (status.role === 'gateway') addGateway(metrics, status);
  else addPeer(metrics, status);
  if (status.role === 'proxy' || status.role === 'serve') addRelays(metrics, status);
  return metrics.text();
}

function addProcess(metrics: MetricSet, status: DaemonStatus): void {
  const { role, version, driver, uptime, logLinesLost } = status;
  metrics.gauge('sixbed4_info', 'Role, version and driver of the daemon.', [
    [{ role, version, driver: driver.name }, 1],
  ]);
  const start = Date.now() / MS_PER_SECOND - uptime;
  metrics.gauge('sixbed4_start_time_seconds', 'Start of the process, in seconds since 1970.', [
    [{}, start],
  ]);
  metrics.counter('sixbed4_log_lines_lost_total', 'Lines of the log that could not be written.', [
    [{}, logLinesLost],
  ]);
  const missing = status.interface?.missing.length ?? 0;
  metrics.gauge(
    'sixbed4_interface_missing_parts',
    'Addresses, routes and others that are missing.',
    [[{}, missing]],
  );
}

function addTraffic(metrics: MetricSet, { counters }: DaemonStatus): void {
  metrics.counter('sixbed4_datagrams_total', 'UDP datagrams.', [
    [{ direction: 'received' }, counters.datagramsReceived],
    [{ direction: 'sent' }, counters.datagramsSent],
  ]);
  metrics.counter('sixbed4_datagram_bytes_total', 'UDP payload.', [
    [{ direction: 'received' }, counters.datagramBytesReceived],
    [{ direction: 'sent' }, counters.datagramBytesSent],
  ]);
  metrics.counter('sixbed4_packets_total', 'IPv6 packets from and to this computer.', [
    [{ direction: 'taken' }, counters.packetsTaken],
    [{ direction: 'delivered' }, counters.packetsDelivered],
  ]);
  metrics.counter('sixbed4_packet_bytes_total', 'Bytes of these packets.', [
    [{ direction: 'taken' }, counters.packetBytesTaken],
    [{ direction: 'delivered' }, counters.packetBytesDelivered],
  ]);
  metrics.counter('sixbed4_keepalives_received_total', 'Empty datagrams.', [
    [{}, counters.keepalivesReceived],
  ]);
}

function addFailures(metrics: MetricSet, { counters }: DaemonStatus): void {
  const { drops, udp, localDrops, answersWithheld, remotesRefused } = counters;
  metrics.counter('sixbed4_dropped_packets_total', 'Packets and datagrams dropped, by reason.', [
    ...Object.entries(drops).map(([reason, count]) => [{ reason }, count] as const),
    [{ reason: 'answers-withheld' }, answersWithheld],
    [{ reason: 'send-queue' }, udp.queueDrops],
    [{ reason: 'interface' }, localDrops],
  ]);
  const { sendErrors, receiveErrors } = udp;
  metrics.counter('sixbed4_socket_errors_total', 'Errors of the UDP socket, by code.', [
    ...Object.entries(sendErrors).map(
      ([code, count]) => [{ operation: 'send', code }, count] as const,
    ),
    ...Object.entries(receiveErrors).map(
      ([code, count]) => [{ operation: 'receive', code }, count] as const,
    ),
  ]);
  metrics.counter(
    'sixbed4_remotes_refused_total',
    'Packets relayed for want of a place for their remote.',
    [[{}, remotesRefused]],
  );
}

function addRouter(metrics: MetricSet, { counters, draining }: RouterStatus): void {
  metrics.gauge('sixbed4_draining', 'Whether the router wants no more traffic: 1, or 0.', [
    [{}, draining ? 1 : 0],
  ]);
  metrics.counter('sixbed4_masqueraded_packets_total', 'Packets rewritten by masquerading.', [
    [{ direction: 'to-hosts' }, counters.packetsRewrittenToHosts],
    [{ direction: 'from-hosts' }, counters.packetsRewrittenFromHosts],
  ]);
}

function addPeer(metrics: MetricSet, { routers, remotes, inboundPaths }: PeerStatus): void {
  metrics.gauge(
    'sixbed4_router_leased',
    'Whether a router has given an address: 1, or 0.',
    // Temporary ones are of the choice of remotes, who could make up any number of labels.
    routers
      .filter(({ temporary }) => !temporary)
      .map(({ router, state }) => [{ router: formatEndpoint(router) }, state === 'leased' ? 1 : 0]),
  );
  const kinds = (['direct', 'lan', 'relayed'] as const).flatMap((path) =>
    (['outbound', 'inbound'] as const).map((direction) => ({ path, direction })),
  );
  metrics.gauge(
    'sixbed4_remotes',
    'Remotes with which packets were exchanged lately, by their present path.',
    kinds.map((kind) => [
      kind,
      remotes.filter((one) => one.path === kind.path && one.direction === kind.direction).length,
    ]),
  );
  metrics.counter(
    'sixbed4_inbound_path_changes_total',
    'Changes of paths to remotes that began, by the new path.',
    Object.entries(inboundPaths).map(([path, count]) => [{ path }, count]),
  );
}
