import type { Duplex } from 'node:stream';
import { InvalidArgumentError } from '@6bed4/codec';
import { clearTimeout, setTimeout } from '../../realTimers.js';

/** Gives the HTTP proxy for the address of a gateway, `http://[user:password@]HOST[:PORT]`; null for none. */
export type GatewayProxy = (gateway: string) => string | null | Promise<string | null>;

/** What `http.request` wants of a function that opens connections, as far as it is needed here. */
export type CreateConnection = (
  options: { readonly host?: string | null; readonly port?: number | string | null },
  done: (error: Error | null, socket?: Duplex) => void,
) => undefined;

/** Milliseconds that a proxy may take to reach the gateway. */
const PATIENCE = 10_000;
const DEFAULT_PORT = '80';
const OK = 200;

/**
 * Checks the address of a proxy.
 *
 * @throws InvalidArgumentError, which does not quote it: there may be a password in it
 */
export function checkProxyUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' && url.hostname !== '') return text;
  throw new InvalidArgumentError(
    'gatewayProxy',
    'another text',
    'http://[user:password@]HOST:PORT',
  );
}

/** Opens connections through an HTTP proxy (RFC 9110 §9.3.6), with TLS to the gateway inside where that is wanted. */
export async function connectionsThrough(
  proxy: string,
  usesTls: boolean,
): Promise<CreateConnection> {
  const { request } = await import('node:http');
  const { connect } = await import('node:tls');
  const { isIP } = await import('node:net');
  const { hostname, port, username, password } = new URL(proxy);
  const credentials = [username, password].map(decodeURIComponent).join(':');
  const authorization = Buffer.from(credentials).toString('base64');
  const proxyHeaders = username === '' ? {} : { 'proxy-authorization': `Basic ${authorization}` };
  return (options, done) => {
    const host = String(options.host);
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${options.port}`;
    const outgoing = request({
      method: 'CONNECT',
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? DEFAULT_PORT : port,
      path: target,
      headers: { host: target, ...proxyHeaders },
      agent: false,
    });
    const timer = setTimeout(() => outgoing.destroy(new Error('the proxy is silent')), PATIENCE);
    outgoing.once('connect', ({ statusCode }, socket) => {
      clearTimeout(timer);
      if (statusCode !== OK) {
        socket.destroy();
        done(new Error(`the proxy answers ${statusCode}`));
      } else if (usesTls) {
        done(null, connect({ socket, host, servername: isIP(host) === 0 ? host : '' }));
      } else done(null, socket);
    });
    outgoing.once('response', ({ statusCode }) => {
      outgoing.destroy(new Error(`the proxy answers ${statusCode}`));
    });
    outgoing.once('error', (error) => {
      clearTimeout(timer);
      done(error);
    });
    outgoing.end();
    return undefined;
  };
}
