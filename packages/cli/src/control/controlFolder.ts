import { mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

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

/** Makes a folder for control sockets, and clears it of the sockets of killed processes. */
export function prepareControlFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  for (const name of readdirSync(folder)) {
    const pid = OF_PROCESS.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) unlinkSync(join(folder, name));
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
