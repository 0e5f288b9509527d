import { type Profile, reference2020 } from '@6bed4/codec';
import type { LogOptions } from '../output/log.js';
import type { DaemonFlags } from './daemonOptions.js';
import type { PeerFlags } from './peerOptions.js';
import { UsageError } from './usageError.js';

/**
 * An option that is given and would change nothing beside the others, as on the command line, and why. Options that ask
 * for what is so anyway are none: `--lan-ttl 0` where nothing is searched for.
 */
export type Ineffective = readonly [flag: string, reason: string];

/** The refusal of an option that would change nothing: whoever gives it expects something. */
export class IneffectiveOption extends UsageError {
  /** As on the command line. */
  readonly flag: string;

  constructor([flag, reason]: Ineffective) {
    super(`${flag}: has no effect ${reason}`);
    this.flag = flag;
  }
}

/** Refuses the first of some options, if there is one. @throws IneffectiveOption */
export function refuseIneffective(found: readonly Ineffective[]): void {
  const [first] = found;
  if (first !== undefined) throw new IneffectiveOption(first);
}

/** Collects what is ineffective: flags with a condition, and the reason. */
export class IneffectiveOptions {
  readonly found: Ineffective[] = [];

  /** Notes options for a reason that they share, where it applies. */
  where(applies: boolean, reason: string, given: Readonly<Record<string, boolean>>): this {
    if (!applies) return this;
    const flags = Object.keys(given).filter((flag) => given[flag] === true);
    this.found.push(...flags.map((flag) => [flag, reason] as const));
    return this;
  }
}

/** Options of the search for direct paths that the strategy or dialect has no use for. */
export function ineffectiveOfPeer(
  flags: PeerFlags & { readonly dialect?: Profile },
): Ineffective[] {
  const { dialect: profile = reference2020, lanTtl = 0, directKeepalive = 0 } = flags;
  const { dialect, layout } = profile;
  const strategy = flags.peering ?? dialect.peering;
  const searches = flags.lanSearch ?? dialect.searchesLan;
  const chosen = flags.peering === undefined ? `in ${dialect.name}` : `with --peering ${strategy}`;
  const ofNeighborDiscovery = {
    '--lan-search': flags.lanSearch === true,
    '--lan-ttl': lanTtl > 0,
    '--direct-keepalive': directKeepalive > 0,
    '--opportunism': flags.opportunism === true,
    '--require-nonce': flags.requireNonce === true,
  };
  const usesUdp = flags.uplink === 'udp' || (flags.uplink ?? flags.gateway) === undefined;
  return new IneffectiveOptions()
    .where(usesUdp, 'without --uplink auto or wss', {
      '--gateway': flags.gateway !== undefined,
      '--gateway-token-file': flags.gatewayTokenFile !== undefined,
      '--gateway-proxy': flags.gatewayProxy !== undefined,
    })
    .where(flags.uplink === 'wss', 'with --uplink wss, which uses no UDP socket', {
      '--listen': flags.listen !== undefined,
      '--port': flags.port !== undefined,
    })
    .where(
      strategy !== 'neighbor-discovery',
      `${chosen}; it is for neighbor-discovery`,
      ofNeighborDiscovery,
    )
    .where(strategy !== 'probe-and-seen', `${chosen}; it is for probe-and-seen`, {
      '--mapping-timeout': flags.mappingTimeout !== undefined,
    })
    .where(strategy === 'via-router', 'where no direct paths are looked for', {
      '--max-remotes': flags.maxRemotes !== undefined,
    })
    .where(!searches, 'without --lan-search', { '--lan-ttl': lanTtl > 0 })
    .where(!layout.hasLanip, `in ${dialect.name}, whose addresses have no number`, {
      '--lanip': flags.lanip !== undefined,
    }).found;
}

/** Options of the data path that the chosen driver, or its absence of an interface, has no use for. */
export function ineffectiveOfDriver({ driver, offloads, tun }: DaemonFlags): Ineffective[] {
  const wanted = offloads !== undefined && offloads !== 'none';
  return new IneffectiveOptions()
    .where(driver === 'portable', 'with --driver portable', { '--offloads': wanted })
    .where(tun === false, 'with --no-tun', { '--offloads': offloads === 'tun' }).found;
}

/** Options of the log of which one says otherwise than another. */
export function ineffectiveOfLog(flags: LogOptions): Ineffective[] {
  const { json = false, verbose = false, logFormat, logLevel, logTo, logTime } = flags;
  const isJson = json || logFormat === 'json';
  const format = logFormat ?? (logTo === 'syslog' ? 'journal' : undefined);
  const isJournal = !isJson && format === 'journal';
  return new IneffectiveOptions()
    .where(json, 'with --json', { '--log-format': logFormat !== undefined && logFormat !== 'json' })
    .where(verbose, 'with --verbose', {
      '--log-level': logLevel !== undefined && logLevel !== 'debug',
    })
    .where(isJson, 'in JSON, which always has the time', { '--no-log-time': logTime === false })
    .where(isJournal, 'in lines for syslog and journald, which add the time', {
      '--log-time': logTime === true,
    }).found;
}
