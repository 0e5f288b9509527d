import { formatEndpoint, HIGHEST_TTL } from '@6bed4/codec';
import { answerEcho, type PeerDaemon, startPeer } from '@6bed4/node';
import type { AddressLease, PeeringName, PeeringOptions } from '@6bed4/tunnel';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { openControl } from '../control/openControl.js';
import { statusOfPeer } from '../control/status.js';
import { endpointOrAddress, ipv4, prefix } from '../options/addresses.js';
import { STRATEGIES, strategy } from '../options/choices.js';
import {
  addDaemonOptions,
  type DaemonFlags,
  DEFAULT_TUN,
  SIGNALS,
} from '../options/daemonOptions.js';
import { integer, keepalive, LONGEST_KEEPALIVE, port } from '../options/numbers.js';
import { repeated } from '../options/repeated.js';
import { missingOption } from '../options/usageError.js';
import { openLog } from '../output/log.js';
import { PathLog } from '../output/pathLog.js';
import { logInbound } from './logInbound.js';
import { logInterface } from './logInterface.js';
import { runDaemon } from './runDaemon.js';

/** Highest values of options, whatever the dialect; the library may refuse more. */
const HIGHEST_LANIP = 16_383;
const MOST_REMOTES = 2 ** 20;

const EXAMPLES = `
Examples:
  # an IPv6 address on the interface 6bed4; needs root
  6bed4 peer --router 192.0.2.1
  # all IPv6 through the tunnel, keepalives every 25 s that die after 4 hops
  6bed4 peer --router 192.0.2.1 --default-route --keepalive 25,4
  # native IPv6 as before, except towards one network that the router offers
  6bed4 peer --router 192.0.2.1 --accept-routes 2001:db8:beef::/48
  # no interface and no privileges: answers pings, to test the path
  6bed4 peer --router 192.0.2.1:25790 --no-tun
  # a second peer on the same computer
  6bed4 peer --router 192.0.2.1 --tun 6bed4b`;

interface PeerFlags extends DaemonFlags {
  router?: string[];
  listen?: string;
  port?: number;
  keepalive?: { interval: number; ttl?: number };
  peering?: PeeringName;
  directKeepalive?: number;
  lanSearch?: boolean;
  lanTtl?: number;
  lanip?: number;
  maxRemotes?: number;
  mappingTimeout?: number;
  requireNonce?: boolean;
  opportunism?: boolean;
  avoidTrapezium: boolean;
  adaptive: boolean;
  defaultRoute?: boolean;
  acceptRoutes?: string[];
}

/** `6bed4 peer` */
export function addPeerCommand(program: Command, version: string): void {
  const command = program
    .command('peer')
    .summary('join the network of a router: get an IPv6 address and an interface')
    .description(
      'Runs a 6bed4 peer: gets an IPv6 address from a router and puts it on a network interface.',
    )
    .option(
      '--router <A.B.C.D[:port]>',
      'router to get an address from (required); may be repeated',
      repeated(endpointOrAddress),
    )
    .option('--listen <A.B.C.D>', 'own IPv4 address to use; default: all', ipv4)
    .option('--port <N>', 'own UDP port; default: chosen by the system', port)
    .option(
      '--keepalive <S[,TTL]>',
      'seconds between keepalives, and their TTL; default: 25,3, less where a NAT forgets',
      keepalive,
    )
    .option(
      '--peering <STRATEGY>',
      `how direct paths to other peers are found: ${STRATEGIES}; default: as the dialect prescribes`,
      strategy,
    )
    .option(
      '--direct-keepalive <S>',
      'seconds after which an idle direct path is tested, so that it stays open; default: 0, never',
      integer(0, LONGEST_KEEPALIVE),
    )
    .option('--lan-search', 'look for peers behind the same NAT on the local network')
    .option('--no-lan-search', 'do not look for them; default: as the dialect prescribes')
    .option(
      '--lan-ttl <N>',
      'TTL of the search for peers on the local network, 0 for none; default: 1',
      integer(0, HIGHEST_TTL),
    )
    .option(
      '--mapping-timeout <S>',
      'seconds after which NATs drop an idle mapping, 28 or more; for probe-and-seen; default: 30',
      integer(0, LONGEST_KEEPALIVE),
    )
    .option(
      '--opportunism',
      'send the first packet of TCP and SCTP handshakes directly to other peers',
    )
    .option(
      '--max-remotes <N>',
      'remotes to find direct paths to; further ones are reached through the router',
      integer(1, MOST_REMOTES),
    )
    .option('--lanip <N>', 'own number under each prefix; default: 1', integer(1, HIGHEST_LANIP))
    .option('--no-adaptive', 'draft04: never send from another address than the program did')
    .option('--no-avoid-trapezium', 'never ask the router of a remote for an extra address')
    .option(
      '--require-nonce',
      'accept only direct paths confirmed with our nonce; excludes peers of 2012 and 2018',
    )
    .option('--default-route', 'send all IPv6 without a better route through the tunnel')
    .option(
      '--accept-routes <P/len>',
      'let routes that routers offer within this prefix win over native ones; may be repeated',
      repeated(prefix),
    );
  addDaemonOptions(command)
    .addHelpText('after', `${SIGNALS}\n${EXAMPLES}`)
    .action((flags: PeerFlags) => runPeer(flags, version));
}

