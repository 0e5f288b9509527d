import type { Endpoint } from '@6bed4/codec';
import type { Machine, TunnelEvent, TunnelSink } from '@6bed4/tunnel';
import { ApplicationPort } from '../ports/applicationPort.js';
import type { DatagramPort } from '../ports/datagramPort.js';
import { PortRunner } from './portRunner.js';

/** Options of {@link openDriver}. */
export interface OpenDriverOptions<M extends Machine> {
  /** The UDP port, such as a {@link PortableUdp}; closed with the driver. */
  readonly datagrams: DatagramPort;
  /** Makes the machine around its sink; `endpoint` is the address that the port is bound to. */
  readonly machine: (sink: TunnelSink, endpoint: Endpoint) => M;
  /** Takes what the machine delivers; the packet is the program's to keep. */
  readonly packet?: ((packet: Uint8Array) => void) | undefined;
  /** Takes what the machine reports. */
  readonly event?: ((event: TunnelEvent) => void) | undefined;
  /** Milliseconds that never go back; default `performance.now`. */
  readonly clock?: (() => number) | undefined;
}

/** A machine at work; made by {@link openDriver}. */
export interface MachineDriver<M extends Machine> {
  readonly machine: M;
  /** Address and port that the UDP port is bound to. */
  readonly endpoint: Endpoint;
  /** Calls the machine with the time: at once, or when it has finished what it is doing. */
  command(action: (machine: M, now: number) => void): void;
  /** Gives the machine an IPv6 packet of the program; it may be used again when this returns. */
  send(packet: Uint8Array): void;
  /** Ends everything. May be called again. */
  close(): Promise<void>;
}

/**
 * Drives any machine of `@6bed4/tunnel` with a UDP port, the clock and the timers of this platform.
 * {@link startPeer} and {@link startRouter} do more: this is for machines that are put together by hand.
 */
export function openDriver<M extends Machine>(options: OpenDriverOptions<M>): MachineDriver<M> {
  const { datagrams, machine, packet, event, clock } = options;
  const packets = new ApplicationPort(packet ?? (() => undefined));
  const runner = new PortRunner({
    machine: (sink) => machine(sink, datagrams.endpoint),
    datagrams,
    packets,
    onEvent: event ?? (() => undefined),
    clock,
  });
  runner.start();
  return {
    machine: runner.machine,
    get endpoint() {
      return datagrams.endpoint;
    },
    command: (action) => runner.command(action),
    send: (bytes) => packets.send(bytes),
    close: () => runner.close(),
  };
}
