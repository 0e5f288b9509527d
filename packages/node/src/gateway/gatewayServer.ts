import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { StartError } from '../errors.js';
import type { GatewaySettings } from './gatewayOptions.js';

/** Milliseconds that a request may take to arrive. */
const REQUEST_TIMEOUT = 10_000;
/** Milliseconds between two looks at the files of a certificate. */
const CERTIFICATE_INTERVAL = 60_000;
/** Connections that are no WebSocket yet, besides those of clients. */
const MORE_CONNECTIONS = 256;
const LONGEST_HEADERS = 8 << 10;

/** Takes a request for a WebSocket. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The web server of a gateway. */
export class GatewayServer {
  readonly #server: Server;
  readonly #stopWatching: () => void;

  private constructor(server: Server, stopWatching: () => void) {
    this.#server = server;
    this.#stopWatching = stopWatching;
  }

  /**
   * Listens.
   *
   * @throws StartError when that is not possible, or a file of the certificate cannot be used
   */
  static async open(
    { web, tls, path, maxClients }: GatewaySettings,
    onUpgrade: UpgradeHandler,
    onWarning: (error: StartError) => void,
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
      stopWatching = watchCertificate(tls, (files) => secure.setSecureContext(files), onWarning);
      server = secure;
    }
    server.maxConnections = maxClients + MORE_CONNECTIONS;
    server.on('connection', (socket) => socket.setNoDelay(true));
    server.on('upgrade', onUpgrade);
    return new Promise((resolve, reject) => {
      server.once('error', ({ code = 'EIO' }: NodeJS.ErrnoException) => {
        stopWatching();
        const where = `${web.host} port ${web.port}`;
        reject(new StartError(code, `listening for WebSockets on ${where} failed: ${code}`));
      });
      server.listen(web.port, web.host, () => {
        server.removeAllListeners('error').on('error', () => {});
        resolve(new GatewayServer(server, stopWatching));
      });
    });
  }

  /** Where it listens. */
  get address(): { readonly host: string; readonly port: number } {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') return { host: '', port: 0 };
    return { host: bound.address, port: bound.port };
  }

  /** Takes no more connections; resolves when all have ended. */
  close(): Promise<void> {
    this.#stopWatching();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
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
