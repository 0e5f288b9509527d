import type { BatchReport } from '../driverReport.js';
import type { DatagramPortCounters } from '../ports/datagramPort.js';

/** Everything that a loop counts outside the machine, since it began. */
export interface LoopCounters extends BatchReport {
  readonly udp: DatagramPortCounters;
  readonly localDrops: number;
  /** Whether datagrams are still sent several at a time. */
  readonly udpSegmentation: boolean;
}
