import { CodecError, type Endpoint, type Profile } from '@6bed4/codec';
import type { PeeringOptions } from '../peering/options.js';

const HIGHEST_TTL = 255;

/** What a `Peer` is told. */
export interface PeerOptions {
  /**
   * The routers to get addresses from, 16 at most; text is `A.B.C.D` or `A.B.C.D:port`, the default
   * port being the profile's. May be empty: see `Peer.addRouter`.
   */
  readonly routers: readonly (Endpoint | string)[];
  /** Constants of the deployment; default `reference2020`. */
  readonly profile?: Profile | undefined;
  /**
   * Keepalives to each router: `interval` in seconds (0 = none), `ttl` the IPv4 TTL 1..255 (0 = the
   * system's default). Default 30 s with TTL 3, which passes the local NATs and dies on the way.
   */
  readonly keepalive?: { readonly interval: number; readonly ttl: number } | undefined;
  /** Which address under each prefix is the peer's own: 1..16383 in draft03; default 1. */
  readonly lanip?: number | undefined;
  /** Believe direct frames from private IPv4 space; default true. */
  readonly allowPrivate?: boolean | undefined;
  /** Believe direct frames from 127.0.0.0/8; default: only when a router is there. */
  readonly allowLoopback?: boolean | undefined;
  /** How direct paths are found; default: as the dialect prescribes. */
  readonly peering?: PeeringOptions | undefined;
  /** Random numbers in [0, 1) that strangers cannot foresee: they protect hash tables and nonces. */
  readonly random: () => number;
}

/** @throws CodecError */
export function checkKeepalive(keepalive: { readonly interval: number; readonly ttl: number }): {
  readonly interval: number;
  readonly ttl: number;
} {
  const { interval, ttl } = keepalive;
  if (!Number.isFinite(interval) || interval < 0) {
    throw new CodecError('keepalive.interval', String(interval), 'seconds, 0 or more');
  }
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > HIGHEST_TTL) {
    throw new CodecError('keepalive.ttl', String(ttl), `an integer from 0 to ${HIGHEST_TTL}`);
  }
  return { interval, ttl };
}

/** @throws CodecError */
export function checkLanip(lanip: number, highest: number): number {
  if (highest > 0 && (!Number.isInteger(lanip) || lanip < 1 || lanip > highest)) {
    throw new CodecError('lanip', String(lanip), `an integer from 1 to ${highest}`);
  }
  return lanip;
}
