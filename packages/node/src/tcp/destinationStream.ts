import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectOptions, connect, type StreamTunnel } from '../selection/connect.js';
import type { Resolve } from '../selection/lookup.js';

/** Options about the choice of the path to a destination, which are those of `connect`. */
export type DestinationOptions = Pick<
  ConnectOptions,
  'delay' | 'policy' | 'resolve' | 'systemSource'
>;

/** Those among other options. */
export function destinationOptions(options: DestinationOptions): DestinationOptions {
  const { delay, policy, resolve, systemSource } = options;
  return {
    ...(delay === undefined ? {} : { delay }),
    ...(policy === undefined ? {} : { policy }),
    ...(resolve === undefined ? {} : { resolve }),
    ...(systemSource === undefined ? {} : { systemSource }),
  };
}

/** What HTTP clients ask for. Addresses in `host` have no brackets. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  /** Looks names up in the way of `dns.lookup`; it has precedence over `resolve`. */
  readonly lookup?: LookupFunction | undefined;
  /** Restricts the addresses of a name. */
  readonly family?: number | undefined;
  /** As in {@link ConnectOptions}; 0 and undefined for no bound. */
  readonly timeout?: number | undefined;
  readonly noDelay?: boolean | undefined;
  readonly keepAlive?: boolean | undefined;
  readonly keepAliveInitialDelay?: number | undefined;
}

/**
 * An open stream to a destination: through the tunnel to 6bed4 addresses, and to all of IPv6 where the
 * system has no route; otherwise the system's TCP. Errors are those of `connect`.
 */
export async function openDestination(
  tunnel: StreamTunnel,
  options: DestinationOptions,
  destination: Destination,
): Promise<Duplex> {
  const { host, port, timeout, noDelay, keepAlive, keepAliveInitialDelay } = destination;
  const resolve = resolveFor(destination, options.resolve);
  const stream = await connect({
    ...options,
    tunnel,
    host,
    port,
    ...(resolve === undefined ? {} : { resolve }),
    ...(timeout === undefined || timeout === 0 ? {} : { timeout }),
  });
  // Both kinds of streams have what sockets of `node:net` have.
  const socket = stream as Socket;
  if (noDelay) socket.setNoDelay(true);
  if (keepAlive) socket.setKeepAlive(true, keepAliveInitialDelay);
  return socket;
}

function resolveFor(
  { lookup, family }: Destination,
  resolve: Resolve | undefined,
): Resolve | undefined {
  const chosen = lookup === undefined ? resolve : resolveBy(lookup);
  if (family !== 4 && family !== 6) return chosen;
  // Not a function imported by name: programs replace the property.
  const ofFamily = chosen ?? resolveBy((...all) => dns.lookup(...all));
  return async (hostname, options) => {
    const found = await ofFamily(hostname, { ...options, family });
    return found.filter((each) => each.family === family);
  };
}

function resolveBy(lookup: LookupFunction): Resolve {
  return (hostname, { family, hints }) =>
    new Promise((resolve, reject) => {
      lookup(hostname, { all: true, family, hints }, (error, found, foundFamily) => {
        if (error) reject(error);
        else if (Array.isArray(found)) resolve(found as LookupAddress[]);
        else resolve([{ address: found, family: foundFamily! }]);
      });
    });
}
