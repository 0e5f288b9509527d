import type { Endpoint } from '@6bed4/codec';
import type {
  CountersSnapshot,
  RemoteSnapshot,
  RouterOptions,
  TunnelEvent,
  UplinkSnapshot,
} from '@6bed4/tunnel';
import type { StartError } from '../errors.js';
import type { DriverReport } from './driverReport.js';
import type { InterfaceReport } from './interfaceReport.js';
import type { DatagramPortCounters } from './ports/datagramPort.js';
import type { InterfacePlan } from './ports/interfacePlan.js';

/** All counters of a daemon. */
export interface DaemonCounters extends CountersSnapshot {
  /** Counters of datagrams outside the machine. */
  readonly udp: DatagramPortCounters;
  /** Packets delivered that the interface did not take, because it was down or its queue full. */
  readonly localDrops: number;
}

/** Listener for the reports of a {@link Driver}. */
export interface DriverListener {
  /** The machine reports something. */
  readonly onEvent: (event: TunnelEvent) => void;
  /** Something is not as it should be, but the driver goes on. */
  readonly onWarning: (error: StartError) => void;
  /** The report about the interface is another one than before. */
  readonly onInterface: () => void;
  /** Nothing can go on. */
  readonly onFailure: (error: StartError) => void;
}

/** A machine with its two sides and whatever runs it: all that routers and peers have in common. */
export interface Driver {
  /** Name of the TUN interface, or null when the application is the local side. */
  readonly tun: string | null;
  /** Address and port that the UDP socket is bound to. */
  readonly endpoint: Endpoint;
  readonly counters: DaemonCounters;
  /** The kind of driver that this is, and its figures. */
  readonly report: DriverReport;
  /** How the interface is; null without one. */
  readonly interfaceReport: InterfaceReport | null;

  /** Begins to carry packets. */
  start(): void;

  /** Gives the local side its addresses and routes. @throws StartError */
  configure(plan: InterfacePlan): void;

  /**
   * Sends a packet of the application into the tunnel.
   *
   * @throws TypeError for anything but bytes
   * @throws Error when there is a TUN interface, which is where packets come from then
   */
  send(packet: Uint8Array): void;

  /** Moves to another UDP port; an even one if requested. @throws StartError */
  rebind(even: boolean): Promise<void>;

  /** Also takes what is sent to all hosts on the local network at this UDP port. @throws StartError */
  listenOnLan(port: number): Promise<void>;

  /** Ends everything. */
  close(): Promise<void>;
}

/**
 * A driver of a peer. After its end, commands have no effect, and what it knew last can still be read.
 */
export interface PeerDriver extends Driver {
  /** Begins to carry packets, and to solicit addresses from all routers. */
  start(): void;

  /** The routers, and the addresses that they gave. */
  uplinks(): readonly UplinkSnapshot[];

  /** Whether the peer looks for remotes on the local network; see {@link Driver.listenOnLan}. */
  readonly searchesLan: boolean;

  /**
   * Tells the IPv4 subnets that this computer is directly connected to, as `A.B.C.D/length`: only there
   * are remotes looked for.
   */
  setLocalSubnets(subnets: readonly string[]): void;

  /** Gives up all addresses. */
  stop(): void;

  /** Solicits all routers again. */
  solicit(): void;

  /** The remotes with which packets were exchanged lately; none after the end. */
  remotes(): readonly RemoteSnapshot[];

  /** Adds a router, and solicits an address from it. @throws InvalidArgumentError */
  addRouter(router: Endpoint | string): void;

  /** Has these routers and no others, in this order. @throws InvalidArgumentError, with nothing changed */
  setRouters(routers: readonly Endpoint[]): void;

  /** Gives up the address that a router gave. @throws InvalidArgumentError */
  removeRouter(router: Endpoint | string): void;

  /**
   * Sends a packet directly, even before the direct path is confirmed.
   *
   * @returns a number for {@link reportReply}, or 0 when the packet went its usual way
   */
  sendOpportunistic(packet: Uint8Array): number;

  /** The reply to such a packet has come. @returns whether that confirmed the direct path */
  reportReply(number: number): boolean;
}

/** A driver of a router. */
export interface RouterDriver extends Driver {
  /** The router's own IPv6 address. */
  readonly address: string;
  /** The /64 that it serves, as `address/64`. */
  readonly prefix: string;

  /** Offers other routes from now on. @throws InvalidArgumentError, with nothing changed */
  setRoutes(routes: OfferedPrefixes): void;
}

/** Prefixes that a router offers as routes, and those that peers may reach besides; see `RouterOptions`. */
export type OfferedPrefixes = Pick<RouterOptions, 'routes' | 'forwardTo'>;

/** Checks what an application wants to send. @throws TypeError for anything but bytes */
export function checkPacket(packet: unknown): asserts packet is Uint8Array {
  if (packet instanceof Uint8Array) return;
  throw new TypeError(`packet: found ${typeof packet}, expected a Uint8Array`);
}

/** The complaint about a packet of the application where there is a TUN interface. */
export function packetsComeFrom(tun: string | null): Error {
  return new Error(`packets are taken from the interface ${tun}, not from the application`);
}
