import { mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isListening } from './controlClient.js';

/** File name extension of the sockets of daemons. */
export const SOCKET_SUFFIX = '.sock';

const NAME = '6bed4';
/** Others may see which daemons run; the sockets have permissions of their own. */
const FOLDER_MODE = 0o755;
/** Names with the number of a process, which no later daemon will replace. */
const OF_PROCESS = /-([1-9][0-9]*)\.sock$/;

/** The folder of the daemons that root runs. */
function systemFolder(): string {
  return process.platform === 'linux' ? join('/run', NAME) : join('/var/run', NAME);
}

/**
 * The folder for the control sockets of daemons that this user starts; null where there is none: for
 * users without `XDG_RUNTIME_DIR`, and on Windows.
 */
export function ownControlFolder(): string | null {
  if (process.platform === 'win32') return null;
  if (process.getuid?.() === 0) return systemFolder();
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? '';
  // Relative paths must be ignored (XDG Base Directory Specification).
  return runtime.startsWith('/') ? join(runtime, NAME) : null;
}

/** All folders in which daemons may be found, the user's own first. */
export function controlFolders(): string[] {
  if (process.platform === 'win32') return [];
  const own = ownControlFolder();
  return [...new Set([...(own === null ? [] : [own]), systemFolder()])];
}

/**
 * Makes a folder for control sockets, and clears it of the sockets of killed processes: those at which nobody
 * listens. The process number in a name says nothing about that, where other PID namespaces use the same folder.
 */
export async function prepareControlFolder(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  const paths = readdirSync(folder)
    .filter((name) => OF_PROCESS.test(name))
    .map((name) => join(folder, name));
  await Promise.all(
    paths.map(async (path) => {
      if (!(await isListening(path))) rmIfThere(path);
    }),
  );
}

/** Another daemon may remove the same file at the same time. */
function rmIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
