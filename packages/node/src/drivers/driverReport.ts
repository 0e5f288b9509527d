/** Work that the operating system can do in our place; see {@link OffloadReport}. */
export type OffloadName =
  /** Several datagrams sent by one system call, and by one walk through the kernel (`UDP_SEGMENT`). */
  | 'udp-send'
  /** Several datagrams received as one (`UDP_GRO`). */
  | 'udp-receive'
  /** TCP segments pass the interface coalesced (`IFF_VNET_HDR`, `TUN_F_TSO6`). */
  | 'tun-tcp'
  /** UDP datagrams pass the interface coalesced (`TUN_F_USO6`, Linux 6.2). */
  | 'tun-udp';

/** Whether one offload is in use. */
export interface OffloadReport {
  readonly name: OffloadName;
  readonly active: boolean;
  /** Reason that it is not in use; null when it is. */
  readonly reason: string | null;
}

/** Counts of a driver since it began; averages are quotients of these. */
export interface BatchReport {
  /** Times that a thread waited for something to happen. */
  readonly waits: number;
  /** System calls that received, the messages that they brought, and the datagrams in these. */
  readonly receiveCalls: number;
  readonly messagesReceived: number;
  readonly datagramsReceived: number;
  /** System calls that sent, the messages that they took, and the datagrams in these. */
  readonly sendCalls: number;
  readonly messagesSent: number;
  readonly datagramsSent: number;
  /** System calls that read from the interface, and the packets that came of it. */
  readonly tunReads: number;
  readonly packetsRead: number;
  /** System calls that wrote to the interface, and the packets in them. */
  readonly tunWrites: number;
  readonly packetsWritten: number;
}

/** The driver that a daemon runs on, and its figures. */
export interface DriverReport {
  readonly name: 'linux' | 'portable';
  /** Reason that it is not the Linux driver; null when it is, or was not requested. */
  readonly reason: string | null;
  /** Threads that carry packets; 0 in the thread of the user, without TUN and for the portable driver. */
  readonly workers: number;
  /** Empty for the portable driver, which has none. */
  readonly offloads: readonly OffloadReport[];
  /** Null for the portable driver, which does not count them. */
  readonly batches: BatchReport | null;
}
