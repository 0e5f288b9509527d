import { createHash, timingSafeEqual } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type ClientCredentials,
  closeCodes,
  LONGEST_MESSAGE,
  readSubprotocols,
  SUBPROTOCOL,
} from '@6bed4/gateway';
import { RateLimiter } from '@6bed4/tunnel';
import type { WebSocketServer } from 'ws';
import { StartError } from '../errors.js';
import { secureRandom } from '../random.js';
import { clearInterval, now, setInterval } from '../realTimers.js';
import { clientAddress, isProxyForgotten, sourceKey, sourceOf } from './clientAddress.js';
import { ClientConnection } from './clientConnection.js';
import type { ConnectionFailure, GatewayCounters } from './gatewayCounters.js';
import { type GatewayOptions, type GatewaySettings, readGatewayOptions } from './gatewayOptions.js';
import { GatewayServer } from './gatewayServer.js';
import { GatewaySessions } from './gatewaySessions.js';

/** Handshakes of one source: a second, and at once. */
const HANDSHAKES = { perSecond: 2, burst: 40 };
/** Milliseconds between two looks after all clients. */
const TICK = 1_000;
/** Pieces of a message, which may have one. */
const MOST_FRAGMENTS = 16;
/** Milliseconds that clients have to take leave. */
const LEAVE_TIME = 1_000;
const AUTHORIZATION = /^Bearer +([^ ]+)$/i;

/** A request that is answered without a WebSocket. */
interface HttpRefusal {
  readonly status: string;
  readonly reason: ConnectionFailure;
}

const BAD_REQUEST: HttpRefusal = { status: '400 Bad Request', reason: 'bad-request' };

/** Events of a {@link GatewayDaemon}. */
export interface GatewayEvents {
  /** A client has an endpoint, or came back to it. */
  client: [
    client: { readonly endpoint: string; readonly source: string; readonly resumed: boolean },
  ];
  /** The endpoint of a client was given up. */
  'client-gone': [client: { readonly endpoint: string }];
  /** A connection was refused, or ended for a fault of the client. */
  refused: [refusal: { readonly source: string; readonly reason: ConnectionFailure }];
  /** Something is not as it should be, but the gateway goes on. */
  warning: [error: StartError];
  /** The gateway cannot go on and has closed. */
  error: [error: StartError];
  /** All resources were released. */
  close: [];
}

/** What a gateway does at present. */
export interface GatewayReport {
  /** Clients with a connection, and those that are away. */
  readonly clients: { readonly connected: number; readonly away: number };
  /** Ports that are free for further clients. */
  readonly freePorts: number;
  /** Where it takes WebSockets. */
  readonly web: { readonly host: string; readonly port: number };
  readonly counters: GatewayCounters;
}

/** A running gateway; made by {@link startGateway}. */
export class GatewayDaemon extends EventEmitter<GatewayEvents> {
  readonly #settings: GatewaySettings;
  readonly #sessions: GatewaySessions;
  readonly #sockets: WebSocketServer;
  readonly #handshakes = new RateLimiter(HANDSHAKES, secureRandom);
  readonly #ticks: NodeJS.Timeout;
  #tokens: readonly Buffer[] | null = null;
  #server: GatewayServer | null = null;
  #closing: Promise<void> | null = null;
  #hasWarned = false;

  private constructor(
    settings: GatewaySettings,
    sockets: WebSocketServer,
    sessions: GatewaySessions,
  ) {
    super();
    this.#settings = settings;
    this.#sockets = sockets;
    this.#sessions = sessions;
    this.setTokens(settings.tokens);
    sessions.onFailure = ({ source }, reason) => this.emit('refused', { source, reason });
    sessions.onGone = (endpoint) => this.emit('client-gone', { endpoint });
    this.#ticks = setInterval(() => sessions.tick(now()), TICK);
  }

