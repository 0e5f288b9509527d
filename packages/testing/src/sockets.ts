import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { type EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';

/** Ports that no system chooses by itself: Linux does from 32768 on. */
const [FIRST, END] = [10_240, 32_768];

/**
 * A port of an address at which nobody uses UDP or TCP. Sockets that ask for any port do not get it before it is used;
 * tests that run at the same time do in one of twenty thousand cases.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if ((await isUdpFree(port, host)) && (await isTcpFree(port, host))) return port;
  }
}

async function isUdpFree(port: number, host: string): Promise<boolean> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind(port, host);
  const isBound = await succeeds(socket);
  socket.close();
  await once(socket, 'close');
  return isBound;
}

async function isTcpFree(port: number, host: string): Promise<boolean> {
  const server = createServer().listen(port, host);
  if (!(await succeeds(server))) return false;
  server.close();
  await once(server, 'close');
  return true;
}

/** Whether a socket listens; it may not, where its port is in use. */
async function succeeds(socket: EventEmitter): Promise<boolean> {
  return await once(socket, 'listening').then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return false;
      throw error;
    },
  );
}
