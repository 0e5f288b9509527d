import { HIGHEST_TTL } from '@6bed4/codec';
import type { UplinkName } from '@6bed4/node';
import type { PeeringName, PeeringOptions } from '@6bed4/tunnel';
import type { Command } from 'commander';
import { ipv4, routerReference } from './addresses.js';
import { STRATEGIES, strategy, UPLINKS, uplink } from './choices.js';
import { proxyOfEnvironment } from './gatewayProxy.js';
import { integer, keepalive, LONGEST_KEEPALIVE, port } from './numbers.js';
import { repeated } from './repeated.js';
import { ownToken, TOKEN_VARIABLE } from './tokens.js';
import { missingOption, type UsageError } from './usageError.js';

/** Highest values of options, whatever the dialect; the library may refuse more. */
const HIGHEST_LANIP = 16_383;
const MOST_REMOTES = 2 ** 20;

/** Options of all commands that run a peer, as parsed. */
export interface PeerFlags {
  readonly router?: readonly string[];
  readonly uplink?: UplinkName;
  readonly gateway?: readonly string[];
  readonly gatewayTokenFile?: string;
  readonly gatewayProxy?: string;
  readonly listen?: string;
  readonly port?: number;
  readonly keepalive?: { interval: number; ttl?: number };
  readonly peering?: PeeringName;
  readonly directKeepalive?: number;
  readonly lanSearch?: boolean;
  readonly lanTtl?: number;
  readonly lanip?: number;
  readonly maxRemotes?: number;
  readonly mappingTimeout?: number;
  readonly requireNonce?: boolean;
  readonly opportunism?: boolean;
  readonly avoidTrapezium: boolean;
  readonly adaptive: boolean;
}

/** Adds the options of all commands that run a peer. */
export function addPeerOptions(command: Command): Command {
  return command
    .option(
      '--router <HOST[:port]>',
      'IPv4 address or name of a router (required); may be repeated, the preferred one first',
      repeated(routerReference),
    )
    .option(
      '--uplink <HOW>',
      `the way to the Internet: ${UPLINKS}; default: auto with --gateway, else udp`,
      uplink,
    )
    .option(
      '--gateway <URL>',
      'way in where UDP is blocked; default: wss://NAME/6bed4 of a router with a name; may be repeated',
      repeated((text) => text),
    )
    .option(
      '--gateway-token-file <PATH>',
      `file with the token that it asks for; default: the variable ${TOKEN_VARIABLE}, if set`,
    )
    .option(
      '--gateway-proxy <URL>',
      'HTTP proxy on the way there, http://HOST:PORT; default: the variable HTTPS_PROXY, but for NO_PROXY',
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
    );
}

/** The refusal of a peer without router. */
export function missingRouter(): UsageError {
  return missingOption('--router', 'the IPv4 address or name of a router', '192.0.2.1');
}

/** The options of the way to the Internet. @throws UsageError, StartError for a token that cannot be read */
export function uplinkOf({ uplink, gateway, gatewayTokenFile, gatewayProxy }: PeerFlags) {
  const isUsed = uplink === 'auto' || uplink === 'wss' || gateway !== undefined;
  const gatewayToken = isUsed ? ownToken(gatewayTokenFile) : undefined;
  return { uplink, gateway, gatewayToken, gatewayProxy: gatewayProxy ?? proxyOfEnvironment };
}

/** The options of the search for direct paths. */
export function peeringOf(flags: PeerFlags): PeeringOptions {
  const { directKeepalive, lanSearch, lanTtl, mappingTimeout, maxRemotes } = flags;
  const { peering: strategy, requireNonce, opportunism, avoidTrapezium } = flags;
  const options = {
    ...{ strategy, directKeepalive, lanSearch, lanTtl, mappingTimeout, maxRemotes },
    ...{ requireNonce, opportunism, avoidTrapezium },
    adaptive: flags.adaptive ? undefined : false,
  };
  return options;
}
