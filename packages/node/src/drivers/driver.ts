import type { Endpoint } from '@6bed4/codec';
import type { CountersSnapshot } from '@6bed4/tunnel';
import type { DriverReport } from './driverReport.js';
import type { DatagramPortCounters } from './ports/datagramPort.js';
import type { InterfacePlan } from './ports/interfacePlan.js';

/** All counters of a daemon. */
export interface DaemonCounters extends CountersSnapshot {
  /** What happened to datagrams outside the machine. */
  readonly udp: DatagramPortCounters;
  /** Packets delivered that the interface did not take, because it was down or its queue full. */
  readonly localDrops: number;
}

/**
 * What can be asked of a machine, by name: the machine may be in another thread. Arguments and results
 * are plain data.
 */
export type MachineCalls<M> = Readonly<
  Record<string, (machine: M, now: number, ...args: never[]) => unknown>
>;

/** The arguments of one of {@link MachineCalls} behind the machine and the time. */
export type CallArguments<F> = F extends (
  machine: never,
  now: number,
  ...args: infer A extends unknown[]
) => unknown
  ? A
  : never;

/** The result of one of {@link MachineCalls}. */
export type CallResult<F> = F extends (...args: never[]) => infer R ? R : never;

/** A machine with its two sides and whatever drives it: all that routers and peers have in common. */
export interface Driver<Q, C> {
  /** Name of the TUN interface, or null when the application is the local side. */
  readonly tun: string | null;
  /** Where the UDP socket is bound. */
  readonly endpoint: Endpoint;
  readonly counters: DaemonCounters;
  /** Which driver this is, and how it fares. */
  readonly driver: DriverReport;

  /** Begins to carry packets. */
  start(): void;

  /** Asks the machine for something that changes nothing; also after the end. */
  query<K extends keyof Q & string>(name: K, ...args: CallArguments<Q[K]>): CallResult<Q[K]>;

  /** Tells the machine to do something; undefined when it has ended. */
  command<K extends keyof C & string>(
    name: K,
    ...args: CallArguments<C[K]>
  ): CallResult<C[K]> | undefined;

  /** Gives the local side its addresses and routes. @throws StartError */
  configure(plan: InterfacePlan): void;

  /**
   * Sends a packet of the application into the tunnel.
   *
   * @throws TypeError for anything but bytes
   * @throws Error when there is a TUN interface, which is where packets come from then
   */
  send(packet: Uint8Array): void;

  /** Moves to another UDP port; an even one if asked. @throws StartError */
  rebind(even: boolean): Promise<void>;

  /** Also takes what is sent to all hosts on the local network at this UDP port. @throws StartError */
  listenOnLan(port: number): Promise<void>;

  /** Ends everything. */
  close(): Promise<void>;
}
