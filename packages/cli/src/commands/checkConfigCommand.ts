import type { Command } from 'commander';
import { checkConfig } from '../config/configurable.js';
import { print } from '../output/print.js';

const EXAMPLES = `
Examples:
  6bed4 check-config /etc/6bed4/peer.toml`;

/** `6bed4 check-config` */
export function addCheckConfigCommand(program: Command): void {
  program
    .command('check-config')
    .summary('check a configuration file, and start nothing')
    .description(
      'Checks a configuration file as the commands with --config do, and starts nothing. Names the first ' +
        'fault with its line.',
    )
    .argument('<FILE>', 'TOML file with a table for each command')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string) => {
      const commands = await checkConfig(program, path);
      print(`${path}: right for ${commands.map((name) => `6bed4 ${name}`).join(', ')}`);
    });
}
