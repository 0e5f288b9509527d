import type { Endpoint } from '@6bed4/codec';
import type { TcpStackOptions } from '@6bed4/tcp';
import type { PeerOptions, TunnelEvent } from '@6bed4/tunnel';
import type { WebUplinkSettings } from '../gateway/webUplink.js';

/** Options of a `PeerNode`. */
export interface PeerSettings extends Omit<PeerOptions, 'routers' | 'random'> {
  /** The routers to get addresses from. */
  readonly routers: readonly (Endpoint | string)[];
  /** Local UDP port; default: a random one that the dialect can express, and may move. */
  readonly port?: number;
  /**
   * Traffic class, 0..255, of the packets that its application sends, answers included: with Probe and
   * Seen the policy of each packet (draft-04 §7.1). Default 0.
   */
  readonly trafficClass?: number;
  /** Whether it answers echo requests; default true. */
  readonly answersEcho?: boolean;
  /** Whether it keeps received packets and events; default true. */
  readonly records?: boolean;
  /** Options of its TCP stack, besides random numbers. */
  readonly tcp?: Omit<TcpStackOptions, 'random'>;
  /** Whether it joins 224.0.0.1 on the well-known port, for discovery on the LAN; default true. */
  readonly joinsLan?: boolean;
  /** A gateway over WebSockets, for networks that block UDP; default: it has UDP alone. */
  readonly web?: WebUplinkSettings;
}

/** An event of the machine, and its time. */
export interface TimedEvent {
  /** Milliseconds of virtual time. */
  readonly at: number;
  readonly event: TunnelEvent;
}
