import { writeFileSync } from 'node:fs';
import { DAEMONS, LEAN_DAEMONS } from '../commands/daemonCommands.js';
import { referenceCommand } from '../reference/commands.js';
import { translate } from '../reference/translate.js';
import { confine, wishesIn } from './confine.js';

const NAME = '6bed4';

/** What to load for a command. */
export interface Entry {
  /** The built file with all commands, or with the lean daemons alone. */
  readonly file: 'cli.js' | 'daemon/daemon.cjs';
  /** Whether a lean daemon will most likely have the thread of the Linux driver. */
  readonly hasThread: boolean;
}

/**
 * Prepares the process of a daemon: its capabilities and its name. Comes before anything else; other commands
 * need nothing.
 *
 * @param argv - the arguments after the command's name
 * @param name - the command's name: `6bed4`, or that of the C implementation
 * @returns what to load
 */
export async function prepare(argv: readonly string[], name: string = NAME): Promise<Entry> {
  const args = translated(argv, name);
  const [command = ''] = args;
  const isHelp = args.includes('--help') || args.includes('-h');
  if (isHelp || !DAEMONS.includes(command)) return { file: fileFor([command]), hasThread: false };
  const wishes = await wishesIn(args);
  await confine(wishes);
  // As `ps` and `netstat -p` show it; its first 15 bytes become the name that `ss -p` and `pgrep` know.
  process.title = [name, ...argv].join(' ');
  try {
    writeFileSync('/proc/self/comm', name);
  } catch {
    // Other systems have no such file.
  }
  const file = fileFor([command, ...wishes.tables]);
  return { file, hasThread: file !== 'cli.js' && process.platform === 'linux' && wishes.hasThread };
}

/** The build that has these commands. */
function fileFor(commands: readonly string[]): Entry['file'] {
  return commands.every((one) => LEAN_DAEMONS.includes(one)) ? 'daemon/daemon.cjs' : 'cli.js';
}

/** The arguments of `6bed4`; none where they will be refused, or help is asked for. */
function translated(argv: readonly string[], name: string): readonly string[] {
  const reference = referenceCommand(name);
  if (reference === undefined) return argv;
  try {
    const { args, asked } = translate(reference, argv);
    return asked === null ? args : [];
  } catch {
    return [];
  }
}
