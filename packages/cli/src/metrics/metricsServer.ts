import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { StartError } from '@6bed4/node';
import type { DaemonStatus } from '../control/status.js';
import { isLoopback, type ListenAddress } from '../options/listenAddress.js';
import { metricsOf } from './metrics.js';

const PATH = '/metrics';
/** Of the text format of Prometheus. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Milliseconds that a request may take to arrive. */
const REQUEST_TIMEOUT = 10_000;
/** More than the systems that would ask. */
const MOST_CONNECTIONS = 32;

/** A name of this computer itself. */
const LOCALHOST = /^(?:.*\.)?localhost$/i;
/** Host and port of a request (RFC 9110 §7.2). */
const HOST = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]*)?$/;

/** Answers Prometheus over HTTP with the metrics of a daemon. */
export class MetricsServer {
  readonly #server: Server;
  #source: (() => object | Promise<object>) | null = null;

  private constructor(server: Server) {
    this.#server = server;
    server.maxConnections = MOST_CONNECTIONS;
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  /** Listens. @throws StartError when that is not possible */
  static async open({ host, port }: ListenAddress): Promise<MetricsServer> {
    // Most daemons do without.
    const { createServer } = await import('node:http');
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT });
    return new Promise((resolve, reject) => {
      server.once('error', ({ code = 'EIO' }: NodeJS.ErrnoException) => {
        reject(
          new StartError(code, `--metrics: listening on ${host} port ${port} failed: ${code}`),
        );
      });
      server.listen(port, host, () => {
        server.removeAllListeners('error').on('error', () => {});
        resolve(new MetricsServer(server.unref()));
      });
    });
  }

  /** Answers from now on with a status; until then, requests get 503. */
  serve(source: () => object | Promise<object>): void {
    this.#source = source;
  }

  /** Ends it and its connections. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '', headers } = request;
    if (isLocal(request) && !isNameOfThis(headers.host)) {
      response.writeHead(421).end();
      return;
    }
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const source = this.#source;
    const isMetrics = url.split('?')[0] === PATH;
    if (!isMetrics || source === null) {
      response.writeHead(isMetrics ? 503 : 404).end();
      return;
    }
    try {
      const text = await metricsOf((await source()) as DaemonStatus);
      response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(text);
    } catch {
      // A daemon that ends has no status any more.
      response.writeHead(503).end();
    }
  }
}

function isLocal({ socket }: IncomingMessage): boolean {
  const { localAddress = '' } = socket;
  return isIP(localAddress) !== 0 && isLoopback({ host: localAddress, port: 0 });
}

/**
 * Whether a request over loopback means this computer. A page in a browser here could read the answer otherwise, by
 * a name of its own that is given the address of loopback after the page was loaded (DNS rebinding).
 */
function isNameOfThis(host = ''): boolean {
  const [, ipv6, other = ''] = HOST.exec(host) ?? [];
  return host === '' || isIP(ipv6 ?? other) !== 0 || LOCALHOST.test(other);
}
