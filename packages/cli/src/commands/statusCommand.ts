import { StartError } from '@6bed4/node';
import type { Command } from 'commander';
import { controlFolders } from '../control/controlFolder.js';
import { type FoundDaemon, findDaemonAt, findDaemons, statusIn } from '../control/findDaemons.js';
import type { DaemonStatus } from '../control/status.js';
import { print } from '../output/print.js';

const EXAMPLES = `
Examples:
  # all daemons of this computer; those that root runs answer only root
  6bed4 status
  # the one with this interface
  6bed4 status 6bed4
  # one that was started with --control
  6bed4 status /tmp/peer.sock
  # how many packets were dropped, and why
  6bed4 status --json | jq .counters.drops`;

interface StatusFlags {
  json?: boolean;
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
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(showStatus);
}

async function showStatus(name: string | undefined, { json }: StatusFlags): Promise<void> {
  const found = name === undefined ? await findDaemons() : await findNamed(name);
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

/** A path names a socket; anything else a daemon by its socket's file name or its interface. */
async function findNamed(name: string): Promise<FoundDaemon[]> {
  if (name.includes('/')) return [await findDaemonAt(name)];
  const found = await findDaemons();
  return found.filter((one) => one.name === name || statusIn(one.answer)?.tun === name);
}

function noneFound(name: string | undefined): StartError {
  const what = name === undefined ? 'no router or peer' : `no router or peer named ${name}`;
  const folders = controlFolders();
  const where = folders.length === 0 ? 'there is no folder for their sockets' : folders.join(', ');
  return new StartError('ENOENT', `${what} is running (looked in ${where})`);
}

function failureOf({ name, path, answer }: FoundDaemon): StartError {
  switch (answer.kind) {
    case 'dead':
      return new StartError('ENOENT', `nothing is running at ${path}`);
    case 'forbidden':
      return new StartError(
        'EACCES',
        `${name} belongs to another user; only its owner may ask for its status`,
      );
    case 'failed':
      return new StartError('EPROTO', `${name} gives no status: ${answer.why}`);
    case 'status':
      return new StartError('EPROTO', `${name} answers with something other than a status`);
  }
}
