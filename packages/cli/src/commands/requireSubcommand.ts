import type { Command } from 'commander';
import { UsageError } from '../options/usageError.js';

/** Makes a command that only has subcommands refuse to run without one of them. */
export function requireSubcommand(group: Command): Command {
  return group
    .usage('<command> [options]')
    .allowExcessArguments(true)
    .action(() => {
      const found = group.args[0] === undefined ? 'nothing' : JSON.stringify(group.args[0]);
      const names = group.commands.map((command) => command.name());
      throw new UsageError(`command: found ${found}, expected one of ${names.join(', ')}`);
    });
}
