import type { DatagramPort } from '../drivers/ports/datagramPort.js';
import type { Timers } from './timers.js';

/** A UDP socket that is wanted of an {@link Environment}. */
export interface UdpBinding {
  /** IPv4 address of the computer; 0.0.0.0 leaves it to the environment. */
  readonly address: string;
  /** 0 leaves it to the environment. */
  readonly port: number;
  /** Whether a port of the environment's choice has to be even. */
  readonly even: boolean;
}

/** The IPv4 network that a computer of an {@link Environment} is in. */
export interface EnvironmentNetwork {
  /** The IPv4 subnets that the computer is directly connected to, `A.B.C.D/length`. */
  subnets(): readonly string[];
  /**
   * Calls a listener when the computer has moved to another network or address.
   *
   * @returns a function that ends it
   */
  onMove(listener: () => void): () => void;
}

/**
 * A computer to live on, in place of the one that the program runs on: its UDP sockets, its clock, its timers and
 * its random numbers. Hosts of `@6bed4/simulator` have one. All that tunnels, peers and routers wait for goes by
 * its timers.
 */
export interface Environment extends Timers {
  /** A number in [0, 1). */
  random(): number;
  /** Opens a UDP socket. Throws, or rejects with, an error whose `code` tells why it cannot, such as EADDRINUSE. */
  bind(wanted: UdpBinding): DatagramPort | Promise<DatagramPort>;
  /** Absent where the network never changes and has no neighbors. */
  readonly network?: EnvironmentNetwork | undefined;
}
