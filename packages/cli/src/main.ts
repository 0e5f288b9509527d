import { loadCommands } from './commands/commands.js';
import { run } from './program.js';

/**
 * Runs any command.
 *
 * @param args - the arguments after the command's name
 * @param version - what `--version` prints
 * @param name - the command's name
 * @returns the exit code
 */
export function main(args: readonly string[], version: string, name?: string): Promise<number> {
  return run({ version, load: loadCommands }, args, name);
}
