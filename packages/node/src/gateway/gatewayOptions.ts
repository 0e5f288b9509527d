import { BlockList, isIP, isIPv4 } from 'node:net';
import {
  checkInteger,
  checkPort,
  type DialectName,
  type Endpoint,
  InvalidArgumentError,
  type Profile,
  parseEndpoint,
  parseIPv4,
} from '@6bed4/codec';
import { isToken } from '@6bed4/gateway';
import { chooseProfile } from '../daemon/options.js';

/** Options of `startGateway`; `undefined` means the default. */
export interface GatewayOptions {
  /** The routers that clients may use, `A.B.C.D` or `A.B.C.D:port`; clients ask the first one first. */
  readonly routers: Endpoint | string | readonly (Endpoint | string)[];
  /** The public IPv4 address of the endpoints of clients, which their 6bed4 addresses contain. */
  readonly publicAddress: string;
  /** The IPv4 address of this computer to bind them to; default: the public one. */
  readonly listen?: string | undefined;
  /** UDP ports for clients, one each; default 40000 to 49999. */
  readonly ports?: { readonly first: number; readonly last: number } | undefined;
  /** Where to take WebSockets; default 127.0.0.1 port 8964, behind a web server that has the certificate. */
  readonly web?: { readonly host: string; readonly port: number } | undefined;
  /** Files with the certificate and its key, PEM; read again when they change. Without, there is no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** The path of WebSockets; default `/6bed4`. */
  readonly path?: string | undefined;
  /** Proxies whose `X-Forwarded-For` is believed, as addresses or `address/length`; default none. */
  readonly trustProxies?: readonly string[] | undefined;
  /** Origins of pages that may connect, such as `https://lab.example`; `*` for all; default none. */
  readonly allowOrigins?: readonly string[] | undefined;
  /** Whoever has one of these may connect; default: everybody. */
  readonly tokens?: readonly string[] | undefined;
  /** Clients at a time, those that are away included; default 1000. */
  readonly maxClients?: number | undefined;
  /** Connections at a time from an IPv4 address or an IPv6 /64; default 16. */
  readonly maxPerAddress?: number | undefined;
  /** Megabits per second that a client may send; default 100. */
  readonly rate?: number | undefined;
  /** Seconds for which the endpoint of a client is kept when its connection ends; default 60. */
  readonly resumeFor?: number | undefined;
  /** Seconds after which a silent connection is sent something; default 20. */
  readonly keepalive?: number | undefined;
  /** Exchange datagrams with private IPv4 addresses; default: where the public address is private. */
  readonly allowPrivate?: boolean | undefined;
  /** Exchange datagrams with 127.0.0.0/8; default: where the public address is one of these. */
  readonly allowLoopback?: boolean | undefined;
  /** Constants of the deployment, or the name of a known profile; default `reference2020`. */
  readonly profile?: Profile | string | undefined;
  /** The dialect of clients, with its usual constants; instead of `profile`. */
  readonly dialect?: DialectName | undefined;
}

/** The options of a gateway with their defaults, checked. */
export interface GatewaySettings {
  readonly profile: Profile;
  readonly routers: readonly Endpoint[];
  readonly publicAddress: string;
  readonly listen: string;
  readonly ports: readonly number[];
  readonly web: { readonly host: string; readonly port: number };
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly path: string;
  readonly trustProxies: BlockList;
  readonly allowOrigins: readonly string[];
  readonly tokens: readonly string[] | null;
  readonly maxClients: number;
  readonly maxPerAddress: number;
  /** Bytes per second. */
  readonly rate: number;
  readonly resumeFor: number;
  readonly keepalive: number;
  readonly allowPrivate: boolean | undefined;
  readonly allowLoopback: boolean | undefined;
}

