import type { DatagramPortCounters } from '../ports/datagramPort.js';

/** What happened in a loop outside the machine, since it began. */
export interface LoopCounters {
  readonly udp: DatagramPortCounters;
  readonly localDrops: number;
  /** Times that the loop waited for something to happen. */
  readonly waits: number;
  readonly receiveCalls: number;
  readonly messagesReceived: number;
  readonly datagramsReceived: number;
  readonly sendCalls: number;
  readonly messagesSent: number;
  readonly datagramsSent: number;
  readonly tunReads: number;
  readonly packetsRead: number;
  readonly tunWrites: number;
  readonly packetsWritten: number;
  /** Whether datagrams are still sent several at a time. */
  readonly udpSegmentation: boolean;
}
