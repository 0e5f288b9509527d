import { writeFileSync } from 'node:fs';
import { referenceCommand } from '../reference/commands.js';
import { translate } from '../reference/translate.js';
import { confine } from './confine.js';

const NAME = '6bed4';

const DAEMONS: readonly unknown[] = ['peer', 'router', 'proxy', 'serve'];

/**
 * Prepares the process of a daemon: its capabilities and its name. Comes before anything else; other commands
 * need nothing.
 *
 * @param argv - the arguments after the command's name
 * @param name - the command's name: `6bed4`, or that of the C implementation
 */
export async function prepare(argv: readonly string[], name: string = NAME): Promise<void> {
  const args = translated(argv, name);
  if (!DAEMONS.includes(args[0]) || args.includes('--help') || args.includes('-h')) return;
  await confine(args);
  // As `ps` and `netstat -p` show it; its first 15 bytes become the name that `ss -p` and `pgrep` know.
  process.title = [name, ...argv].join(' ');
  try {
    writeFileSync('/proc/self/comm', name);
  } catch {
    // Other systems have no such file.
  }
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