const DEFAULT_PORTS = { first: 40_000, last: 49_999 };
const FIRST_UNPRIVILEGED = 1024;
const DEFAULT_WEB = { host: '127.0.0.1', port: 8964 };
const MOST_ROUTERS = 16;
const MOST_CLIENTS = 64_000;
const LONGEST_RESUME = 86_400;
/** A client takes silence for an interval and 5 s more as the end of a connection; 300 s suit no proxy. */
const [SHORTEST_KEEPALIVE, LONGEST_KEEPALIVE] = [1, 300];
const HIGHEST_RATE = 100_000;
const BYTES_PER_MEGABIT = 125_000;
const PATH = /^\/[\w./~-]*$/;

/** @throws InvalidArgumentError for an option that cannot be used */
export function readGatewayOptions(options: GatewayOptions): GatewaySettings {
  const profile = chooseProfile(options);
  const { publicAddress, listen = publicAddress, web = DEFAULT_WEB, path = '/6bed4' } = options;
  parseIPv4(publicAddress, 'publicAddress');
  parseIPv4(listen, 'listen');
  if (isIP(web.host) === 0) {
    throw new InvalidArgumentError('web', JSON.stringify(web.host), 'an IP address');
  }
  checkPort('web', web.port);
  if (!PATH.test(path)) {
    throw new InvalidArgumentError('path', JSON.stringify(path), 'a path such as /6bed4');
  }
  const number = (name: string, value: number, lowest: number, highest: number): number =>
    checkInteger(name, value, lowest, highest);
  const ports = portsOf(options.ports ?? DEFAULT_PORTS, profile);
  return {
    ...{ profile, publicAddress, listen, web, path, ports },
    routers: routersOf(options.routers, profile),
    tls: options.tls ?? null,
    trustProxies: proxiesOf(options.trustProxies ?? []),
    allowOrigins: (options.allowOrigins ?? []).map(checkOrigin),
    tokens: options.tokens?.map(checkToken) ?? null,
    maxClients: number('maxClients', options.maxClients ?? 1000, 1, MOST_CLIENTS),
    maxPerAddress: number('maxPerAddress', options.maxPerAddress ?? 16, 1, MOST_CLIENTS),
    rate: number('rate', options.rate ?? 100, 1, HIGHEST_RATE) * BYTES_PER_MEGABIT,
    resumeFor: number('resumeFor', options.resumeFor ?? 60, 0, LONGEST_RESUME),
    keepalive: number('keepalive', options.keepalive ?? 20, SHORTEST_KEEPALIVE, LONGEST_KEEPALIVE),
    allowPrivate: options.allowPrivate,
    allowLoopback: options.allowLoopback,
  };
}

function routersOf(routers: GatewayOptions['routers'], profile: Profile): Endpoint[] {
  const list = Array.isArray(routers) ? routers : [routers];
  if (list.length === 0 || list.length > MOST_ROUTERS) {
    throw new InvalidArgumentError('routers', String(list.length), `1 to ${MOST_ROUTERS}`);
  }
  return list.map((router: Endpoint | string) => {
    const text = typeof router === 'string' ? router : `${router.address}:${router.port}`;
    const endpoint = parseEndpoint(text, profile.port, 'routers');
    checkPort('routers', endpoint.port);
    return endpoint;
  });
}

/** The ports that addresses of the dialect can contain. */
function portsOf({ first, last }: { first: number; last: number }, { layout }: Profile): number[] {
  checkInteger('ports', first, FIRST_UNPRIVILEGED, last);
  checkPort('ports', last);
  const count = last - first + 1;
  const all = Array.from({ length: count }, (_, index) => first + index);
  return all.filter((port) => layout.acceptsPort(port));
}

function proxiesOf(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', length] = proxy.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    const most = family === 'ipv4' ? 32 : 128;
    const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1;
    if (isIP(address) === 0 || bits < 0 || bits > most) {
      throw new InvalidArgumentError('trustProxies', proxy, 'an IP address, or address/length');
    }
    list.addSubnet(address, bits, family);
  }
  return list;
}

function checkOrigin(origin: string): string {
  if (origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)) return origin;
  throw new InvalidArgumentError('allowOrigins', origin, 'an origin such as https://lab.example');
}

function checkToken(token: string): string {
  if (isToken(token)) return token;
  throw new InvalidArgumentError('tokens', 'another text', '1 to 256 letters, digits and _.~+-');
}
