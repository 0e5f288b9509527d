import dns from 'node:dns';
import { isIPv6 } from 'node:net';
import type { PolicyName } from '@6bed4/tunnel';
import { nextTick } from '../realTimers.js';
import { badBufferSize, invalidType, outOfRange } from './dgramErrors.js';
import type { KeepAlive } from './keepAlive.js';
import type { SocketLayer } from './socketLayer.js';

const { lookup: systemLookup } = dns;
const HIGHEST_UINT32 = 0xffff_ffff;
/** The highest size that a system takes, whose integer is signed, in bytes. */
export const MAX_BUFFER_SIZE = 0x7fff_ffff;
/** The default of Linux, in bytes (net.core.rmem_default). */
const DEFAULT_BUFFER_SIZE = 212_992;

/** Finds the address of a name, as `dns.lookup` with the family as its options. */
export type SocketLookup = (
  hostname: string,
  family: 6,
  callback: (error: NodeJS.ErrnoException | null, address: string) => void,
) => void;

/** Options of {@link Tunnel.createSocket}. */
export interface TunnelSocketSettings {
  /** The only type that a tunnel carries. */
  readonly type: 'udp6';
  /** Share a port with others that set this too; the last one bound gets what comes for the port. */
  readonly reuseAddr?: boolean;
  /** Without effect: there is nothing but IPv6 on a tunnel. */
  readonly ipv6Only?: boolean;
  /** Bytes from sockets of the same tunnel that may wait for this one; default 212992. */
  readonly recvBufferSize?: number;
  /** The result of `getSendBufferSize`; the UDP socket of the tunnel does the buffering. */
  readonly sendBufferSize?: number;
  /** Finds addresses of names; default `dns.lookup`. */
  readonly lookup?: SocketLookup;
  /** Closes the socket. */
  readonly signal?: AbortSignal;
  /**
   * The lanip of another address than the tunnel's: which one under each prefix, 1 to 16383 in draft03
   * and draft04.
   */
  readonly lanip?: number;
  /** The paths that packets may take; default: the `policy` of the tunnel. */
  readonly policy?: PolicyName;
}

/** @internal The tunnel, as a socket sees it. */
export interface SocketHost<S> {
  readonly layer: SocketLayer;
  readonly keepAlive: KeepAlive;
  readonly policy: PolicyName;
  opened(socket: S): void;
  closed(socket: S): void;
}

/** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
export function readBufferSize(size: unknown, name: string): number {
  if (!size) return DEFAULT_BUFFER_SIZE;
  if (typeof size !== 'number') throw invalidType(name, 'of type number', size);
  if (!Number.isInteger(size)) throw outOfRange(name, 'an integer', size);
  if (size < 0 || size > HIGHEST_UINT32) {
    throw outOfRange(name, `>= 0 && <= ${HIGHEST_UINT32}`, size);
  }
  return size;
}

/** @throws ERR_SOCKET_BAD_BUFFER_SIZE */
export function checkBufferSize(size: unknown): void {
  if (typeof size !== 'number' || size >>> 0 !== size) throw badBufferSize();
}

/** Finds the address of a name. Calls back in a later turn for literal addresses too. */
export function resolveName(
  lookup: SocketLookup | undefined,
  name: string,
  callback: (error: NodeJS.ErrnoException | null, address: string) => void,
): void {
  if (lookup !== undefined) lookup(name, 6, callback);
  // Programs replace the property, and see literal addresses too then.
  else if (dns.lookup !== systemLookup || !isIPv6(name)) dns.lookup(name, 6, callback);
  else nextTick(callback, null, name);
}
