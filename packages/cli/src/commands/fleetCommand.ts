import type { Command } from 'commander';
import { fleetFiles } from '../fleet/fleetFiles.js';
import { notesOf } from '../fleet/notes.js';
import { planFleet } from '../fleet/planFleet.js';
import { writeFiles } from '../fleet/writeFiles.js';
import { addFleetOptions, type FleetFlags } from '../options/fleetOptions.js';
import { refuseIneffective } from '../options/ineffective.js';
import { print, write } from '../output/print.js';

const EXAMPLES = `
Examples:
  # the first of several routers, with one upstream
  6bed4 fleet init --service 192.0.2.1 --as 64512 --own 198.51.100.11 --upstream 198.51.100.1,64500 --output r1
  # with IPv6 for its peers, and two upstreams
  6bed4 fleet init --service 192.0.2.1 --prefix 2001:db8:b::/64 --route 2000::/3 --as 64512 --own 198.51.100.11 --own 2001:db8:a::11 --upstream 198.51.100.1,64500 --upstream 198.51.100.2,64500 --upstream 2001:db8:a::1,64500 --upstream 2001:db8:a::2,64500 --dry-run`;

/** `6bed4 fleet init` */
export function addFleetCommand(program: Command): void {
  const fleet = program
    .command('fleet')
    .usage('<command> [options]')
    .summary('configure a router that shares its address with others')
    .description(
      'Writes what a router needs that shares its IPv4 address and IPv6 prefix with others (anycast).',
    )
    .addHelpText('after', EXAMPLES);
  const init = fleet
    .command('init')
    .summary('write the configuration of one router')
    .description(
      'Writes configurations for the router, BIRD 2, systemd and the kernel, with an example for its upstreams. ' +
        'Changes nothing of this computer but files of the folder.',
    );
  addFleetOptions(init).addHelpText('after', EXAMPLES).action(initFleet);
}

function initFleet(flags: FleetFlags): void {
  const { output = '.', force, dryRun, json } = flags;
  const plan = planFleet(flags);
  const files = fleetFiles(plan);
  const notes = notesOf(plan);
  if (dryRun === true || json === true) {
    const option = json === true ? '--json' : '--dry-run';
    if (force === true) refuseIneffective([['--force', `with ${option}: nothing is written`]]);
    if (flags.output !== undefined) {
      refuseIneffective([['--output', `with ${option}: nothing is written`]]);
    }
  }
  if (json === true) {
    const texts = Object.fromEntries(files.map(({ path, text }) => [path, text]));
    print(JSON.stringify({ files: texts, notes }));
    return;
  }
  if (dryRun === true) {
    for (const { path, text } of files) write(`==> ${path} <==\n${text}\n`);
  } else {
    writeFiles(output, files, force === true);
    for (const { path } of files) print(`written  ${output}/${path}`);
  }
  for (const note of notes) print(`note     ${note}`);
}
