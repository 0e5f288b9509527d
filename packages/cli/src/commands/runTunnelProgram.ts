import { checkPeerOptions, openTunnel, type StartError, type Tunnel } from '@6bed4/node';
import type { Command } from 'commander';
import { addConfigurable, type FlagSource } from '../config/configurable.js';
import type { Changes } from '../config/reload.js';
import type { Claims } from '../control/alreadyRunning.js';
import { openControl } from '../control/openControl.js';
import { statusOfPeer } from '../control/status.js';
import type { CommonFlags } from '../options/daemonOptions.js';
import {
  type Ineffective,
  IneffectiveOptions,
  ineffectiveOfLog,
  ineffectiveOfPeer,
  refuseIneffective,
} from '../options/ineffective.js';
import { missingRouter, type PeerFlags, peeringOf, uplinkOf } from '../options/peerOptions.js';
import { limitsOf, type RelayFlags, type RelayLimits } from '../options/relayOptions.js';
import { LineLimit } from '../output/lineLimit.js';
import { openLog } from '../output/log.js';
import { PathLog } from '../output/pathLog.js';
import { hostText } from '../proxy/proxyContext.js';
import { type ProxyCounts, type ProxyOptions, ProxyServers } from '../proxy/proxyServers.js';
import type { Network } from '../relay/network.js';
import type { ServeOptions, ServiceCounts } from '../serve/runningService.js';
import { type Service, serviceText } from '../serve/service.js';
import { Services } from '../serve/services.js';
import { describePeer, routersOf } from './describePeer.js';
import { logPeer } from './logPeer.js';
import { type ManagedDaemon, runDaemon } from './runDaemon.js';

/** Milliseconds without an answer of a router after which the log says so. */
const NOTICE_DELAY = 4_000;

/** The flags of both `proxy` and `serve`. */
export interface TunnelProgramFlags extends CommonFlags, PeerFlags, RelayFlags {
  readonly proxyProtocol?: boolean;
}

type ProxySettings = Pick<ProxyOptions, 'socks' | 'http' | 'directIPv4' | 'credentials'> & {
  /** Makes what resolves names, over a network. */
  readonly resolverOver: (network: Network) => ProxyOptions['resolve'];
};

/** What a command does with its tunnel. */
export interface TunnelProgramPlan {
  readonly role: 'proxy' | 'serve';
  /** Null for no proxy. */
  readonly proxy: ProxySettings | null;
  readonly services: readonly Service[];
}

interface Parts {
  readonly proxy: ProxyServers | null;
  readonly services: Services;
  /** Read by both whenever something begins. */
  readonly limits: RelayLimits;
}

/** A tunnel, and what uses it. */
class TunnelProgram implements ManagedDaemon {
  readonly tunnel: Tunnel;
  readonly #parts: Parts;

  constructor(tunnel: Tunnel, parts: Parts) {
    this.tunnel = tunnel;
    this.#parts = parts;
  }

  on(event: 'error' | 'warning', listener: (error: StartError) => void): this {
    this.tunnel.on(event, listener);
    return this;
  }

  /** What the proxy and the services have counted; nothing about what there is not. */
  counts(): { proxy?: ProxyCounts; services?: readonly ServiceCounts[] } {
    const { proxy, services } = this.#parts;
    const all = services.counts();
    return { ...(proxy && { proxy: proxy.counts() }), ...(all.length > 0 && { services: all }) };
  }

