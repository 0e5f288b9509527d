import type { Endpoint } from '@6bed4/codec';
import type { DaemonCounters, DriverReport, InterfaceReport } from '@6bed4/node';

/** Status of the process, whatever it does. */
export interface ProcessStatus {
  /** Lines of the log that could not be written. */
  readonly logLinesLost: number;
  /** Capabilities that it has or may take, without `CAP_` and in lower case; null where there are none such. */
  readonly capabilities: readonly string[] | null;
}

/** Status that routers and peers have in common. */
export interface CommonStatus extends ProcessStatus {
  readonly version: string;
  readonly pid: number;
  /** Time since the process started. */
  readonly uptime: number;
  /** Name of the TUN interface; null without. */
  readonly tun: string | null;
  /** How that is, compared with what it has to be; null without. */
  readonly interface: InterfaceReport | null;
  /** What reaches services of this computer, as `--inbound` takes it; null without an interface. */
  readonly inbound: string | null;
  /** Local endpoint of the UDP socket. */
  readonly endpoint: Endpoint;
  /** The driver that carries packets, and its offloads. */
  readonly driver: DriverReport;
  readonly counters: DaemonCounters;
}
