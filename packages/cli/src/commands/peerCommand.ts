import { reference2020 } from '@6bed4/codec';
import {
  answerEcho,
  checkPeerOptions,
  type PeerDaemon,
  type PeerDaemonOptions,
  startPeer,
} from '@6bed4/node';
import type { Command } from 'commander';
import { addConfigurable, type FlagSource } from '../config/configurable.js';
import type { Changes } from '../config/reload.js';
import { openControl } from '../control/openControl.js';
import { statusOfPeer } from '../control/status.js';
import { ExtensionHook } from '../hook/extensionHook.js';
import { offersOf } from '../hook/offers.js';
import { prefix } from '../options/addresses.js';
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
  ineffectiveOfPeer,
  refuseIneffective,
} from '../options/ineffective.js';
import { integer } from '../options/numbers.js';
import {
  addPeerOptions,
  missingRouter,
  type PeerFlags,
  peeringOf,
  uplinkOf,
} from '../options/peerOptions.js';
import { repeated } from '../options/repeated.js';
import { openLog } from '../output/log.js';
import type { Logger } from '../output/logger.js';
import { PathLog } from '../output/pathLog.js';
import { describePeer } from './describePeer.js';
import { logInbound } from './logInbound.js';
import { logPeer } from './logPeer.js';
import { runDaemon } from './runDaemon.js';

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
  # over a WebSocket, where UDP is blocked
  6bed4 peer --router 192.0.2.1 --gateway wss://router.example/6bed4
  # a second peer on the same computer
  6bed4 peer --router 192.0.2.1 --tun 6bed4b`;

/** Seconds that one call of a hook may take. */
const HOOK_TIMEOUT = 10;
const LONGEST_HOOK_TIMEOUT = 300;
const MS_PER_SECOND = 1000;

interface PeerCommandFlags extends DaemonFlags, PeerFlags {
  defaultRoute?: boolean;
  acceptRoutes?: string[];
  hook?: string;
  hookTimeout?: number;
}

/** `6bed4 peer` */
export function addPeerCommand(program: Command, version: string): void {
  const command = addPeerOptions(
    program
      .command('peer')
      .summary('join the network of a router: get an IPv6 address and an interface')
      .description(
        'Runs a 6bed4 peer: gets an IPv6 address from a router and puts it on a network interface.',
      ),
  )
    .option('--default-route', 'send all IPv6 without a better route through the tunnel')
    .option(
      '--accept-routes <P/len>',
      'let routes that routers offer within this prefix win over native ones; may be repeated',
      repeated(prefix),
    )
    .option(
      '--hook <COMMAND>',
      'command that is told the addresses and routes that others may use through this peer',
    )
    .option(
      '--hook-timeout <S>',
      `seconds that one call of it may take; default: ${HOOK_TIMEOUT}`,
      integer(1, LONGEST_HOOK_TIMEOUT),
    );
  addDaemonOptions(command).addHelpText('after', `${SIGNALS}\n${EXAMPLES}`);
  addConfigurable<PeerCommandFlags>(command, {
    check: (flags) => {
      checkPeerOptions(optionsOf(flags));
      refuseIneffective(ineffectiveOf(flags));
    },
    run: (flags, source) => runPeer(flags, source, version),
  });
}

function optionsOf(flags: PeerCommandFlags): PeerDaemonOptions {
  const { router: routers, dialect: profile, tun = DEFAULT_TUN } = flags;
  if (routers === undefined) throw missingRouter();
  const { listen, port, keepalive, lanip, defaultRoute, acceptRoutes, driver, offloads } = flags;
  const { allowPrivate, allowLoopback, inbound } = flags;
  return {
    ...{ routers, tun, listen, port, keepalive, lanip, defaultRoute, acceptRoutes, profile },
    ...{
      driver,
      offloads,
      allowPrivate,
      allowLoopback,
      inbound,
      ...uplinkOf(flags),
      peering: peeringOf(flags),
    },
  };
}

function ineffectiveOf(flags: PeerCommandFlags): Ineffective[] {
  const own = new IneffectiveOptions()
    .where(flags.tun === false, 'with --no-tun', {
      '--default-route': flags.defaultRoute === true,
      '--accept-routes': flags.acceptRoutes !== undefined,
      '--hook': flags.hook !== undefined,
    })
    .where(flags.hook === undefined, 'without --hook', {
      '--hook-timeout': flags.hookTimeout !== undefined,
    });
  return [
    ...own.found,
    ...ineffectiveOfPeer(flags),
    ...ineffectiveOfDriver(flags),
    ...ineffectiveOfLog(flags),
  ];
}

/** What changes while a peer runs, by flag. */
const CHANGES: Changes<PeerCommandFlags, PeerDaemon> = {
  router: (peer, { router }) => peer.setRouters(router!),
  acceptRoutes: (peer, flags) => peer.setRouteWishes(flags),
  defaultRoute: (peer, flags) => peer.setRouteWishes(flags),
  inbound: (peer, { inbound = 'open' }) => peer.setInbound(inbound),
};

async function runPeer(
  flags: PeerCommandFlags,
  source: FlagSource<PeerCommandFlags> | null,
  version: string,
): Promise<void> {
  const options = optionsOf(flags);
  const { tun = false } = options;
  const log = await openLog(flags);
  const { logger } = log;
  const paths = new PathLog(logger);
  const hook = hookOf(flags, logger);
  await runDaemon({
    log,
    control: await openControl(flags, 'peer', tun, logger),
    version,
    tunnelOf: (peer) => peer,
    flags,
    describe: describePeer,
    reload: source && { source, changes: CHANGES },
    start: () => startPeer(options),
    claims: { tun, listen: options.listen, port: options.port },
    onStarted: (peer) => {
      if (tun === false) answerEcho(peer);
      logInbound(peer, logger);
      logPeer(peer, logger);
      peer.on('path', (change) => paths.changed(change));
      if (hook !== null) tellHook(hook, peer, flags);
    },
    async onEnding() {
      paths.close();
      await hook?.end();
    },
    status: (peer, process) => statusOfPeer(peer, { version, ...process }, paths.inbound),
  });
}

function hookOf({ hook, hookTimeout }: PeerCommandFlags, log: Logger): ExtensionHook | null {
  if (hook === undefined) return null;
  const timeout = (hookTimeout ?? HOOK_TIMEOUT) * MS_PER_SECOND;
  return new ExtensionHook({ hook, timeout, log });
}

/** Tells a hook what the routers of a peer offer, from now on. */
function tellHook(
  hook: ExtensionHook,
  peer: PeerDaemon,
  { dialect = reference2020 }: PeerCommandFlags,
): void {
  const tell = (): void => hook.offer(offersOf(peer.leases, dialect.layout));
  peer.on('address', tell);
  peer.on('address-lost', tell);
}
