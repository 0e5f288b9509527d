import { connect } from 'node:net';
import { untilConnected } from '@6bed4/node';
import { Connections } from '../relay/connections.js';
import type { Connection, ConnectionServer, Network } from '../relay/network.js';
import { relayTo } from '../relay/relayTo.js';
import { listening } from './listening.js';
import { proxyHeader } from './proxyProtocol.js';
import type { RunningService, ServeOptions, ServiceCounts } from './runningService.js';
import { type Service, serviceText } from './service.js';

/** Milliseconds until a local service has to accept a connection. */
const CONNECT_TIMEOUT = 10_000;

/** A local TCP service that others reach at a port of the 6bed4 address. */
export class TcpService implements RunningService {
  readonly service: Service;
  readonly #options: ServeOptions;
  readonly #connections: Connections;
  readonly #server: ConnectionServer;

  constructor(service: Service, network: Network, options: ServeOptions) {
    this.service = service;
    this.#options = options;
    this.#connections = new Connections(options.limits);
    this.#server = network.createServer({ allowHalfOpen: true, noDelay: true }, (remote) => {
      void this.#connected(remote);
    });
  }

  listen(): Promise<void> {
    return listening(this.#server, this.service.port, serviceText(this.service));
  }

  counts(): ServiceCounts {
    return { service: serviceText(this.service), ...this.#connections.counts() };
  }

  close(): void {
    this.#server.close();
    this.#connections.close();
  }

  async #connected(remote: Connection): Promise<void> {
    if (!this.#connections.add(remote)) return;
    remote.on('error', () => {});
    const { host, hostPort } = this.service;
    const source = { address: remote.remoteAddress ?? '', port: remote.remotePort ?? 0 };
    const { localAddress: address = '::', localPort: port = this.service.port } = remote;
    const limit = AbortSignal.timeout(CONNECT_TIMEOUT);
    const done = (failure: string | null): void => {
      this.#options.onConnection({ service: this.service, remote: source, failure });
    };
    try {
      const options = { host, port: hostPort, allowHalfOpen: true, noDelay: true } as const;
      await relayTo({
        client: remote,
        early: Buffer.alloc(0),
        connect: (signal) => untilConnected(connect(options), AbortSignal.any([signal, limit])),
        onConnected: (local) => {
          if (this.#options.proxyProtocol) local.write(proxyHeader(source, { address, port }));
        },
        abandoned: () => Object.assign(new Error('the remote is gone'), { code: 'ECONNABORTED' }),
        idleTimeout: this.#options.limits.idleTimeout,
      });
      done(null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The reason of a timeout has a number.
      const failure = typeof code === 'string' ? code : 'ETIMEDOUT';
      this.#connections.failed(failure);
      done(failure);
      remote.resetAndDestroy();
    }
  }
}
