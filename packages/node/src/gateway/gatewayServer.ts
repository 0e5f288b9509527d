import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { StartError } from '../errors.js';
import { clearTimeout, setTimeout } from '../realTimers.js';
import { plain, sourceOf } from './clientAddress.js';
import { ConnectionGuard } from './connectionGuard.js';
import type { ConnectionFailure } from './gatewayCounters.js';
import type { GatewaySettings } from './gatewayOptions.js';

/** Why nothing can listen, by the code of the system's error. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this computer has no such address',
  EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE',
};

/** Milliseconds that a request may take to arrive. */
const REQUEST_TIMEOUT = 5_000;
/** Milliseconds between two looks after requests that take too long. */
const CHECK_INTERVAL = 1_000;
/** Milliseconds between two looks at the files of a certificate. */
const CERTIFICATE_INTERVAL = 60_000;
/** Connections that are no WebSocket yet, besides those of clients. */
const MORE_CONNECTIONS = 1024;
const LONGEST_HEADERS = 8 << 10;

/** Takes a request for a WebSocket. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Whom a {@link GatewayServer} tells what happens. */
export interface GatewayServerUser {
  /** A certificate that was renewed cannot be used. */
  warning(error: StartError): void;
  /** A connection was cut before it said anything. */
  refused(reason: ConnectionFailure, source: string): void;
}

/** The web server of a gateway. */
export class GatewayServer {
  readonly #server: Server;
  readonly #stopWatching: () => void;

  readonly #guard: ConnectionGuard;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(
    server: Server,
    guard: ConnectionGuard,
    sockets: ReadonlySet<Socket>,
    stopWatching: () => void,
  ) {
    this.#server = server;
    this.#guard = guard;
    this.#sockets = sockets;
    this.#stopWatching = stopWatching;
  }

  /**
   * Listens.
   *
   * @throws StartError when that is not possible, or a file of the certificate cannot be used
   */
  static async open(
    { web, tls, path, maxClients, trustProxies }: GatewaySettings,
    onUpgrade: UpgradeHandler,
    user: GatewayServerUser,
  ): Promise<GatewayServer> {
    const answer: RequestListener = ({ url = '' }, response) => {
      const isOurs = url.split('?')[0] === path;
      response.writeHead(isOurs ? 426 : 404, {
        connection: 'close',
        ...(isOurs && { upgrade: 'websocket' }),
      });
      response.end();
    };
    const limits = {
      requestTimeout: REQUEST_TIMEOUT,
      headersTimeout: REQUEST_TIMEOUT,
      connectionsCheckingInterval: CHECK_INTERVAL,
      maxHeaderSize: LONGEST_HEADERS,
    };
    let server: Server;
    let stopWatching = (): void => {};
    if (tls === null) server = createServer(limits, answer);
    else {
      const https = await import('node:https');
      const secure = https.createServer(
        { ...limits, ...(await certificate(tls)), handshakeTimeout: REQUEST_TIMEOUT },
        answer,
      );
      stopWatching = watchCertificate(tls, (files) => secure.setSecureContext(files), user.warning);
      server = secure;
    }
    server.maxConnections = maxClients + MORE_CONNECTIONS;
    const guard = new ConnectionGuard(trustProxies);
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      const refusal = guard.refuse(socket);
      if (refusal === null) {
        socket.setNoDelay(true);
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      } else {
        user.refused(refusal, sourceOf(plain(socket.remoteAddress ?? '')));
        socket.destroy();
      }
    });
    server.on('upgrade', onUpgrade);
    return new Promise((resolve, reject) => {
      server.once('error', ({ code = 'EIO' }: NodeJS.ErrnoException) => {
        stopWatching();
        const where = `${web.host} port ${web.port}`;
        const why = REASONS[code] ?? code;
        reject(new StartError(code, `cannot listen for WebSockets on ${where}: ${why}`));
      });
      server.listen(web.port, web.host, () => {
        server.removeAllListeners('error').on('error', () => {});
        resolve(new GatewayServer(server, guard, sockets, stopWatching));
      });
    });
  }

  /** Where it listens. */
  get address(): { readonly host: string; readonly port: number } {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') return { host: '', port: 0 };
    return { host: bound.address, port: bound.port };
  }

  /** A connection has become a WebSocket. */
  upgraded(socket: Socket): void {
    this.#guard.passed(socket);
  }

  /** Takes no more connections; resolves when all have ended, or were cut after some milliseconds. */
  close(patience: number): Promise<void> {
    this.#stopWatching();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy();
      }, patience);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      // Those that are no WebSocket.
      this.#server.closeAllConnections();
    });
  }
}

interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** @throws StartError for a file that cannot be read, or is of another kind */
async function certificate(files: CertificateFiles): Promise<{ cert: Buffer; key: Buffer }> {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
    const { createSecureContext } = await import('node:tls');
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    const { code = 'EINVAL', message } = error as NodeJS.ErrnoException;
    throw new StartError(code, `the certificate cannot be used: ${message}`, { cause: error });
  }
}

/** Reads a certificate again when it was renewed. @returns what ends that */
function watchCertificate(
  files: CertificateFiles,
  use: (certificate: { cert: Buffer; key: Buffer }) => void,
  onWarning: (error: StartError) => void,
): () => void {
  const read = (): void => {
    certificate(files).then(use, (error: unknown) => {
      if (error instanceof StartError) onWarning(error);
    });
  };
  const paths = [files.cert, files.key];
  for (const path of paths) {
    watchFile(path, { persistent: false, interval: CERTIFICATE_INTERVAL }, read);
  }
  return () => {
    for (const path of paths) unwatchFile(path, read);
  };
}
