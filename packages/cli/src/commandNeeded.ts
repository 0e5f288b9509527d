import { InvalidArgumentError } from '@6bed4/node';
import type { Command } from 'commander';

/** Makes a command that only has commands of its own ask for one of them. */
export function commandNeeded(group: Command): Command {
  return group
    .usage('<command> [options]')
    .allowExcessArguments(true)
    .action(() => {
      const found = group.args[0] === undefined ? 'nothing' : JSON.stringify(group.args[0]);
      const names = group.commands.map((command) => command.name());
      throw new InvalidArgumentError('command', found, `one of ${names.join(', ')}`);
    });
}
