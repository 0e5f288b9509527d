import type { InterfaceReport } from '../interfaceReport.js';
import type { InterfacePlan } from './interfacePlan.js';

/** Takes one IPv6 packet; the bytes may be used during the call only. */
export type PacketHandler = (bytes: Uint8Array, offset: number, length: number) => void;

/** The local side, which IPv6 packets come from and go to: a network interface or a program. */
export interface PacketPort {
  /** Begins to hand over packets of the local side. Called once. */
  start(handler: PacketHandler): void;

  /** Takes a packet out of the tunnel. Must neither throw nor call the handler before it returns. */
  deliver(bytes: Uint8Array, offset: number, length: number): void;

  /** A batch of packets is complete: what waited for this moment may go on. */
  flush(): void;

  /**
   * Makes the local side carry exactly these addresses and routes.
   *
   * @throws StartError when the system refuses one of them; the others are in place then
   */
  configure(plan: InterfacePlan): void;

  /** How the network interface is; null without one. */
  readonly report: InterfaceReport | null;

  /** Packets that the local side did not take. */
  readonly dropped: number;

  /** Gives everything back. May be called again. */
  close(): void;
}
