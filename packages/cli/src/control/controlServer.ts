import { lstat, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { StartError } from '@6bed4/node';
import { isListening } from './controlClient.js';
import { type ControlRequest, readRequest, refusalLine, STATUS_REQUEST } from './controlRequest.js';

/** Mode bits that sockets do not get: they can be used by their owner only. */
const SOCKET_UMASK = 0o177;

/** Time in milliseconds for a client to read its answer. */
const CLIENT_TIMEOUT = 5_000;

/** Time in milliseconds for a client to read what it is sent last, when the daemon ends. */
const LAST_WORDS_TIMEOUT = 200;

/** Streams that there are at one time, at most. */
const MOST_STREAMS = 16;

/** Returns the status; called once for each connection. */
export type StatusSource = () => object | Promise<object>;

/**
 * Answers a request with a stream.
 *
 * @throws StartError when there is none; the client is told why
 */
export type StreamSource = (request: ControlRequest, client: Socket) => void | Promise<void>;

/**
 * A Unix domain socket that serves the status of a daemon: each client gets one JSON object and a
 * line feed, and the connection is closed. Clients that request something else in a line of JSON get a stream, which
 * lasts until one of the two sides ends it.
 */
export class ControlServer {
  /** The socket's path. */
  readonly path: string;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #waiting = new Map<Socket, ControlRequest>();
  #source: StatusSource | null = null;
  #streams: StreamSource | null = null;
  #streamCount = 0;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
    server.on('connection', (client) => this.#connected(client));
    // Without a status socket the daemon still carries packets.
    server.on('error', () => {});
    server.unref();
  }

  /**
   * Listens at a path. The socket of a daemon that is gone is replaced.
   *
   * @throws StartError `EADDRINUSE` when a daemon listens there, `EEXIST` when something else than a
   * socket is there, or with the system's code
   */
  static async open(path: string): Promise<ControlServer> {
    try {
      return new ControlServer(path, await listen(path));
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw startError(error, path);
    }
    // Not lstatSync, nor what calls lstat with a callback, as rm does: after one of a socket, Node.js 20
    // resolves no symbolic links of modules any more.
    const existing = await lstat(path).catch(() => null);
    if (existing?.isSocket() === false) {
      throw new StartError('EEXIST', `the control socket ${path} cannot be made: it is a file`);
    }
    if (await isListening(path)) {
      throw new StartError('EADDRINUSE', `the control socket ${path} is in use by another daemon`);
    }
    try {
      await unlink(path).catch(unlessGone);
      return new ControlServer(path, await listen(path));
    } catch (error) {
      throw startError(error, path);
    }
  }

  /** Begins to answer, the clients that are waiting first. */
  serve(source: StatusSource, streams: StreamSource | null = null): void {
    this.#source = source;
    this.#streams = streams;
    for (const [client, request] of this.#waiting) void this.#answer(client, request);
    this.#waiting.clear();
  }

  /** Removes the socket and closes all connections. */
  close(): Promise<void> {
    // What was written last still gets to clients that read it.
    for (const client of this.#clients) client.destroySoon();
    setTimeout(() => {
      for (const client of this.#clients) client.destroy();
    }, LAST_WORDS_TIMEOUT).unref();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #connected(client: Socket): void {
    this.#clients.add(client);
    client.unref();
    client.setTimeout(CLIENT_TIMEOUT, () => client.destroy());
    client.on('error', () => {});
    client.on('close', () => {
      this.#clients.delete(client);
      this.#waiting.delete(client);
    });
    void readRequest(client).then((request) => {
      if (this.#source === null) this.#waiting.set(client, request);
      else void this.#answer(client, request);
    });
  }

  async #answer(client: Socket, request: ControlRequest): Promise<void> {
    try {
      if (request.request === STATUS_REQUEST) {
        client.end(`${JSON.stringify(await this.#source!())}\n`);
      } else {
        await this.#stream(client, request);
      }
    } catch (error) {
      // Otherwise the daemon is closing.
      if (error instanceof StartError) client.end(refusalLine(error));
      else client.destroy();
    }
  }

  async #stream(client: Socket, request: ControlRequest): Promise<void> {
    const streams = this.#streams;
    if (streams === null) throw new StartError('ENOTSUP', 'there are no streams');
    if (this.#streamCount >= MOST_STREAMS) {
      throw new StartError('EBUSY', `${MOST_STREAMS} others are watching already`);
    }
    if (client.destroyed) return;
    this.#streamCount++;
    client.once('close', () => this.#streamCount--);
    client.setTimeout(0);
    await streams(request, client);
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true });
    server.once('error', reject);
    // The socket's file is made within this call, with the right permissions from the beginning.
    const umask = process.umask(SOCKET_UMASK);
    try {
      server.listen(path, () => {
        server.removeListener('error', reject);
        resolve(server);
      });
    } finally {
      process.umask(umask);
    }
  });
}

/** Ignores that another process has removed the file already. */
function unlessGone(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}

function startError(error: unknown, path: string): StartError {
  const code = codeOf(error);
  const why = code === 'EACCES' || code === 'EPERM' ? 'not permitted' : code;
  return new StartError(code, `the control socket ${path} cannot be made: ${why}`, {
    cause: error,
  });
}
