import { writeFileSync } from 'node:fs';
import { confine } from './confine.js';

const NAME = '6bed4';

const DAEMONS: readonly unknown[] = ['peer', 'router', 'proxy', 'serve'];

/**
 * Prepares the process of a daemon: its capabilities and its name. Comes before anything else; other commands
 * need nothing.
 *
 * @param args - the arguments after the command's name
 */
export async function prepare(args: readonly string[]): Promise<void> {
  const [command] = args;
  if (!DAEMONS.includes(command) || args.includes('--help') || args.includes('-h')) return;
  await confine(args);
  // As `ps` and `netstat -p` show it; its first 15 bytes become the name that `ss -p` and `pgrep` know.
  process.title = [NAME, ...args].join(' ');
  try {
    writeFileSync('/proc/self/comm', NAME);
  } catch {
    // Other systems have no such file.
  }
}
