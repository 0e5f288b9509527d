import { addPeerCommand } from './commands/peerCommand.js';
import { addRouterCommand } from './commands/routerCommand.js';
import { run } from './program.js';

const COMMANDS = [addRouterCommand, addPeerCommand];

/**
 * Runs a router or a peer that has no configuration file, which may have something for other commands. These two start
 * often and run for months, so that they are built for themselves, and load nothing that they have no use for.
 *
 * @param args - the arguments after the command's name
 * @param version - what `--version` prints
 * @param name - the command's name
 * @returns the exit code
 */
export function main(args: readonly string[], version: string, name?: string): Promise<number> {
  return run({ version, load: () => Promise.resolve(COMMANDS) }, args, name);
}
