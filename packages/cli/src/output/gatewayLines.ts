import type { GatewayStatus } from '../control/gatewayStatus.js';
import { countText } from './quantities.js';
import { line, listOf } from './reportLine.js';

/** What the status of a gateway says beyond that of other daemons. */
export function gatewayLines({ publicAddress, report }: GatewayStatus): string[] {
  const { clients, freePorts, counters } = report;
  const { connectionsAccepted, connectionsResumed, connectionsFailed } = counters;
  const { dropsOutbound, dropsInbound, awayDrops } = counters;
  return [
    line('public', `${publicAddress}, ${countText(freePorts)} ports free`),
    line('clients', `${countText(clients.connected)} connected, ${countText(clients.away)} away`),
    line(
      'connections',
      `${countText(connectionsAccepted)} accepted, ${countText(connectionsResumed)} of them resumed`,
    ),
    line('refused', listOf(Object.entries(connectionsFailed))),
    line('not sent', listOf(Object.entries(dropsOutbound))),
    line('not taken', listOf([...Object.entries(dropsInbound), ['away', awayDrops] as const])),
  ];
}
