import type { Endpoint, UdpEndpoint } from '@6bed4/codec';
import type { BatchReport, OffloadReport } from '../driverReport.js';
import type { SummedBytes } from './summedBytes.js';

/**
 * Takes one UDP payload and its source (uint32 address, port). The bytes belong to the
 * receiver, which may change them, for the duration of the call.
 */
export type DatagramHandler = (
  bytes: Uint8Array,
  offset: number,
  length: number,
  address: number,
  port: number,
) => void;

/** Counters of datagrams outside the machine. */
export interface DatagramPortCounters {
  /** Datagrams that the system refused, by the code of its error. */
  readonly sendErrors: Readonly<Record<string, number>>;
  /** Errors that the system reported on reception, by code; often they are about earlier datagrams. */
  readonly receiveErrors: Readonly<Record<string, number>>;
  /** Datagrams dropped because too many waited to be sent. */
  readonly queueDrops: number;
}

/** A UDP socket, as far as the tunnel needs one. */
export interface DatagramPort {
  /** Address and port that it is bound to. */
  readonly endpoint: Endpoint;

  /** Begins to hand over datagrams. Called once. */
  start(handler: DatagramHandler): void;

  /**
   * Sends a datagram, at best effort: failures are counted. Must neither throw nor call the handler
   * before it returns. The bytes may be used during the call only.
   *
   * @param length - bytes of payload; may be 0
   * @param to - destination; may be used during the call only
   * @param tos - IPv4 TOS byte, where the system lets it be set
   * @param ttl - IPv4 TTL; 0 for the system's default
   */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void;

  /**
   * Moves to another UDP port of the system's choice on the same address; an even one if requested.
   * Without effect if it fails.
   *
   * @throws StartError when no port is to be had
   */
  rebind(even: boolean): Promise<void>;

  /**
   * Also hands over what is sent to 224.0.0.1, all hosts on the local network, at this UDP port: the
   * search of remotes that are behind the same NAT (draft-01 §6.2). Closed with the port.
   *
   * @throws StartError when that cannot be; everything else goes on
   */
  listenOnLan?(port: number): Promise<void>;

  readonly counters: DatagramPortCounters;

  /** Datagrams that the system has not taken yet, and their bytes. */
  readonly waiting?: { readonly datagrams: number; readonly bytes: number };

  /**
   * Counts the callbacks of Node.js in which datagrams are handed over: what was deferred by `process.nextTick` or a
   * promise has run between two of them. Absent where that is not known.
   */
  readonly turn?: number | undefined;

  /** @internal Where datagrams are when they are handed over, if they usually are in the same bytes. */
  readonly memory?: SummedBytes | undefined;

  /** What the kernel does for the port; only where datagrams go by batches of system calls. */
  readonly offloads?: readonly OffloadReport[] | undefined;

  /** Counts of those system calls. */
  readonly batches?: BatchReport | undefined;

  /** Keeps the process alive, as at first. */
  ref?(): void;

  /** Lets the process end though the port is open. */
  unref?(): void;

  /** Gives the port back. May be called again. */
  close(): Promise<void>;
}
