import type { GatewaySettings } from '../gateway/gatewaySettings.js';
import type { PeerSettings } from '../host/peerSettings.js';
import type { FilteringOptions, NatOptions } from '../nat/behavior.js';
import type { Firewall } from '../nat/firewall.js';
import type { LinuxNat, LinuxNatOptions } from '../nat/linuxNat.js';
import type { Nat } from '../nat/nat.js';
import type { LinkDescription } from '../network/link.js';

/** Options of an {@link Internet}. */
export interface InternetOptions {
  /** The simulation is the same for the same seed; an integer, its low 32 bits count. Default 1. */
  readonly seed?: number;
  /** Whether everything is recorded, which costs time and memory; default false. */
  readonly trace?: boolean;
  /** IPv4 routers on every way through the public core, 0..200; default 8. */
  readonly coreHops?: number;
}

/** Counts of an {@link Internet}. */
export interface InternetStatistics {
  /** Datagrams that hosts sent. */
  readonly sent: number;
  /** Datagrams that reached sockets. */
  readonly delivered: number;
  /** Datagrams that did not, copies included. */
  readonly dropped: number;
  /** Events that wait: timers, and datagrams on their way. */
  readonly waiting: number;
}

/** The network of a node, and its address and link there. */
export interface Placement {
  /** The NAT or firewall in front of it; default: none, it is on the public core. */
  readonly behind?: Nat | Firewall | LinuxNat | undefined;
  /** IPv4 address in that network; default: the next one that is free. */
  readonly address?: string;
  /** Its link to that network; default 5 ms each way, without faults. */
  readonly link?: LinkDescription;
}

/** Options and placement of a peer. */
export interface PeerDescription extends Placement, Omit<PeerSettings, 'routers'> {
  /** Default: all routers of this Internet so far. */
  readonly routers?: PeerSettings['routers'];
  /** Whether it starts at once; default true. */
  readonly start?: boolean;
}

/** Options and placement of a gateway. */
export interface GatewayDescription extends Omit<Placement, 'behind'>, GatewaySettings {}

/** What all middleboxes have in common. */
export interface MiddleboxDescription {
  /** The NAT or firewall in front of it; default: none. */
  readonly behind?: Nat | Firewall | LinuxNat | undefined;
  /** Its external link; default 5 ms each way, without faults. */
  readonly link?: LinkDescription;
  /** Whether it lets no UDP pass, as networks that are for the web alone; default false. */
  readonly blocksUdp?: boolean;
}

/** Options and placement of a NAT. */
export interface NatDescription extends NatOptions, MiddleboxDescription {
  /** External IPv4 address; default: the next one that is free. */
  readonly external?: string;
  /** Its internal network, `A.B.C.D/length`; default 10.n.0.0/16, another one for each NAT. */
  readonly network?: string;
  /** Static port forwardings: external port to internal `A.B.C.D:port`. */
  readonly forwards?: Readonly<Record<number, string>>;
}

/** Options and placement of a NAT as Linux has it. */
export interface LinuxNatDescription extends LinuxNatOptions, MiddleboxDescription {
  /** External IPv4 address; default: the next one that is free. */
  readonly external?: string;
}

/** Options and placement of a stateful firewall. */
export interface FirewallDescription extends FilteringOptions, MiddleboxDescription {}
