import type { Endpoint, Profile } from '@6bed4/codec';
import { type PeerDaemon, startPeer } from '@6bed4/node';
import type { AddressLease } from '@6bed4/tunnel';
import { PathPing } from '../ping/pathPing.js';

/** Milliseconds for a Router Advertisement, and for an echo reply. */
const PATIENCE = 800;
/** Milliseconds for one reply; a datagram may get lost. */
const ONE_REPLY = 350;

/** What a test through the tunnel is about. */
export interface TunnelTestOptions {
  readonly router: Endpoint;
  readonly profile: Profile;
  /** IPv4 address to send from; default: the system's choice. */
  readonly source?: string | undefined;
  /** IPv6 address of the router. */
  readonly address: string;
  /** IPv6 address of a host beyond the router that has to answer, too. */
  readonly host?: string | undefined;
}

/** The result: null for success, else what failed. */
export type TunnelFailure = string | null;

/**
 * Asks a router for an address as a peer does, and sends echo requests through the tunnel to the router and, if wished, to
 * a host beyond it.
 *
 * @throws StartError when no socket can be had
 */
export async function testTunnel(options: TunnelTestOptions): Promise<TunnelFailure> {
  const { router, profile, source, address, host } = options;
  const peer = await startPeer({
    routers: [router],
    profile,
    listen: source,
    // It is the router of this computer, whatever its address.
    allowPrivate: true,
    allowLoopback: true,
    keepalive: { interval: 0, ttl: 0 },
    peering: { strategy: 'via-router', avoidTrapezium: false },
  });
  try {
    const lease = await firstLease(peer);
    if (lease === null) return 'no Router Advertisement came for a Router Solicitation';
    for (const remote of [address, ...(host === undefined ? [] : [host])]) {
      if (!(await answers(peer, lease.address, remote))) {
        return `${remote} does not answer echo requests through the tunnel`;
      }
    }
    return null;
  } finally {
    await peer.close();
  }
}

function firstLease(peer: PeerDaemon): Promise<AddressLease | null> {
  const [lease] = peer.leases;
  if (lease !== undefined) return Promise.resolve(lease);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), PATIENCE);
    peer.once('address', (first) => {
      clearTimeout(timer);
      resolve(first);
    });
  });
}

async function answers(peer: PeerDaemon, source: string, remote: string): Promise<boolean> {
  const ping = new PathPing(peer, remote);
  for (let left = PATIENCE; left > 0; left -= ONE_REPLY) {
    const { roundTripMs } = await ping.ping(source, Math.min(left, ONE_REPLY));
    if (roundTripMs !== null) return true;
  }
  return false;
}
