import type { Command } from 'commander';
import { addCommonOptions, SIGNALS } from '../options/daemonOptions.js';
import { dnsServer } from '../options/dnsServer.js';
import { refuseIneffective } from '../options/ineffective.js';
import { isLoopback, type ListenAddress, listenAddress } from '../options/listenAddress.js';
import { addPeerOptions } from '../options/peerOptions.js';
import { addRelayOptions } from '../options/relayOptions.js';
import { repeated } from '../options/repeated.js';
import { UsageError } from '../options/usageError.js';
import { CREDENTIALS_VARIABLE, readCredentials } from '../proxy/credentials.js';
import { resolveBySystem } from '../proxy/names.js';
import { hostText } from '../proxy/proxyContext.js';
import { type DnsServer, resolveThrough } from '../proxy/tunnelResolver.js';
import { type Service, service, serviceText } from '../serve/service.js';
import {
  addTunnelProgram,
  type TunnelProgramFlags,
  type TunnelProgramPlan,
} from './runTunnelProgram.js';
import { addProxyProtocol } from './serveCommand.js';

const DEFAULT_SOCKS: ListenAddress = { host: '127.0.0.1', port: 1080 };
const DEFAULT_HTTP: ListenAddress = { host: '127.0.0.1', port: 8080 };

const EXAMPLES = `
Examples:
  # SOCKS clients of this computer have IPv6: curl --socks5-hostname 127.0.0.1 …
  6bed4 proxy --router 192.0.2.1
  # SOCKS and HTTP clients; a DNS server behind the router resolves names
  6bed4 proxy --router 192.0.2.1 --socks 1080 --http 8080 --dns 2001:db8:beef::53
  # the same process publishes a web server of this computer
  6bed4 proxy --router 192.0.2.1 --serve 80=127.0.0.1:8000`;

/** Names of the loopback address (RFC 6761 §6.3), and what Linux calls it besides. */
const LOCALHOST = /^(?:.*\.)?(?:localhost|localhost\.localdomain|ip6-localhost)\.?$/i;

interface ProxyFlags extends TunnelProgramFlags {
  readonly socks?: ListenAddress | true;
  readonly http?: ListenAddress | true;
  readonly serve?: readonly Service[];
  readonly dns?: DnsServer;
  readonly directIpv4?: boolean;
  readonly allowRemote?: boolean;
  readonly authFile?: string;
}

/** `6bed4 proxy` */
export function addProxyCommand(program: Command, version: string): void {
  const command = program
    .command('proxy')
    .summary('give programs IPv6 through SOCKS and HTTP, without privileges')
    .description(
      'Gets an IPv6 address from a router, and gives the SOCKS5 and HTTP clients of this computer IPv6 ' +
        'through the tunnel. Needs no privileges.',
    )
    .option(
      '--socks [ADDRESS:PORT]',
      'listen for SOCKS5 clients; default: 127.0.0.1:1080, and not at all with only --http',
      listenAddress,
    )
    .option(
      '--http [ADDRESS:PORT]',
      'listen for clients of an HTTP proxy; without value: 127.0.0.1:8080',
      listenAddress,
    )
    .option(
      '--dns <IPV6>',
      'DNS server, reached through the tunnel, to resolve names; default: the system does',
      dnsServer,
    )
    .option(
      '--direct-ipv4',
      'reach what has only IPv4 from this computer itself; otherwise it is refused',
    )
    .option('--allow-remote', 'let other computers use it, with --auth-file')
    .option(
      '--auth-file <PATH>',
      `file with user:password, one a line; default: the variable ${CREDENTIALS_VARIABLE}, if set`,
    )
    .option(
      '--serve <SERVICE>',
      'publish PORT=HOST:PORT or udp:PORT=HOST:PORT, as "6bed4 serve" does; may be repeated',
      repeated(service),
    );
  addCommonOptions(addPeerOptions(addRelayOptions(addProxyProtocol(command)))).addHelpText(
    'after',
    `${SIGNALS}\n${EXAMPLES}`,
  );
  addTunnelProgram<ProxyFlags>(command, planOf, version);
}

function planOf(flags: ProxyFlags): TunnelProgramPlan {
  const { serve: services = [], dns } = flags;
  const http = flags.http === true ? DEFAULT_HTTP : (flags.http ?? null);
  const onlyHttp = http !== null && flags.socks === undefined;
  const socks = flags.socks === true ? DEFAULT_SOCKS : (flags.socks ?? DEFAULT_SOCKS);
  const credentials = readCredentials(flags.authFile);
  const addresses = [onlyHttp ? null : socks, http].filter((one) => one !== null);
  const open = addresses.find((one) => !isLoopback(one));
  if (open !== undefined) {
    const where = hostText(open.host, open.port);
    if (flags.allowRemote !== true) {
      throw new UsageError(`${where} is open to other computers: give --allow-remote if it should`);
    }
    if (credentials === null) {
      throw new UsageError(
        `--allow-remote needs users: give --auth-file or ${CREDENTIALS_VARIABLE}`,
      );
    }
  }
  if (open === undefined && flags.allowRemote === true) {
    const where = addresses.map(({ host, port }) => hostText(host, port)).join(' and ');
    refuseIneffective([['--allow-remote', `while it listens on ${where} only`]]);
  }
  refuseLoops(services, addresses);
  const proxy = {
    socks: onlyHttp ? null : socks,
    http,
    credentials,
    directIPv4: flags.directIpv4 === true,
    resolverOver: (network: Parameters<typeof resolveThrough>[0]) =>
      dns === undefined ? resolveBySystem : resolveThrough(network, dns),
  };
  return { role: 'proxy', proxy, services };
}

/** Refuses to publish the proxy itself, which everybody could use then. */
function refuseLoops(services: readonly Service[], addresses: readonly ListenAddress[]): void {
  for (const one of services) {
    const isProxy = addresses.some(({ port }) => one.protocol === 'tcp' && port === one.hostPort);
    const isHere = ['::1', '0.0.0.0', '::'].includes(one.host) || LOCALHOST.test(one.host);
    const isListener = addresses.some(({ host }) => host === one.host);
    if (!isProxy || !(isHere || isListener || one.host.startsWith('127.'))) continue;
    throw new UsageError(`--serve ${serviceText(one)} would let everybody use this proxy`);
  }
}