async function runPeer(flags: PeerFlags, version: string): Promise<void> {
  const { router: routers, dialect: profile, tun = DEFAULT_TUN } = flags;
  if (routers === undefined) {
    throw missingOption('--router', 'the IPv4 address of a router', '192.0.2.1');
  }
  const log = await openLog(flags);
  const { listen, port, keepalive, lanip, defaultRoute, acceptRoutes, driver, offloads } = flags;
  const { allowPrivate, allowLoopback, inbound } = flags;
  const options = {
    ...{ listen, port, keepalive, lanip, defaultRoute, acceptRoutes, profile, driver, offloads },
    ...{ allowPrivate, allowLoopback, inbound, peering: peeringOf(flags) },
  };
  const { logger } = log;
  const paths = new PathLog(logger);
  await runDaemon({
    log,
    control: await openControl(flags, 'peer', tun, logger),
    start: () => startPeer({ routers, tun, ...options }),
    onStarted: (peer) => {
      if (tun === false) answerEcho(peer);
      logInbound(peer.inbound, logger);
      logEvents(peer, logger);
      peer.on('path', (change) => paths.changed(change));
    },
    onEnding: () => paths.close(),
    status: (peer, process) => statusOfPeer(peer, { version, ...process }, paths.inbound),
  });
}

/** The options of the search for direct paths. */
function peeringOf(flags: PeerFlags): PeeringOptions {
  const { directKeepalive, lanSearch, lanTtl, mappingTimeout, maxRemotes } = flags;
  const { peering: strategy, requireNonce, opportunism, avoidTrapezium } = flags;
  const options = {
    ...{ strategy, directKeepalive, lanSearch, lanTtl, mappingTimeout, maxRemotes },
    ...{ requireNonce, opportunism, avoidTrapezium },
    adaptive: flags.adaptive ? undefined : false,
  };
  return options;
}

/** Logs the events of a peer. */
function logEvents(peer: PeerDaemon, log: Logger): void {
  let isReady = false;
  const fieldsOf = ({ address, prefix, router, publicEndpoint, routes }: AddressLease) => ({
    peer: `${address}${prefix.slice(prefix.indexOf('/'))}`,
    via: formatEndpoint(router),
    public: publicEndpoint === null ? null : formatEndpoint(publicEndpoint),
    tun: peer.tun,
    routes,
  });
  peer.on('address', (lease, previous) => {
    const fields = fieldsOf(lease);
    if (!isReady) log.info(fields, 'ready');
    else if (previous === null) log.info(fields, 'address');
    else log.info({ ...fields, previous: previous.address }, 'address changed');
    isReady = true;
  });
  peer.on('address-lost', (lease) => {
    log.info({ peer: lease.address, via: formatEndpoint(lease.router) }, 'address released');
  });
  logInterface(peer, log);
  peer.on('router-unreachable', ({ router, attempts }) => {
    const name = formatEndpoint(router);
    log.info({ router: name, attempts }, `no answer from router ${name}`);
  });
  peer.on('router-reachable', ({ router }) => {
    const name = formatEndpoint(router);
    log.info({ router: name }, `router ${name} answers again`);
  });
  peer.on('no-route', ({ message }) => log.warn(`${message}; waiting`));
  peer.on('port-refused', ({ router, publicEndpoint, movedTo }) => {
    const fields = {
      router: formatEndpoint(router),
      public: formatEndpoint(publicEndpoint),
      movedTo,
    };
    if (movedTo === null)
      log.warn(fields, 'the router refuses this UDP port: choose another --port');
    else log.info(fields, 'the router refuses this UDP port: trying another');
  });
  const routers = peer.uplinks().map(({ router }) => formatEndpoint(router));
  log.debug({ routers, from: formatEndpoint(peer.endpoint) }, 'soliciting an address');
}
