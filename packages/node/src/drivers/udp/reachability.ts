import { createSocket } from 'node:dgram';
import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import { StartError } from '../../errors.js';

/**
 * Checks that the system has a route to an endpoint, without sending anything.
 *
 * @param from - local IPv4 address that is going to be used
 * @throws StartError when there is none
 */
export async function checkRoute(to: Endpoint, from: string): Promise<void> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: from, port: 0, exclusive: true }, () => {
        socket.once('connect', resolve);
        socket.connect(to.port, to.address);
      });
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const message = `no route to the router ${formatEndpoint(to)} from ${from} (${code})`;
    throw new StartError('ENETUNREACH', message, { cause: error });
  } finally {
    socket.close();
  }
}
