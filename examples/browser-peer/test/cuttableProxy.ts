import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy to a port of loopback, whose connections can be cut. */
export class CuttableProxy {
  readonly #server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.#server = createServer((socket) => {
      const other = connect(target, '127.0.0.1');
      for (const one of [socket, other]) {
        this.#sockets.add(one);
        one.on('error', () => {}).on('close', () => this.#sockets.delete(one));
      }
      socket.pipe(other).pipe(socket);
    });
  }

  static async open(target: number): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(target);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections as a reset does. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
