import { StartError } from '@6bed4/node';
import type { Command } from 'commander';
import { isQuiet, setDraining, waitForQuiet } from '../control/drainRouter.js';
import { answeringDaemons, onlyRouter } from '../control/namedDaemons.js';
import { refuseIneffective } from '../options/ineffective.js';
import { integer } from '../options/numbers.js';
import { print } from '../output/print.js';

const LONGEST_WAIT = 3600;

const HELP = `
A router that drains relays everything as before. It only says that it wants no more traffic: "6bed4 health" fails, and
who announces it by that, as BIRD in a fleet, sends its peers to other routers.

Examples:
  # the router of this computer; SIGUSR1 does the same
  6bed4 drain
  # before it ends: until its traffic has ceased, ten seconds at most
  6bed4 drain --wait 10
  # it takes traffic again
  6bed4 drain --resume

Exit codes: 0 done, 1 there is no such router, or with --wait still more than 10 packets a second; 2 wrong arguments.`;

interface DrainFlags {
  readonly resume?: boolean;
  readonly wait?: number;
}

/** `6bed4 drain` */
export function addDrainCommand(program: Command): void {
  program
    .command('drain')
    .summary('have a running router say that it wants no more traffic')
    .description(
      'Prepares a router for its end without loss: it relays, and says that it wants no more traffic.',
    )
    .argument(
      '[NAME]',
      'interface of the router, or path of its control socket; default: the only one',
    )
    .option('--resume', 'take traffic again')
    .option(
      '--wait <S>',
      'wait until its traffic has ceased, so many seconds at most',
      integer(1, LONGEST_WAIT),
    )
    .addHelpText('after', HELP)
    .action(drain);
}

async function drain(name: string | undefined, { resume, wait }: DrainFlags): Promise<void> {
  if (resume === true && wait !== undefined) refuseIneffective([['--wait', 'with --resume']]);
  const path = await routerAt(name);
  await setDraining(path, resume !== true);
  if (wait === undefined) {
    print(resume === true ? 'takes traffic again' : 'draining');
    return;
  }
  const rate = await waitForQuiet(path, wait);
  if (!isQuiet(rate)) {
    const traffic = `${Math.round(rate!)} packets a second`;
    throw new StartError('ETIMEDOUT', `draining, but after ${wait} s there are still ${traffic}`);
  }
  print(rate === null ? 'the router has ended' : 'draining, and its traffic has ceased');
}

/** The control socket of the router of a name, or of the only one. @throws StartError */
async function routerAt(name: string | undefined): Promise<string> {
  const found = await answeringDaemons(name);
  const router = onlyRouter(found);
  if (router === null) throw new StartError('ENOENT', `${found[0]!.name} is no router`);
  return router.path;
}