  /** @internal */
  static async start(options: GatewayOptions): Promise<GatewayDaemon> {
    const settings = readGatewayOptions(options);
    const { WebSocketServer } = await import('ws');
    const sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Packets are compressed or encrypted already, and each client would take memory for it.
      perMessageDeflate: false,
      maxPayload: LONGEST_MESSAGE,
      maxFragments: MOST_FRAGMENTS,
      // Answers may only wait for who reads them.
      autoPong: false,
      handleProtocols: () => SUBPROTOCOL,
    });
    const daemon = new GatewayDaemon(settings, sockets, await GatewaySessions.open(settings));
    try {
      await daemon.#sessions.checkAddress();
      daemon.#server = await GatewayServer.open(
        settings,
        (request, socket, head) => daemon.#upgrade(request, socket, head),
        {
          warning: (error) => daemon.emit('warning', error),
          refused(reason, source) {
            daemon.#sessions.counts.failed(reason);
            daemon.emit('refused', { source, reason });
          },
        },
      );
    } catch (error) {
      await daemon.close();
      throw error;
    }
    return daemon;
  }

  /** What it does at present. */
  report(): GatewayReport {
    const { clients, freePorts, counters } = this.#sessions;
    const web = this.#server?.address ?? this.#settings.web;
    return { clients, freePorts, web, counters };
  }

  /** Whoever has one of these may connect from now on; everybody for null. Those who are connected stay. */
  setTokens(tokens: readonly string[] | null): void {
    this.#tokens = tokens?.map(digest) ?? null;
  }

  /** Ends all connections and gives everything back. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#ticks);
    this.#sessions.close();
    await this.#server?.close(LEAVE_TIME);
    this.#sockets.close();
    this.emit('close');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    const source = sourceOf(clientAddress(request, this.#settings.trustProxies));
    const { headers } = request;
    if (!this.#hasWarned && isProxyForgotten(request, this.#settings.trustProxies)) {
      this.#hasWarned = true;
      const why = `a proxy at ${request.socket.remoteAddress} is not trusted: all its clients count as one`;
      this.emit('warning', new StartError('EPERM', why));
    }
    const offered = headers['sec-websocket-protocol']?.split(',').map((one) => one.trim());
    const credentials = readSubprotocols(offered ?? []);
    const refusal = this.#refusalOf(request, source);
    if (refusal !== null || credentials === null) {
      const { status, reason } = refusal ?? BAD_REQUEST;
      this.#sessions.counts.failed(reason);
      this.emit('refused', { source, reason });
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const bearer = AUTHORIZATION.exec(headers.authorization ?? '')?.[1];
    const token = bearer ?? credentials.token;
    this.#sockets.handleUpgrade(request, socket, head, (websocket) => {
      this.#server?.upgraded(request.socket);
      this.#accepted(new ClientConnection(websocket, socket, source), { ...credentials, token });
    });
  }

  /** Why a request is answered without a WebSocket; null when it is not. */
  #refusalOf({ url = '', headers }: IncomingMessage, source: string): HttpRefusal | null {
    const { path, allowOrigins } = this.#settings;
    const { origin } = headers;
    if (this.#closing !== null) return { status: '503 Service Unavailable', reason: 'full' };
    if (url.split('?')[0] !== path) return { status: '404 Not Found', reason: 'bad-request' };
    if (origin !== undefined && !allowOrigins.some((one) => one === '*' || one === origin)) {
      return { status: '403 Forbidden', reason: 'origin' };
    }
    if (this.#handshakes.allows(sourceKey(source), now())) return null;
    return { status: '429 Too Many Requests', reason: 'handshake-rate' };
  }

  #accepted(connection: ClientConnection, { token, resume }: ClientCredentials): void {
    const { socket, source } = connection;
    // A message that is too long, or no message; ws says so to the client by the right code.
    socket.on('error', () => this.#sessions.counts.failed('protocol-error'));
    if (!this.#isKnown(token)) {
      this.#sessions.end(connection, 'unauthorized', closeCodes.unauthorized, 'a token is needed');
      return;
    }
    void this.#sessions.admit(connection, resume).then(
      (admitted) => {
        if (admitted === null) return;
        const {
          endpoint: { address, port },
          resumed,
        } = admitted;
        this.emit('client', { endpoint: `${address}:${port}`, source, resumed });
      },
      () => {
        const { internalError } = closeCodes;
        this.#sessions.end(connection, 'internal-error', internalError, 'a fault of the gateway');
      },
    );
  }

  #isKnown(token: string | null): boolean {
    const tokens = this.#tokens;
    if (tokens === null) return true;
    if (token === null) return false;
    const found = digest(token);
    // All are compared, so that the time says nothing.
    return tokens.filter((one) => timingSafeEqual(one, found)).length > 0;
  }
}

/**
 * Starts a gateway: peers that cannot use UDP connect to it by WebSockets, and have a UDP endpoint there.
 *
 * @throws InvalidArgumentError for an option that cannot be used
 * @throws StartError when an address or port cannot be had, or a certificate cannot be used
 *
 * @example
 * ```ts
 * const gateway = await startGateway({ routers: '192.0.2.1', publicAddress: '192.0.2.1' });
 * gateway.on('client', ({ endpoint }) => console.log('a client at', endpoint));
 * ```
 */
export function startGateway(options: GatewayOptions): Promise<GatewayDaemon> {
  return GatewayDaemon.start(options);
}

/**
 * Checks the options of `startGateway` without starting one.
 *
 * @throws InvalidArgumentError for an option that cannot be used
 */
export function checkGatewayOptions(options: GatewayOptions): void {
  readGatewayOptions(options);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
