import { type IncomingMessage, request as makeRequest, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Connection } from '../relay/network.js';
import { abandoned } from './destination.js';
import type { ProxyContext } from './proxyContext.js';

const HTTP_PORT = 80;

/** Fields that are about one connection, and are not forwarded (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Where a request in absolute form goes, and what is asked there. */
export interface ForwardTarget {
  readonly host: string;
  readonly port: number;
  /** The value of the field Host. */
  readonly authority: string;
  readonly path: string;
}

/** Reads the target of a request in absolute form (RFC 9112 §3.2.2); null for any other, and for `https:`. */
export function readAbsoluteForm(text: string): ForwardTarget | null {
  if (!/^http:\/\//i.test(text) || !URL.canParse(text)) return null;
  const { hostname, port, host, pathname, search } = new URL(text);
  const number = port === '' ? HTTP_PORT : Number(port);
  return { host: hostname, port: number, authority: host, path: `${pathname}${search}` };
}

/**
 * Forwards a request and its response. Ends when the response has ended.
 *
 * @throws DestinationError, or the error of a connection
 */
export async function forward(
  context: ProxyContext,
  request: IncomingMessage,
  response: ServerResponse,
  target: ForwardTarget,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort(abandoned()));
  const connection = await context.dialer.connect(target.host, target.port, gone.signal);
  connection.setTimeout(context.limits.idleTimeout, () => connection.destroy());
  try {
    const answer = await exchange(request, connection, target, gone.signal);
    const { statusCode = 502, statusMessage } = answer;
    response.writeHead(statusCode, statusMessage, onwardFields(answer.rawHeaders));
    await pipeline(answer, response);
  } finally {
    connection.destroy();
  }
}

/** Sends a request over a connection of its own; the head of the response. */
function exchange(
  request: IncomingMessage,
  connection: Connection,
  { authority, path }: ForwardTarget,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const isChunked = request.headers['transfer-encoding'] !== undefined;
  const own = ['Host', authority, ...(isChunked ? ['Transfer-Encoding', 'chunked'] : [])];
  const onward = makeRequest({
    // The parts of a socket that a request uses are there.
    createConnection: () => connection as Socket,
    method: request.method,
    path,
    setHost: false,
    headers: [...own, ...onwardFields(request.rawHeaders, 'host')],
    signal,
  });
  return new Promise((resolve, reject) => {
    onward.once('response', resolve);
    onward.on('error', (error) => {
      // A server may answer before it has read the whole request, and close.
      request.unpipe(onward);
      request.resume();
      reject(error);
    });
    request.pipe(onward);
  });
}

/**
 * The fields of a message that go on, in their order, as names and values in turn.
 *
 * @param replaced - a field that does not, in lower case
 */
function onwardFields(raw: readonly string[], replaced?: string): string[] {
  const fields: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    fields.push([raw[index]!, raw[index + 1]!]);
  }
  const named = fields
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((name) => name.trim());
  const onward = fields.filter(([name]) => {
    const lower = name.toLowerCase();
    return !HOP_BY_HOP.has(lower) && !named.includes(lower) && lower !== replaced;
  });
  return [...onward.flat(), 'Via', '1.1 6bed4'];
}
