import type { LoadCommands } from './commands/commands.js';
import { addPeerCommand } from './commands/peerCommand.js';
import { addRouterCommand } from './commands/routerCommand.js';
import { run } from './program.js';

const COMMANDS = new Map([
  ['router', addRouterCommand],
  ['peer', addPeerCommand],
]);

/** The one that arguments name; nothing for a table of another command that a configuration file has gained meanwhile. */
const load: LoadCommands = ([name = '']) => {
  const command = COMMANDS.get(name);
  return Promise.resolve(command === undefined ? [] : [command]);
};

/**
 * Runs a router or a peer whose configuration file, if it has one, is for no other commands. These two start often and run
 * for months, so that they are built for themselves, and load nothing that they have no use for.
 *
 * @param args - the arguments after the command's name
 * @param version - what `--version` prints
 * @param name - the command's name
 * @returns the exit code
 */
export function main(args: readonly string[], version: string, name?: string): Promise<number> {
  return run({ version, load }, args, name);
}
