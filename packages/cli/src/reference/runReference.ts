import { UsageError } from '../options/usageError.js';
import { write } from '../output/print.js';
import { helpOf } from './help.js';
import type { ReferenceCommand } from './optionTable.js';
import { type Translation, translate } from './translate.js';

/** How a command that goes by another name appears in error messages. */
export interface Alias {
  readonly name: string;
  /** What the user typed for options of ours. */
  readonly typed: Translation['typed'];
  /** Lines for standard error, once nothing is wrong with the arguments. */
  readonly notices: readonly string[];
}

/**
 * Runs a command of the C implementation by the one of ours.
 *
 * @param version - what `--version` prints
 * @param run - runs ours
 * @returns the exit code, as {@link run}; 2 for arguments that cannot be translated
 */
export async function runReference(
  command: ReferenceCommand,
  argv: readonly string[],
  version: string,
  run: (args: readonly string[], alias: Alias) => Promise<number>,
): Promise<number> {
  const { name } = command;
  let translation: Translation;
  try {
    translation = translate(command, argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${name}: ${error.message}`);
    return 2;
  }
  const { args, asked, typed, notices } = translation;
  if (asked !== null) {
    write(asked === 'help' ? helpOf(command) : `${version}\n`);
    return 0;
  }
  return run(args, { name, typed, notices });
}
