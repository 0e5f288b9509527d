import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Connection } from '../../src/relay/network.js';

/** What is left to close when a test ends. */
export class Endings {
  readonly #actions: (() => unknown)[] = [];

  add(action: () => unknown): void {
    this.#actions.push(action);
  }

  async run(): Promise<void> {
    for (const action of this.#actions.splice(0).reverse()) await action();
  }

  /** A TCP server of ::1; its port. */
  async server(listener: (socket: Socket) => void, host = '::1'): Promise<number> {
    const sockets = new Set<Socket>();
    const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      listener(socket);
    });
    server.listen(0, host);
    await once(server, 'listening');
    this.add(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return (server.address() as { port: number }).port;
  }
}

/** All bytes that come until the end, and how the connection ended. */
export function readAll(connection: Connection): Promise<{ bytes: Buffer; code: string | null }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let code: string | null = null;
    connection.on('data', (chunk: Buffer) => chunks.push(chunk));
    connection.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    const finish = (): void => resolve({ bytes: Buffer.concat(chunks), code });
    connection.once('end', finish);
    connection.once('close', finish);
  });
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean, timeout = 10_000): Promise<void> {
  const end = performance.now() + timeout;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeout} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
