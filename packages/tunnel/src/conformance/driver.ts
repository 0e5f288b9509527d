import type { Endpoint } from '@6bed4/codec';
import type { Machine, TunnelSink } from '../machine/machine.js';
import type { TunnelEvent } from '../report/events.js';

/** Listeners of a driver; both are called while no machine works. */
export interface DriverCallbacks {
  /** A packet that the machine delivered; the program may keep it. */
  packet(packet: Uint8Array): void;
  /** An event of the machine. */
  event(event: TunnelEvent): void;
}

/** A driver at work: a machine, a UDP socket and a timer. */
export interface OpenedDriver<M extends Machine> {
  /** The address of the socket: one that other sockets of this computer can send to. */
  readonly endpoint: Endpoint;
  /** Calls the machine with the time, when it is free, and does what comes of it. */
  command(action: (machine: M, now: number) => void): void;
  /** Gives the machine a packet of the program, which may use the bytes again when this returns. */
  send(packet: Uint8Array): void;
  /** Ends timer and socket. May be called again. */
  close(): Promise<void> | void;
}

/** Makes a machine around the driver's sink; `endpoint` is where the driver's socket is bound. */
export type MachineFactory<M extends Machine> = (sink: TunnelSink, endpoint: Endpoint) => M;

/** Opens a driver on a UDP port of its own. */
export type OpenDriver = <M extends Machine>(
  machine: MachineFactory<M>,
  callbacks: DriverCallbacks,
) => Promise<OpenedDriver<M>>;
