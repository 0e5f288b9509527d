import { createSocket } from 'node:dgram';
import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import { StartError } from '../../errors.js';

/** Errors of a computer whose network is not up yet, or has no route to the Internet yet. */
const PASSING: readonly string[] = [
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
];

/**
 * Checks that the system can have a route to an endpoint, now or later, without sending anything.
 *
 * @param from - local IPv4 address that is going to be used
 * @throws StartError when there never can be one
 */
export async function checkRoute(to: Endpoint, from: string): Promise<void> {
  try {
    await sourceTowards(to, from);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (PASSING.includes(code)) return;
    const message = `no route to the router ${formatEndpoint(to)} from ${from} (${code})`;
    throw new StartError('ENETUNREACH', message, { cause: error });
  }
}

/**
 * The local IPv4 address from which datagrams to an endpoint are sent; nothing is.
 *
 * @param from - the local address to use; 0.0.0.0 leaves it to the system
 * @throws the error of the system when there is no route
 */
export async function sourceTowards(to: Endpoint, from: string): Promise<string> {
  const socket = createSocket('udp4').unref();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: from, port: 0, exclusive: true }, () => {
        socket.once('connect', resolve);
        socket.connect(to.port, to.address);
      });
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}
