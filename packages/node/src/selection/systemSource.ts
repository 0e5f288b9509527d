import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { SourceAddress } from './sourceSelection.js';

/** The port has no effect, since nothing is sent. */
const DISCARD = 9;

/**
 * The source address that the system selects for a destination, by its own rules and routes; null where
 * it has no route. Nothing is sent.
 *
 * @param destination - IPv4 or IPv6 address
 */
export async function systemSource(destination: string): Promise<SourceAddress | null> {
  const socket = createSocket(destination.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.connect(DISCARD, destination);
    await once(socket, 'connect');
    const { address } = socket.address();
    const prefixLength = prefixLengthOf(address);
    return { address, ...(prefixLength === undefined ? {} : { prefixLength }) };
  } catch {
    return null;
  } finally {
    socket.close();
  }
}

function prefixLengthOf(address: string): number | undefined {
  for (const each of Object.values(networkInterfaces())) {
    const found = each?.find((info) => info.address === address);
    if (found !== undefined) return Number(found.cidr?.split('/')[1]) || undefined;
  }
  return undefined;
}
