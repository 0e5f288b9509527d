import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const NAME = '6bed4';
/** The folder of the services that root runs (Filesystem Hierarchy Standard §5.8). */
const SYSTEM_FOLDER = join('/var/lib', NAME);

/**
 * The folder for what a daemon remembers between its runs: the one that a service manager gives (systemd.exec(5),
 * `StateDirectory=`), or else the usual one of root or of this user (XDG Base Directory Specification).
 */
export function stateFolder(
  env: NodeJS.ProcessEnv = process.env,
  isRoot = process.getuid?.() === 0,
): string {
  const given = env['STATE_DIRECTORY']?.split(':')[0] ?? '';
  if (isAbsolute(given)) return given;
  if (isRoot) return SYSTEM_FOLDER;
  const state = env['XDG_STATE_HOME'] ?? '';
  return join(isAbsolute(state) ? state : join(homedir(), '.local', 'state'), NAME);
}

/**
 * Whether a text differs from the one of the last call with the same file name, which may have been by an earlier process.
 * Remembers it. True at every call where nothing can be remembered.
 */
export function isNews(name: string, text: string, folder = stateFolder()): boolean {
  const path = join(folder, name);
  try {
    if (readFileSync(path, 'utf8') === text) return false;
  } catch {
    // The first time, or not readable.
  }
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  } catch {
    // A daemon works without, too.
  }
  return true;
}
