import type { Endpoint } from '@6bed4/codec';
import type { PeerDriver } from '../drivers/driver.js';
import { PortableUdp } from '../drivers/portable/portableUdp.js';
import type { StartError } from '../errors.js';
import { setImmediate } from '../realTimers.js';
import { HostWatch } from './hostWatch.js';
import type { PeerDaemonOptions } from './peerOptions.js';

/** Notices what happens to the network of a peer. */
export interface NetworkWatch {
  /** Whether there is a route to any router, as far as that is known. */
  readonly hasRoute: boolean;
  /** The routers are others than before. */
  routersChanged(): void;
  /** Looks at the local networks, and tells the peer when they are others than before. */
  tellSubnets(): void;
  close(): void;
}

/** The peer that a {@link NetworkWatch} works for. */
export interface NetworkWatchUser {
  readonly running: PeerDriver;
  /** The clock of the tunnel, in milliseconds. */
  readonly clock: () => number;
  /** The routers that it wants to reach. */
  routers(): readonly Endpoint[];
  /** The computer moved, or slept. */
  moved(): void;
  /** There is no route to any router any more, or not yet. */
  noRoute(error: StartError): void;
}

const NOTHING: NetworkWatch = {
  hasRoute: true,
  routersChanged: () => {},
  tellSubnets: () => {},
  close: () => {},
};

/** Begins to watch what carries the datagrams of a peer: this computer, an environment, or nothing. */
export async function watchNetwork(
  { datagrams, environment }: PeerDaemonOptions,
  { running, clock, routers, moved, noRoute }: NetworkWatchUser,
): Promise<NetworkWatch> {
  const tell = running.searchesLan
    ? (subnets: readonly string[]) => running.setLocalSubnets(subnets)
    : null;
  if (environment !== undefined) {
    const { network } = environment;
    if (network === undefined) return NOTHING;
    tell?.(network.subnets());
    const close = network.onMove(() => {
      tell?.(network.subnets());
      moved();
    });
    return { ...NOTHING, close };
  }
  if (datagrams !== undefined && !(datagrams instanceof PortableUdp)) return NOTHING;
  const { endpoint, tun } = running;
  return HostWatch.open(
    { from: endpoint.address, tun, clock },
    {
      ...{ routers, moved, subnetsChanged: tell },
      // Listeners for it are added when the peer has started.
      noRoute: (error) => setImmediate(() => noRoute(error)),
    },
  );
}
