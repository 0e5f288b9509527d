import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { closeGently } from '../relay/closeGently.js';
import { relayTo } from '../relay/relayTo.js';
import { abandoned, DestinationError, type DestinationFault, faultOf } from './destination.js';
import { forward, readAbsoluteForm } from './forwardRequest.js';
import { hostText, type ProxyContext } from './proxyContext.js';

/** Upper bound of the header of a request, in bytes. */
const LARGEST_HEADER = 16_384;
/** Milliseconds after which the deadlines of clients are checked. */
const CHECK_INTERVAL = 1_000;
/** Milliseconds for which a client may keep a connection without a request. */
const KEEP_ALIVE = 60_000;
const AUTHORITY = /^(.*):(0|[1-9][0-9]{0,4})$/;
const HIGHEST_PORT = 65_535;

/** Status and error type of RFC 9209 §2.3 for what may be the matter with a destination. */
const ANSWERS: Readonly<Record<DestinationFault, readonly [number, string]>> = {
  prohibited: [403, 'destination_ip_prohibited'],
  'ipv4-only': [502, 'destination_ip_unroutable'],
  'not-found': [502, 'dns_error'],
  'dns-failure': [502, 'dns_error'],
  refused: [502, 'connection_refused'],
  reset: [502, 'connection_terminated'],
  'host-unreachable': [502, 'destination_ip_unroutable'],
  'network-unreachable': [502, 'destination_ip_unroutable'],
  'timed-out': [504, 'connection_timeout'],
  abandoned: [502, 'connection_terminated'],
  failed: [502, 'proxy_internal_error'],
};

/** Statuses for what is no request (RFC 9110 §15.5, RFC 6585 §5). */
const PARSE_STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Makes an HTTP proxy: CONNECT (RFC 9110 §9.3.6), and requests for `http:` in absolute form (RFC 9112
 * §3.2.2). The parser is that of Node.js.
 */
export function createHttpProxy(context: ProxyContext): Server {
  const server = createServer({
    maxHeaderSize: LARGEST_HEADER,
    headersTimeout: context.handshakeTimeout,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL, context.handshakeTimeout),
    noDelay: true,
  });
  // Node.js reads it for each connection and after each request.
  Object.defineProperty(server, 'timeout', { get: () => context.limits.idleTimeout });
  server.on('connection', (client) => context.connections.add(client));
  server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    void serveConnect(context, request, client, head);
  });
  server.on('request', (request, response) => void serveRequest(context, request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, client) => {
    const status = PARSE_STATUSES[error.code ?? ''] ?? 400;
    context.connections.failed(status === 408 ? 'handshake-timeout' : 'no-http');
    if (client.writable && error.code !== 'ECONNRESET') client.write(head(status));
    closeGently(client as Socket);
  });
  return server;
}

/** Serves CONNECT. */
async function serveConnect(
  context: ProxyContext,
  request: IncomingMessage,
  client: Socket,
  early: Buffer,
): Promise<void> {
  client.on('error', () => {});
  // The server has ended its own interest in the connection.
  client.setTimeout(0);
  const name = clientName(client);
  const to = request.url ?? '';
  const refuse = (status: number, outcome: string, ...fields: string[]): void => {
    context.connections.failed(outcome);
    context.onEvent({ client: name, to, outcome });
    client.write(head(status, ...fields));
    closeGently(client);
  };
  if (!isAdmitted(context, request)) {
    refuse(407, 'authentication', CHALLENGE);
    return;
  }
  try {
    const { host, port } = readAuthority(to);
    await relayTo({
      client,
      early,
      connect: (signal) => context.dialer.connect(host, port, signal),
      onConnected: () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'),
      abandoned,
      idleTimeout: context.limits.idleTimeout,
    });
    context.onEvent({ client: name, to, outcome: 'connect' });
  } catch (error) {
    const fault = faultOf(error);
    const [status, type] = ANSWERS[fault];
    refuse(status, fault, `Proxy-Status: ${proxyStatus(type, error)}`);
  }
}

/** Serves any other method: forwards the request. */
async function serveRequest(
  context: ProxyContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = clientName(request.socket);
  const to = request.url ?? '';
  const ended = (outcome: string): void => {
    if (outcome !== 'request') context.connections.failed(outcome);
    context.onEvent({ client: name, to, outcome });
  };
  const answer = (status: number, outcome: string, fields: object, why = outcome): void => {
    ended(outcome);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const text = `${status} ${STATUS_CODES[status]}: ${why}\n`;
    const type = 'text/plain; charset=utf-8';
    // What a refused client goes on to send is not read.
    response.writeHead(status, { 'content-type': type, connection: 'close', ...fields }).end(text);
  };
  const target = readAbsoluteForm(to);
  if (target === null) {
    answer(400, 'no-proxy-request', {});
    return;
  }
  if (!isAdmitted(context, request)) {
    answer(407, 'authentication', { 'proxy-authenticate': BASIC });
    return;
  }
  try {
    await forward(context, request, response, target);
    ended('request');
  } catch (error) {
    const fault = faultOf(error);
    const [status, type] = ANSWERS[fault];
    const why = error instanceof DestinationError ? error.message : fault;
    answer(status, fault, { 'proxy-status': proxyStatus(type, error) }, why);
  }
}

/** Reads `host:port` (RFC 9112 §3.2.3). */
export function readAuthority(text: string): { host: string; port: number } {
  const [, host, digits] = AUTHORITY.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= HIGHEST_PORT)) {
    throw new DestinationError('not-found', `${JSON.stringify(text)} is no host:port`);
  }
  return { host, port };
}

const BASIC = 'Basic realm="6bed4 proxy", charset="UTF-8"';
const CHALLENGE = `Proxy-Authenticate: ${BASIC}`;

/** Whether the request has the name and password of a user (RFC 7617 §2). */
function isAdmitted({ credentials }: ProxyContext, { headers }: IncomingMessage): boolean {
  if (credentials === null) return true;
  const [, encoded] = /^basic +([a-z0-9+/=]+)$/i.exec(headers['proxy-authorization'] ?? '') ?? [];
  const text = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon > 0 && credentials.accepts(text.slice(0, colon), text.slice(colon + 1));
}

/** The value of Proxy-Status (RFC 9209 §2), with the details of faults that have some. */
function proxyStatus(type: string, error: unknown): string {
  const value = `6bed4; error=${type}`;
  if (!(error instanceof DestinationError)) return value;
  // A string of RFC 8941 §3.3.3 has printable ASCII only.
  const details = error.message.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');
  return `${value}; details="${details}"`;
}

function head(status: number, ...fields: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...fields, 'Content-Length: 0'];
  return [...lines, 'Connection: close', '', ''].join('\r\n');
}

function clientName({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return hostText(remoteAddress, remotePort);
}
