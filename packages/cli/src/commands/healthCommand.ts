import type { Command } from 'commander';
import { checkHealth } from '../health/checkHealth.js';
import {
  exitCodeOf,
  exitCodes,
  type HealthCheck,
  type HealthReport,
} from '../health/healthCheck.js';
import { ipv4, ipv6 } from '../options/addresses.js';
import { refuseIneffective } from '../options/ineffective.js';
import { integer } from '../options/numbers.js';
import { colors } from '../output/color.js';
import { print } from '../output/print.js';

const DEFAULT_INTERVAL = 1;
const DEFAULT_RISE = 3;
const DEFAULT_FALL = 3;
const MOST = 3600;
const NAME_WIDTH = 12;

const CODES = Object.entries(exitCodes)
  .map(([name, code]) => `${code} ${name}`)
  .join(', ');

const HELP = `
Checks, in this order: the daemon answers; its socket is bound, to an address of this computer; its interface is up and
complete; the kernel forwards IPv6; routes lead to the peers and, from a prefix of the Internet, away from them; a
probe gets an address from the router and an echo reply through the tunnel; the router does not drain.

With --watch, a router is up after --rise successes in a row, and down after --fall failures, at once when it ends or drains.
/bin/sh runs the commands of --up and --down at each change, ten seconds at most; one that fails is run again with the
next check. When a signal ends the watch, --down is run once more.

Examples:
  # whether the router of this computer serves
  6bed4 health
  # what else is needed to be reached from the Internet
  6bed4 health --ping 2001:db8::1 --json
  # BIRD announces the router while it serves
  6bed4 health --watch --up 'birdc enable fleet' --down 'birdc disable fleet'

Exit codes: 0 all passed, 1 could not check, 2 wrong arguments; of the first check that failed: ${CODES}.`;

interface HealthFlags {
  readonly json?: boolean;
  readonly ping?: string;
  readonly source?: string;
  readonly watch?: boolean;
  readonly interval?: number;
  readonly rise?: number;
  readonly fall?: number;
  readonly up?: string;
  readonly down?: string;
}

/** `6bed4 health` */
export function addHealthCommand(program: Command): void {
  program
    .command('health')
    .summary('check whether a running router serves')
    .description(
      'Checks whether a router of this computer serves, within three seconds, and tells by the exit code ' +
        'what it lacks; with --watch again and again, to announce it elsewhere.',
    )
    .argument(
      '[NAME]',
      'interface of the router, or path of its control socket; default: the only one',
    )
    .option(
      '--ping <ADDR>',
      'IPv6 address of a host beyond the router that has to answer, too',
      ipv6,
    )
    .option(
      '--source <A.B.C.D>',
      'IPv4 address that the probe sends from: where several routers have one address, one of this computer alone',
      ipv4,
    )
    .option('--json', 'print one JSON object')
    .option('--watch', 'check again and again until a signal ends it')
    .option(
      '--interval <S>',
      `seconds between two checks with --watch; default: ${DEFAULT_INTERVAL}`,
      integer(1, MOST),
    )
    .option('--rise <N>', `successes until it is up; default: ${DEFAULT_RISE}`, integer(1, MOST))
    .option('--fall <N>', `failures until it is down; default: ${DEFAULT_FALL}`, integer(1, MOST))
    .option('--up <COMMAND>', 'run by the shell when the router comes up')
    .option('--down <COMMAND>', 'run by the shell when the router goes down, and at the end')
    .addHelpText('after', HELP)
    .action(health);
}

async function health(name: string | undefined, flags: HealthFlags): Promise<void> {
  const { json, watch, interval, rise, fall, up, down, ...checks } = flags;
  if (watch === true) {
    if (json === true) refuseIneffective([['--json', 'with --watch']]);
    const { watchHealth } = await import('../health/watchHealth.js');
    await watchHealth({
      ...checks,
      name,
      interval: interval ?? DEFAULT_INTERVAL,
      rise: rise ?? DEFAULT_RISE,
      fall: fall ?? DEFAULT_FALL,
      up,
      down,
    });
    return;
  }
  const ofWatch = Object.entries({ interval, rise, fall, up, down });
  refuseIneffective(
    ofWatch
      .filter(([, value]) => value !== undefined)
      .map(([option]) => [`--${option}`, 'without --watch']),
  );
  const report = await checkHealth({ ...checks, name });
  print(json === true ? JSON.stringify(objectOf(report)) : report.checks.map(lineOf).join('\n'));
  process.exitCode = exitCodeOf(report);
}

function objectOf(report: HealthReport): object {
  return { healthy: exitCodeOf(report) === 0, exitCode: exitCodeOf(report), checks: report.checks };
}

function lineOf({ name, passed, detail }: HealthCheck): string {
  const title = name.padEnd(NAME_WIDTH);
  if (passed === null) return `${title}${colors.dim(`-       ${detail}`)}`;
  return passed
    ? `${title}${colors.green('passed')}  ${detail}`
    : `${title}${colors.red('failed')}  ${detail}`;
}
