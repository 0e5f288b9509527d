import { type CongestionName, congestionMaker } from '../congestion/choice.js';
import type { CongestionControlMaker } from '../congestion/congestionControl.js';
import type { TcpConnection } from '../connection/connection.js';
import type { TcpEvent } from '../connection/connectionHost.js';
import type { ConnectionSettings } from '../connection/connectionOptions.js';
import type { TcpListener } from './listener.js';

const IPV6_AND_TCP = 60;
/** The highest window that can be expressed (RFC 7323 §2.3). */
const HIGHEST_WINDOW = 65_535 * 2 ** 14;

/** Options of a {@link TcpStack}. */
export interface TcpStackOptions extends Partial<Omit<ConnectionSettings, 'congestion'>> {
  /** Congestion control of the connections; default `'bbr'`. */
  readonly congestion?: CongestionName | CongestionControlMaker;
  /** Bytes of the largest IPv6 packet, 1280 or more; default 1280. */
  readonly mtu?: number;
  /** Numbers in [0, 1) that attackers cannot predict. */
  readonly random: () => number;
  /** Whether an address is one of this side; by default, all are. */
  readonly isLocal?: (bytes: Uint8Array, offset: number) => boolean;
  /** Connections in any state; default 16384. */
  readonly maximumConnections?: number;
  /**
   * Bytes of all buffers together, default 128 MiB; beyond, each connection has 4 KiB in either direction
   * anyway.
   */
  readonly maximumMemory?: number;
}

/** The demands of a stack on its driver; it acts on events when the call to the stack has returned. */
export interface TcpSink {
  /** Send an IPv6 packet; the bytes may be used during the call only. */
  sendPacket(bytes: Uint8Array, offset: number, length: number): void;
  /** Something happened to a connection. */
  event(connection: TcpConnection, event: TcpEvent): void;
  /** A connection was opened from outside; {@link TcpListener.accept} returns it. */
  accepted(listener: TcpListener): void;
}

/** @internal The settings of connections, with what is not given. */
export function settingsOf(options: TcpStackOptions): ConnectionSettings {
  return {
    sendBuffer: options.sendBuffer ?? 4_194_304,
    receiveBuffer: Math.min(options.receiveBuffer ?? 4_194_304, HIGHEST_WINDOW),
    segmentSize: options.segmentSize ?? (options.mtu ?? 1_280) - IPV6_AND_TCP,
    timestamps: options.timestamps ?? true,
    sack: options.sack ?? true,
    ecn: options.ecn ?? true,
    connectTimeout: options.connectTimeout ?? 75_000,
    userTimeout: options.userTimeout ?? 120_000,
    timeWait: options.timeWait ?? 60_000,
    congestion: congestionMaker(options.congestion ?? 'bbr', options.random),
  };
}
