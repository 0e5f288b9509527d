import type { GatewayDaemon, GatewayReport } from '@6bed4/node';
import { Counters } from '@6bed4/tunnel';
import type { CommonStatus, ProcessStatus } from './commonStatus.js';

/** The status of a gateway. */
export interface GatewayStatus extends CommonStatus {
  readonly role: 'gateway';
  /** Public IPv4 address of the endpoints of its clients. */
  readonly publicAddress: string;
  /** Clients, free ports and counters of its own. */
  readonly report: GatewayReport;
}

/** The status of a gateway; what only tunnels have is empty. */
export function statusOfGateway(
  daemon: GatewayDaemon,
  program: ProcessStatus & Pick<CommonStatus, 'version'>,
  publicAddress: string,
): GatewayStatus {
  const report = daemon.report();
  const { web, counters } = report;
  const { datagramsSent, datagramBytesSent, datagramsReceived, datagramBytesReceived } = counters;
  return {
    role: 'gateway',
    ...program,
    pid: process.pid,
    uptime: process.uptime(),
    ...{ tun: null, interface: null, inbound: null },
    endpoint: { address: web.host, port: web.port },
    driver: { name: 'portable', reason: null, workers: 0, offloads: [], batches: null },
    counters: {
      ...new Counters().snapshot(),
      ...{ datagramsSent, datagramBytesSent, datagramsReceived, datagramBytesReceived },
      udp: { sendErrors: counters.sendErrors, receiveErrors: {}, queueDrops: counters.queueDrops },
      localDrops: 0,
    },
    publicAddress,
    report,
  };
}
