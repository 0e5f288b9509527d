import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const TICK = 5;

/**
 * A slow way with a long queue, as that of a modem: takes bytes as they come until its queue is full, and hands them on at
 * its rate, in each direction.
 */
export class SlowRelay {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param queue - bytes that may wait in each direction */
  static async open(target: number, bytesPerSecond: number, queue: number): Promise<SlowRelay> {
    const server = createServer();
    const relay = new SlowRelay(server);
    server.on('connection', (near) => {
      const far = connect(target, '127.0.0.1');
      relay.#join(near, far, bytesPerSecond, queue);
      relay.#join(far, near, bytesPerSecond, queue);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(from: Socket, to: Socket, bytesPerSecond: number, queue: number): void {
    this.#sockets.push(from);
    const waiting: Buffer[] = [];
    let [bytes, credit, at] = [0, 0, performance.now()];
    from.setNoDelay(true).on('error', () => to.destroy());
    from.on('data', (chunk: Buffer) => {
      waiting.push(chunk);
      bytes += chunk.length;
      if (bytes > queue) from.pause();
    });
    const timer = setInterval(() => {
      const now = performance.now();
      credit = Math.min(bytesPerSecond / 10, credit + ((now - at) / 1000) * bytesPerSecond);
      at = now;
      while (waiting.length > 0 && credit > 0) {
        const chunk = waiting[0]!;
        const part = chunk.subarray(0, Math.ceil(credit));
        if (part.length === chunk.length) waiting.shift();
        else waiting[0] = chunk.subarray(part.length);
        credit -= part.length;
        bytes -= part.length;
        to.write(part);
      }
      if (bytes <= queue) from.resume();
    }, TICK);
    from.once('close', () => {
      clearInterval(timer);
      to.destroy();
    });
  }
}
