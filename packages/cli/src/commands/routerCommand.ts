import { completePrefix, formatEndpoint, formatPrefix, reference2020 } from '@6bed4/codec';
import {
  checkRouterOptions,
  type RouterDaemon,
  type RouterDaemonOptions,
  startRouter,
} from '@6bed4/node';
import type { Command } from 'commander';
import { addConfigurable, type FlagSource } from '../config/configurable.js';
import type { Changes } from '../config/reload.js';
import { openControl } from '../control/openControl.js';
import { statusOfRouter } from '../control/status.js';
import { endpointOrAddress, ipv4, prefix } from '../options/addresses.js';
import { dialectName } from '../options/choices.js';
import {
  addDaemonOptions,
  type DaemonFlags,
  DEFAULT_TUN,
  SIGNALS,
} from '../options/daemonOptions.js';
import {
  type Ineffective,
  IneffectiveOptions,
  ineffectiveOfDriver,
  ineffectiveOfLog,
  refuseIneffective,
} from '../options/ineffective.js';
import { masqueradeRule } from '../options/masqueradeRule.js';
import { integer, netid, port } from '../options/numbers.js';
import { repeated } from '../options/repeated.js';
import { missingOption, UsageError } from '../options/usageError.js';
import { openLog } from '../output/log.js';
import { logInbound } from './logInbound.js';
import { lackOf, lackText, logInterface, whenOnInterface } from './logInterface.js';
import { runDaemon } from './runDaemon.js';

const EXAMPLES = `
Examples:
  # a router for the world; needs root, and forwarding to reach beyond it
  6bed4 router --listen 192.0.2.1 --route 2000::/3
  # relays between peers only, without any privilege
  6bed4 router --listen 192.0.2.1 --no-tun
  # behind the NAT of a cloud, or a firewall that redirects its port
  6bed4 router --listen 0.0.0.0 --public 192.0.2.1
  # whoever asks the router's address for port 22 reaches another host
  6bed4 router --listen 192.0.2.1 --masquerade tcp:22=2001:db8:beef::2
  # for deployed peers of 2012, with a native prefix
  6bed4 router --listen 192.0.2.1 --dialect draft01 --prefix 2001:db8:64:64::/64`;

interface RouterFlags extends DaemonFlags {
  listen?: string;
  public?: string;
  port?: number;
  prefix?: string;
  netid?: number;
  route?: string[];
  forwardTo?: string[];
  masquerade?: string[];
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
    .option(
      '--listen <A.B.C.D>',
      'own IPv4 address, the public one unless --public is given (required)',
      ipv4,
    )
    .option(
      '--public <A.B.C.D[:PORT]>',
      'where peers reach this router, if a NAT or firewall redirects that here',
      endpointOrAddress,
    )
    .option('--port <N>', 'UDP port; default: the well-known one of the dialect', port)
    .option('--prefix <P/len>', 'prefix to serve, completed to /64', prefix)
    .option('--netid <HEX>', 'network identifier for short prefixes; default: bed', netid)
    .option(
      '--route <P/len>',
      'prefix that peers should route here; may be repeated',
      repeated(prefix),
    )
    .option(
      '--forward-to <P/len>',
      'prefix that peers may reach besides those; may be repeated; default: 2000::/3, none in draft04',
      repeated(prefix),
    )
    .option(
      '--masquerade <RULE>',
      'ports of the address of the router that a host takes: tcp:22=[2001:db8::5]:22, udp:5000-5010, sctp:7=[2001:db8::5], icmp; ' +
        'without a host, this computer; may be repeated, the first rule of a port counts',
      repeated(masqueradeRule),
    )
    .option(
      '--workers <N>',
      'threads of the Linux driver; default: half the processors, 4 at most',
      integer(1, 64),
    );
  addDaemonOptions(command).addHelpText('after', `${SIGNALS}\n${EXAMPLES}`);
  addConfigurable<RouterFlags>(command, {
    check: (flags) => {
      checkRouterOptions(optionsOf(flags));
      checkPrefix(flags);
      refuseIneffective(ineffectiveOf(flags));
    },
    run: (flags, source) => runRouter(flags, source, version),
  });
}

