import type { GatewayOptions } from '@6bed4/node';
import type { Command } from 'commander';
import { endpointOrAddress, ipv4 } from './addresses.js';
import type { CommonFlags } from './daemonOptions.js';
import { type ListenAddress, listenAddress } from './listenAddress.js';
import { integer } from './numbers.js';
import { portRange } from './portRange.js';
import { repeated } from './repeated.js';
import { readTokens } from './tokens.js';
import { missingOption, UsageError } from './usageError.js';

const MOST_CLIENTS = 64_000;
const LONGEST_RESUME = 86_400;
const LONGEST_KEEPALIVE = 300;
const HIGHEST_RATE = 100_000;

/** Options of `6bed4 gateway`, as parsed. */
export interface GatewayFlags extends CommonFlags {
  readonly router?: readonly string[];
  readonly public?: string;
  readonly listen?: string;
  readonly ports?: { readonly first: number; readonly last: number };
  readonly web?: ListenAddress;
  readonly cert?: string;
  readonly key?: string;
  readonly path?: string;
  readonly trustProxy?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly tokenFile?: string;
  readonly maxClients?: number;
  readonly maxPerAddress?: number;
  readonly rate?: number;
  readonly resume?: number;
  readonly keepalive?: number;
}

/** Adds the options of `6bed4 gateway` that no other command has. */
export function addGatewayOptions(command: Command): Command {
  return command
    .option(
      '--router <A.B.C.D[:port]>',
      'router that clients use (required); may be repeated, the preferred one first',
      repeated(endpointOrAddress),
    )
    .option(
      '--public <A.B.C.D>',
      'public IPv4 address of this computer, which the addresses of clients contain (required)',
      ipv4,
    )
    .option('--listen <A.B.C.D>', 'own IPv4 address, where a NAT maps the public one to it', ipv4)
    .option(
      '--ports <FIRST-LAST>',
      'UDP ports for clients, one each; default: 40000-49999',
      portRange,
    )
    .option(
      '--web <ADDRESS:PORT>',
      'where to take WebSockets; default: 127.0.0.1:8964, for a web server in front',
      listenAddress,
    )
    .option('--cert <PATH>', 'certificate for TLS, PEM; without, a web server in front has it')
    .option('--key <PATH>', 'key of the certificate, PEM')
    .option('--path <PATH>', 'path of WebSockets; default: /6bed4')
    .option(
      '--trust-proxy <ADDRESS[/len]>',
      'believe what this proxy says of the address of a client; may be repeated',
      repeated((text) => text),
    )
    .option(
      '--allow-origin <ORIGIN>',
      'pages in browsers that may connect, such as https://lab.example, or *; may be repeated',
      repeated((text) => text),
    )
    .option('--token-file <PATH>', 'let only those connect who have a token of this file')
    .option('--max-clients <N>', 'clients at a time; default: 1000', integer(1, MOST_CLIENTS))
    .option(
      '--max-per-address <N>',
      'connections of an IPv4 address or IPv6 /64; default: 16',
      integer(1, MOST_CLIENTS),
    )
    .option(
      '--rate <MBIT>',
      'megabits per second that a client may send; default: 100',
      integer(1, HIGHEST_RATE),
    )
    .option(
      '--resume <S>',
      'seconds for which a client that lost its connection keeps its address; default: 60',
      integer(0, LONGEST_RESUME),
    )
    .option(
      '--keepalive <S>',
      'seconds after which a silent connection is sent something; default: 20',
      integer(1, LONGEST_KEEPALIVE),
    );
}

/** The gateway that flags ask for. @throws UsageError for flags that do not go together */
export function gatewayOptionsOf(flags: GatewayFlags): GatewayOptions {
  const { router: routers, public: publicAddress, listen, ports, web, cert, key, path } = flags;
  if (routers === undefined) {
    throw missingOption('--router', 'the IPv4 address of a router', '192.0.2.1');
  }
  if (publicAddress === undefined) {
    throw missingOption('--public', 'the public IPv4 address of this computer', '192.0.2.1');
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--cert and --key go together');
  }
  const { trustProxy: trustProxies, allowOrigin: allowOrigins, tokenFile } = flags;
  const { maxClients, maxPerAddress, rate, resume: resumeFor, keepalive } = flags;
  const { allowPrivate, allowLoopback, dialect: profile } = flags;
  return {
    ...{ routers, publicAddress, listen, ports, web, path, trustProxies, allowOrigins },
    ...{ maxClients, maxPerAddress, rate, resumeFor, keepalive },
    ...{ allowPrivate, allowLoopback, profile },
    tls: cert === undefined ? undefined : { cert, key: key! },
    tokens: tokenFile === undefined ? undefined : readTokens(tokenFile),
  };
}
