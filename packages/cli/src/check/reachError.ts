import { createSocket } from 'node:dgram';
import type { Endpoint } from '@6bed4/codec';

/** Milliseconds between two datagrams: systems limit how many errors they report. */
const PACE = 300;

/**
 * The error that the network reports on a datagram to an endpoint (RFC 792), such as `ECONNREFUSED` where nothing
 * listens and `EHOSTUNREACH` where nobody is; null for none. The datagrams are empty, as a keepalive is.
 *
 * @param patience - milliseconds that an error may take
 */
export function reachError({ address, port }: Endpoint, patience: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const send = (): void => socket.send(new Uint8Array(0));
    let repetition: NodeJS.Timeout | undefined;
    const end = (code: string | null): void => {
      clearTimeout(timer);
      clearInterval(repetition);
      socket.removeAllListeners('error').on('error', () => {});
      socket.close();
      resolve(code);
    };
    const timer = setTimeout(() => end(null), patience);
    // The system tells only connected sockets.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code ?? null));
    socket.connect(port, address, () => {
      send();
      repetition = setInterval(send, PACE);
    });
  });
}
