import { type Endpoint, type Profile, profileOf } from '@6bed4/codec';
import type { Command } from 'commander';
import { checkReport, type FurtherFindings, resultOf } from '../check/checkReport.js';
import { findRouters } from '../check/findRouters.js';
import { askGateway } from '../check/gatewayProbe.js';
import {
  DEFAULT_PAUSE,
  LONGEST_PAUSE,
  measureMappingTimeout,
  SHORTEST_PAUSE,
} from '../check/mappingTimeout.js';
import { findNativeIPv6 } from '../check/nativeIPv6.js';
import { checkNetwork, type NetworkFindings } from '../check/networkCheck.js';
import { ipv4, routerReference } from '../options/addresses.js';
import { DIALECTS, dialect } from '../options/choices.js';
import { refuseIneffective } from '../options/ineffective.js';
import { integer } from '../options/numbers.js';
import { repeated } from '../options/repeated.js';
import { ownToken, TOKEN_VARIABLE } from '../options/tokens.js';
import { UsageError } from '../options/usageError.js';
import { print } from '../output/print.js';

const EXAMPLES = `
Examples:
  # whether the router answers, and what the network does to UDP
  6bed4 check --router 192.0.2.1
  # two routers find out how the NAT maps and filters
  6bed4 check --router 192.0.2.1 --router 192.0.2.9
  # how long the NAT keeps a mapping without traffic
  6bed4 check --router 192.0.2.1 --mapping-timeout 60
  # for scripts
  6bed4 check --router 192.0.2.1 --json

Exit codes: 0 everything works, 1 no router answers, 2 wrong arguments, 3 it works with limits: a router is
silent, large packets get lost, the NAT maps each remote to another port, or it forgets a mapping before the first keepalive.`;

/** Exit codes by result. */
const EXIT = { ok: 0, failed: 1, limited: 3 } as const;
/** More than two would find out nothing more. */
const MOST_ROUTERS = 2;

interface Flags {
  readonly router?: readonly string[];
  readonly listen?: string;
  readonly dialect?: Profile;
  readonly mappingTimeout?: number | true;
  readonly gateway?: string;
  readonly gatewayTokenFile?: string;
  readonly json?: boolean;
}

/** `6bed4 check` */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .summary('find out whether 6bed4 works here, and what the NAT does')
    .description(
      'Finds out whether routers answer, how the NAT on the way maps and filters (RFC 4787), whether large ' +
        'packets pass, and whether there is native IPv6, and preferred. Takes some seconds; needs no privileges.',
    )
    .option(
      '--router <HOST[:port]>',
      'router to ask; a second one tells more about the NAT; default: those of running peers',
      repeated(routerReference),
    )
    .option('--listen <A.B.C.D>', 'own IPv4 address to use; default: all', ipv4)
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option(
      '--mapping-timeout [S]',
      `measure how long the NAT keeps a mapping without traffic, up to S seconds; without value: ${DEFAULT_PAUSE}`,
      integer(SHORTEST_PAUSE, LONGEST_PAUSE),
    )
    .option('--gateway <URL>', 'whether this gateway can be used where UDP is blocked')
    .option(
      '--gateway-token-file <PATH>',
      `file with the token that it asks for; default: the variable ${TOKEN_VARIABLE}, if set`,
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(check);
}

async function check(flags: Flags): Promise<void> {
  const { dialect: profile = profileOf('draft03'), listen, json = false } = flags;
  const tell = (line: string): void => {
    if (!json) console.error(line);
  };
  if (flags.gateway === undefined && flags.gatewayTokenFile !== undefined) {
    refuseIneffective([['--gateway-token-file', 'without --gateway']]);
  }
  const count = flags.router?.length ?? 0;
  if (count > MOST_ROUTERS) {
    throw new UsageError(`--router: found ${count} of them, expected ${MOST_ROUTERS} at most`);
  }
  const routers = (await findRouters(flags.router, profile)).slice(0, MOST_ROUTERS);
  const onProgress = (what: string, { address, port }: { address: string; port: number }): void => {
    tell(`${what} ${address}:${port} …`);
  };
  const found = await checkNetwork({ routers, profile, listen, onProgress });
  const result = resultOf(found, {
    nativeIPv6: await findNativeIPv6(profile),
    ...(await timeoutFrom(flags, found, tell)),
    ...(await gatewayFrom(flags, routers, profile, tell)),
  });
  print(json ? JSON.stringify(result) : checkReport(result));
  process.exitCode = EXIT[result.result];
}

/** Tries a gateway, if that is wished. */
async function gatewayFrom(
  { gateway, gatewayTokenFile }: Flags,
  routers: readonly Endpoint[],
  profile: Profile,
  tell: (line: string) => void,
): Promise<Pick<FurtherFindings, 'gateway'>> {
  if (gateway === undefined) return {};
  tell(`asking for an address over ${gateway} …`);
  return { gateway: await askGateway(gateway, routers, profile, ownToken(gatewayTokenFile)) };
}

/** Measures the timeout by the first router that answers, if that is wished and there is one. */
async function timeoutFrom(
  { mappingTimeout, listen, dialect: profile }: Flags,
  { routers }: NetworkFindings,
  tell: (line: string) => void,
): Promise<Pick<FurtherFindings, 'mappingTimeout'>> {
  if (mappingTimeout === undefined) return {};
  const router = routers.find(({ seenAt }) => seenAt !== null)?.router;
  if (router === undefined) return { mappingTimeout: null };
  const upTo = mappingTimeout === true ? DEFAULT_PAUSE : mappingTimeout;
  tell(`measuring how long a mapping lives, for up to ${upTo} s …`);
  const onPause = (pause: number, isAlive: boolean): void => {
    tell(`${isAlive ? 'there' : 'gone'} after ${pause} s without traffic`);
  };
  return {
    mappingTimeout: await measureMappingTimeout({ router, upTo, listen, profile, onPause }),
  };
}
