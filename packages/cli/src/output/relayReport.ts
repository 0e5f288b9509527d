import type { PeerStatus } from '../control/status.js';
import type { ConnectionCounts } from '../relay/connections.js';
import type { DatagramCounts } from '../relay/datagramCounts.js';
import type { ServiceCounts } from '../serve/runningService.js';
import { bytesText, countText } from './quantities.js';
import { line, listOf } from './reportLine.js';

/** What a proxy and services did: a line for each listener and service. */
export function relayLines({ proxy, services = [] }: PeerStatus): string[] {
  const { socks = null, http = null } = proxy ?? {};
  return [
    ...(socks === null
      ? []
      : [
          line('socks', `${socks.listen}  ${connectionText(socks)}`),
          ...(socks.udp.accepted === 0
            ? []
            : [line('socks udp', datagramText(socks.udp, 'associations'))]),
        ]),
    ...(http === null ? [] : [line('http', `${http.listen}  ${connectionText(http)}`)]),
    ...services.map((service) => line('serves', `${service.service}  ${serviceText(service)}`)),
  ];
}

function serviceText(counts: ServiceCounts): string {
  return 'bytesSent' in counts ? connectionText(counts) : datagramText(counts, 'remotes');
}

function connectionText(counts: ConnectionCounts): string {
  const { open, accepted, failed, bytesReceived, bytesSent } = counts;
  const bytes = `received ${bytesText(bytesReceived)}, sent ${bytesText(bytesSent)}`;
  const all = `${countText(open)} of ${countText(accepted)} connections open, ${bytes}`;
  return `${all}${withReasons('failed', failed)}`;
}

function datagramText(counts: DatagramCounts, what: string): string {
  const { open, accepted, dropped, datagramsReceived, datagramsSent } = counts;
  const datagrams = `received ${countText(datagramsReceived)}, sent ${countText(datagramsSent)}`;
  const all = `${countText(open)} of ${countText(accepted)} ${what} open, ${datagrams}`;
  return `${all}${withReasons('dropped', dropped)}`;
}

function withReasons(name: string, counts: Readonly<Record<string, number>>): string {
  const list = listOf(Object.entries(counts));
  return list === 'none' ? '' : `, ${name}: ${list}`;
}