function optionsOf(flags: RouterFlags): RouterDaemonOptions {
  const { listen, route: routes, dialect: profile, public: publicEndpoint } = flags;
  if (listen === undefined) {
    throw missingOption('--listen', 'the public IPv4 address of this router', '192.0.2.1');
  }
  const { tun = DEFAULT_TUN, port, prefix, netid, driver, offloads, workers, forwardTo } = flags;
  const { allowPrivate, allowLoopback, inbound, masquerade } = flags;
  return {
    ...{ listen, publicEndpoint, port, prefix, netid, routes, forwardTo, masquerade, profile },
    ...{ tun, ipv6Side: tun !== false, driver, offloads, workers },
    ...{ allowPrivate, allowLoopback, inbound },
  };
}

function ineffectiveOf(flags: RouterFlags): Ineffective[] {
  const { tun, driver, forwardTo, workers = 1 } = flags;
  const own = new IneffectiveOptions()
    .where(tun === false, 'with --no-tun', {
      '--forward-to': forwardTo !== undefined,
      '--workers': workers > 1,
    })
    .where(driver === 'portable', 'with --driver portable', { '--workers': workers > 1 });
  return [...own.found, ...ineffectiveOfDriver(flags), ...ineffectiveOfLog(flags)];
}

/** What changes while a router runs, by flag. */
const CHANGES: Changes<RouterFlags, RouterDaemon> = {
  route: (router, flags) => router.setRoutes(routesOf(flags)),
  forwardTo: (router, flags) => router.setRoutes(routesOf(flags)),
  inbound: (router, { inbound = 'open' }) => router.setInbound(inbound),
};

function routesOf({ route: routes, forwardTo }: RouterFlags) {
  return { routes, forwardTo };
}

async function runRouter(
  flags: RouterFlags,
  source: FlagSource<RouterFlags> | null,
  version: string,
): Promise<void> {
  const options = optionsOf(flags);
  const { tun = false, routes, masquerade } = options;
  const { dialect = reference2020 } = flags;
  const wellKnownPort = dialect.port;
  const log = await openLog(flags);
  await runDaemon({
    log,
    control: await openControl(flags, 'router', tun, log.logger),
    version,
    tunnelOf: (router) => router,
    flags,
    describe: (router) =>
      `router ${router.address} on ${formatEndpoint(router.endpoint)}${router.isDraining ? ', draining' : ''}${lackText(router)}`,
    reload: source && { source, changes: CHANGES },
    start: () => startRouter(options),
    claims: { tun, listen: options.listen, port: options.port ?? wellKnownPort },
    onReportSignal: (router) => router.drain(),
    onStarted: (router) => {
      const { address, prefix, endpoint, publicEndpoint, tun } = router;
      const on = formatEndpoint(endpoint);
      const isAt = formatEndpoint(publicEndpoint);
      const fields = { router: address, prefix, on, tun, routes, masquerade };
      if (isAt !== on) Object.assign(fields, { public: isAt });
      if (flags.public !== undefined && publicEndpoint.port !== wellKnownPort) {
        const why = `they expect it at port ${wellKnownPort}, by --public ${publicEndpoint.address}`;
        log.logger.warn(`peers of other routers do not reach this one: ${why}`);
      }
      router.on('draining', (isDraining) =>
        log.logger.info(isDraining ? 'draining: it relays, and wants no more traffic' : 'resumed'),
      );
      logInterface(router, log.logger);
      logInbound(router, log.logger);
      // A router without its address relays already, but its host is not reached.
      whenOnInterface(router, address, () =>
        log.logger.info({ ...fields, ...lackOf(router) }, 'ready'),
      );
    },
    status: (router, process) =>
      statusOfRouter(router, { version, ...process }, dialectName(dialect)),
  });
}

/**
 * Refuses a prefix that cannot be completed, and a network identifier that changes nothing: the user expects another
 * prefix then.
 *
 * @throws UsageError
 * @throws InvalidArgumentError
 */
function checkPrefix({ netid, prefix, listen, dialect = reference2020 }: RouterFlags): void {
  const given = prefix ?? dialect.defaultPrefix;
  const [one, other] = [0, 1].map((each) =>
    completePrefix(given, { netid: each, router: listen! }).bytes.join(),
  );
  if (netid === undefined || one !== other) return;
  const text = typeof given === 'string' ? given : formatPrefix(given);
  throw new UsageError(`--netid: the prefix ${text} is completed without it`);
}