  /** Has other limits for what begins from now on. */
  setLimits(limits: RelayLimits): void {
    Object.assign(this.#parts.limits, limits);
  }

  async close(): Promise<void> {
    this.#parts.proxy?.close();
    this.#parts.services.close();
    await this.tunnel.close();
  }
}

/** Gives a command that uses a tunnel its action. */
export function addTunnelProgram<F extends TunnelProgramFlags>(
  command: Command,
  planOf: (flags: F) => TunnelProgramPlan,
  version: string,
): void {
  addConfigurable<F>(command, {
    check: (flags) => {
      const plan = planOf(flags);
      checkPeerOptions(optionsOf(flags));
      refuseIneffective(ineffectiveOf(flags, plan));
    },
    run: (flags, source) => runTunnelProgram({ flags, plan: planOf(flags), source, version }),
  });
}

function optionsOf(flags: TunnelProgramFlags) {
  const { router: routers, listen, port, keepalive, lanip, dialect: profile } = flags;
  if (routers === undefined) throw missingRouter();
  const { allowPrivate, allowLoopback } = flags;
  return {
    ...{ routers, listen, port, keepalive, lanip, profile, allowPrivate, allowLoopback },
    ...uplinkOf(flags),
    peering: peeringOf(flags),
  };
}

function ineffectiveOf(
  flags: TunnelProgramFlags,
  { proxy, services }: TunnelProgramPlan,
): Ineffective[] {
  const hasTcp = services.some(({ protocol }) => protocol === 'tcp');
  const own = new IneffectiveOptions().where(!hasTcp, 'without a TCP service', {
    '--proxy-protocol': flags.proxyProtocol === true,
    '--idle-timeout': flags.idleTimeout !== undefined && proxy === null,
  });
  return [...own.found, ...ineffectiveOfPeer(flags), ...ineffectiveOfLog(flags)];
}

function claimsOf(
  { listen, port }: ReturnType<typeof optionsOf>,
  { proxy }: TunnelProgramPlan,
): Claims {
  const proxies = [proxy?.socks, proxy?.http].flatMap((one) =>
    one ? [hostText(one.host, one.port)] : [],
  );
  return { tun: false, listen, port, proxies };
}

/** What changes while it runs, by flag. */
const CHANGES: Changes<TunnelProgramFlags, TunnelProgram> = {
  router: ({ tunnel }, { router }) => tunnel.peer.setRouters(router!),
  maxConnections: (program, flags) => program.setLimits(limitsOf(flags)),
  idleTimeout: (program, flags) => program.setLimits(limitsOf(flags)),
};

interface TunnelProgramRun<F> {
  readonly flags: F;
  readonly plan: TunnelProgramPlan;
  readonly source: FlagSource<F> | null;
  readonly version: string;
}

/** Runs a proxy, services, or both over one tunnel until a signal ends it. */
async function runTunnelProgram<F extends TunnelProgramFlags>({
  flags,
  plan,
  source,
  version,
}: TunnelProgramRun<F>): Promise<void> {
  const options = optionsOf(flags);
  const log = await openLog(flags);
  const { logger } = log;
  const limit = new LineLimit();
  const detail = (fields: object, message: string): void => {
    if (logger.isLevelEnabled('debug') && limit.allows()) logger.debug(fields, message);
  };
  const paths = new PathLog(logger);
  let notice: NodeJS.Timeout | undefined;
  await runDaemon({
    log,
    control: await openControl(flags, plan.role, false, logger),
    version,
    tunnelOf: ({ tunnel }) => tunnel.peer,
    flags,
    describe: ({ tunnel }) => describePeer(tunnel.peer),
    reload: source && { source, changes: CHANGES },
    start: async () =>
      startProgram(await openTunnel({ ...options, waitForAddress: false }), flags, plan, detail),
    claims: claimsOf(options, plan),
    onStarted: ({ tunnel }) => {
      const { peer } = tunnel;
      peer.on('path', (change) => paths.changed(change));
      logPeer(peer, logger, { leases: peer.leases, fields: fieldsOf(plan) });
      notice = setTimeout(() => {
        if (peer.leases.length > 0) return;
        const router = routersOf(peer).join(', ');
        logger.info({ router, ...fieldsOf(plan) }, 'waiting for an address from a router');
      }, NOTICE_DELAY).unref();
    },
    onEnding: () => {
      clearTimeout(notice);
      paths.close();
    },
    status: (program, process) => ({
      ...statusOfPeer(program.tunnel.peer, { version, ...process }, paths.inbound),
      role: plan.role,
      ...program.counts(),
    }),
  });
}

type Detail = (fields: object, message: string) => void;

async function startProgram(
  tunnel: Tunnel,
  flags: TunnelProgramFlags,
  plan: TunnelProgramPlan,
  detail: Detail,
): Promise<TunnelProgram> {
  const network: Network = tunnel;
  tunnel.ref();
  const limits = limitsOf(flags);
  const serveOptions: ServeOptions = {
    limits,
    proxyProtocol: flags.proxyProtocol === true,
    onConnection: ({ service, remote, failure }) => {
      const fields = {
        service: serviceText(service),
        remote: hostText(remote.address, remote.port),
      };
      detail({ event: 'service', ...fields, failure }, failure === null ? 'served' : 'not served');
    },
  };
  const services = new Services(plan.services, network, serveOptions);
  const proxy =
    plan.proxy &&
    new ProxyServers({
      ...plan.proxy,
      limits,
      network,
      resolve: plan.proxy.resolverOver(network),
      ownPrefixes: () => tunnel.peer.leases.map(({ prefix }) => prefix),
      onEvent: ({ client, to, outcome }) => {
        detail({ event: 'proxy', client, to }, `proxy ${outcome}`);
      },
    });
  const program = new TunnelProgram(tunnel, { proxy, services, limits });
  try {
    await proxy?.listen();
    await services.listen();
  } catch (error) {
    await program.close();
    throw error;
  }
  return program;
}

/** What is logged with `ready`. */
function fieldsOf({ proxy, services }: TunnelProgramPlan): object {
  return {
    socks: proxy?.socks ? hostText(proxy.socks.host, proxy.socks.port) : null,
    http: proxy?.http ? hostText(proxy.http.host, proxy.http.port) : null,
    ...(services.length > 0 && { serves: services.map(serviceText) }),
  };
}
