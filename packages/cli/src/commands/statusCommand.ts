import type { Command } from 'commander';
import { statusIn } from '../control/findDaemons.js';
import { failureOf, findNamed, noneFound } from '../control/namedDaemons.js';
import type { DaemonStatus } from '../control/status.js';
import { refuseIneffective } from '../options/ineffective.js';
import { integer } from '../options/numbers.js';
import { print } from '../output/print.js';

const EXAMPLES = `
Examples:
  # all daemons of this computer; those that root runs answer only root
  6bed4 status
  # the one with this interface
  6bed4 status 6bed4
  # one that was started with --control
  6bed4 status /tmp/peer.sock
  # all of them until Ctrl-C: paths, rates and their course
  6bed4 status --watch
  # how many packets were dropped, and why
  6bed4 status --json | jq .counters.drops`;

interface StatusFlags {
  json?: boolean;
  watch?: boolean;
  interval?: number;
}

/** `6bed4 status` */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .summary('show the state of running routers and peers')
    .description(
      'Shows addresses, paths, drivers and counters of the routers and peers on this computer.',
    )
    .argument('[NAME]', 'interface of a daemon, or path of its control socket; default: all')
    .option('--watch', 'show it again and again, with rates, until Ctrl-C or q')
    .option(
      '--interval <S>',
      'seconds between two looks with --watch; default: 1',
      integer(1, 3600),
    )
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(showStatus);
}

async function showStatus(name: string | undefined, flags: StatusFlags): Promise<void> {
  const { json, watch, interval = 1 } = flags;
  if (watch !== true && flags.interval !== undefined) {
    refuseIneffective([['--interval', 'without --watch']]);
  }
  if (watch === true) {
    const { watchStatus } = await import('./watchStatus.js');
    await watchStatus({ name, json: json === true, interval });
    return;
  }
  const found = await findNamed(name);
  const answers = found.flatMap((daemon) => {
    const status = statusIn(daemon.answer);
    return status === null ? [] : [{ name: daemon.name, status }];
  });
  const failures = found
    .filter(({ answer }) => statusIn(answer) === null)
    .map((daemon) => failureOf(daemon));
  if (answers.length === 0) throw failures[0] ?? noneFound(name);
  for (const { message } of failures) console.error(`6bed4 status: ${message}`);
  if (json === true) {
    for (const { status } of answers) print(JSON.stringify(status));
  } else {
    const { reportOf } = await import('../output/statusReport.js');
    print(answers.map((one) => describe(one, reportOf)).join('\n\n'));
  }
}

/** The report of a daemon, which may be of an older or newer version than this command. */
function describe(
  { name, status }: { name: string; status: DaemonStatus },
  reportOf: (name: string, status: DaemonStatus) => string,
): string {
  try {
    return reportOf(name, status);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return `${name}: this version cannot show the status of version ${status.version}; use --json`;
  }
}
