import { freePort } from '@6bed4/testing/sockets';
import type { ProxyEvent } from '../../src/proxy/proxyContext.js';
import { type ProxyOptions, ProxyServers } from '../../src/proxy/proxyServers.js';
import type { Endings } from './endings.js';
import { FAR, loopbackNetwork } from './loopbackNetwork.js';

/** Names of the tests, and their addresses. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'far.example': [FAR],
  'mapped.example': ['::ffff:127.0.0.1'],
  'local.example': ['::1'],
  'ipv4.example': ['127.0.0.1'],
};

/** A proxy over the loopback network, and what it listens on. */
export interface ProxySetup {
  readonly proxy: ProxyServers;
  readonly socks: number;
  readonly http: number;
  readonly events: ProxyEvent[];
}

/** Starts a proxy that is closed at the end of the test. */
export async function startProxy(
  endings: Endings,
  options: Partial<ProxyOptions> = {},
): Promise<ProxySetup> {
  const events: ProxyEvent[] = [];
  const [socks, http] = [await freePort(), await freePort()];
  const proxy = new ProxyServers({
    socks: { host: '127.0.0.1', port: socks },
    http: { host: '127.0.0.1', port: http },
    network: loopbackNetwork,
    ownPrefixes: () => ['fc64::/64'],
    resolve: (name, family) =>
      Promise.resolve((NAMES[name] ?? []).filter((one) => one.includes(':') === (family === 6))),
    directIPv4: false,
    credentials: null,
    limits: { maxConnections: 100, idleTimeout: 10_000 },
    onEvent: (event) => events.push(event),
    ...options,
  });
  await proxy.listen();
  endings.add(() => proxy.close());
  return { proxy, socks, http, events };
}
