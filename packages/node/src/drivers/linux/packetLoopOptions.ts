import type { RunMachine, TunnelEvent, TunnelSink } from '@6bed4/tunnel';
import type { RawLibc } from '../kernel/rawLibc.js';
import type { LoopMemory } from './loopMemory.js';
import type { TunFeatures } from './tunFeatures.js';

/** Options of `PacketLoop`. The descriptors remain the property of the caller. */
export interface PacketLoopOptions<M extends RunMachine> {
  readonly libc: RawLibc;
  /** With room for `PACKET_LOOP_SIZE` more bytes. */
  readonly memory: LoopMemory;
  readonly machine: (sink: TunnelSink) => M;
  /** An eventfd: when it can be read, `onWake` is called. */
  readonly wake: number;
  readonly udp: number;
  readonly tun: number;
  readonly tunFeatures: TunFeatures;
  /** Whether the socket supports UDP_SEGMENT. */
  readonly udpSegmentation: boolean;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
  /** Called when `wake` was signaled. Machine and descriptors may be used and changed. */
  readonly onWake: () => void;
  /** Called for each event of the machine, after the call of the machine that caused it. */
  readonly onEvent: (event: TunnelEvent) => void;
  /** Called when the interface was removed; the loop continues without it. */
  readonly onGone: () => void;
}
