import { formatEndpoint, type Profile } from '@6bed4/codec';
import type { DriverName, Offloads } from '@6bed4/node';
import { InvalidArgumentError, startRouter } from '@6bed4/node';
import type { Command } from 'commander';
import { statusOfRouter } from './control/status.js';
import { type ControlFlags, openControl } from './control.js';
import { defined } from './defined.js';
import { live } from './lifetime.js';
import { type LogOptions, openLog } from './log.js';
import { DEFAULT_TUN, daemonOptions } from './options.js';
import { integer, ipv4, netid, port, prefix, repeated } from './values.js';

const EXAMPLES = `
Examples:
  # a router for the world; needs root, and forwarding to reach beyond it
  6bed4 router --listen 192.0.2.1 --route 2000::/3
  # relays between peers only, without any privilege
  6bed4 router --listen 192.0.2.1 --no-tun
  # for deployed peers of 2012, with a native prefix
  6bed4 router --listen 192.0.2.1 --dialect draft01 --prefix 2001:db8:64:64::/64`;

interface RouterFlags extends LogOptions, ControlFlags {
  listen?: string;
  port?: number;
  prefix?: string;
  netid?: number;
  route?: string[];
  tun?: string | false;
  dialect?: Profile;
  driver?: DriverName;
  offloads?: Offloads;
  workers?: number;
}

/** `6bed4 router` */
export function addRouterCommand(program: Command, version: string): void {
  const command = program
    .command('router')
    .summary('give IPv6 addresses to peers and relay for them')
    .description(
      'Runs a 6bed4 router: gives IPv6 addresses to peers and relays between them, to other routers ' +
        'and to the IPv6 network behind its interface.',
    )
    .option('--listen <A.B.C.D>', 'own public IPv4 address (required)', ipv4('listen'))
    .option('--port <N>', 'UDP port; default: the well-known one of the dialect', port)
    .option('--prefix <P/len>', 'prefix to serve, completed to /64', prefix('prefix'))
    .option('--netid <HEX>', 'network identifier for short prefixes; default: bed', netid)
    .option(
      '--route <P/len>',
      'prefix that peers should route here; may be repeated',
      repeated(prefix('route')),
    )
    .option(
      '--workers <N>',
      'threads of the Linux driver; default: half the processors, 4 at most',
      integer('workers', 1, 64),
    );
  daemonOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((flags: RouterFlags) => runRouter(flags, version));
}

async function runRouter(flags: RouterFlags, version: string): Promise<void> {
  const { listen, route: routes, dialect: profile, tun = DEFAULT_TUN, ...rest } = flags;
  if (listen === undefined) {
    throw new InvalidArgumentError(
      'listen',
      'nothing',
      'the IPv4 address by which peers reach this router',
    );
  }
  const log = await openLog(flags);
  await live({
    log,
    control: await openControl(flags, 'router', tun, log),
    start: () =>
      startRouter({
        listen,
        tun,
        ipv6Side: tun !== false,
        ...defined({ port: rest.port, prefix: rest.prefix, netid: rest.netid, routes, profile }),
        ...defined({ driver: rest.driver, offloads: rest.offloads, workers: rest.workers }),
      }),
    started: (router) => {
      const { address, prefix, endpoint, tun } = router;
      log.info({ router: address, prefix, on: formatEndpoint(endpoint), tun, routes }, 'ready');
    },
    status: (router) => statusOfRouter(router, version),
  });
}
