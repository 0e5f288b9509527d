import { type Dirent, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ControlAnswer, requestStatus } from './controlClient.js';
import { controlFolders, SOCKET_SUFFIX } from './controlFolder.js';
import { harmlessText } from './harmless.js';
import type { DaemonStatus } from './status.js';

/** A daemon with a control socket, and its answer. */
export interface FoundDaemon {
  /** The file name of its socket without the extension, or the path that was given. */
  readonly name: string;
  readonly path: string;
  readonly answer: ControlAnswer;
}

const ROLES: readonly unknown[] = ['peer', 'router', 'proxy', 'serve', 'gateway'];

/** The status in an answer; null when it is none. */
export function statusIn(answer: ControlAnswer): DaemonStatus | null {
  if (answer.kind !== 'status') return null;
  const { role } = (answer.status ?? {}) as { role?: unknown };
  return ROLES.includes(role) ? (answer.status as DaemonStatus) : null;
}

/** Requests the status of the daemon at one path, in so many milliseconds. */
export async function findDaemonAt(path: string, timeout?: number): Promise<FoundDaemon> {
  return { name: path, path, answer: await requestStatus(path, timeout) };
}

/**
 * Requests the status of all daemons with sockets in the usual folders, in the order of their names.
 *
 * @param own - path of a socket that is left out
 * @param timeout - milliseconds for each answer
 */
export async function findDaemons(own?: string, timeout?: number): Promise<FoundDaemon[]> {
  const paths = controlFolders()
    .flatMap(socketsIn)
    .filter((path) => path !== own);
  const found = await Promise.all(
    paths.map(async (path) => ({
      name: harmlessText(basename(path, SOCKET_SUFFIX)),
      path,
      answer: await requestStatus(path, timeout),
    })),
  );
  // The socket of a killed daemon is replaced by the next one of its name.
  return found.filter(({ answer }) => answer.kind !== 'dead');
}

/** The sockets in a folder, and in those that a service manager has made in it for its services. */
function socketsIn(folder: string): string[] {
  const entries = entriesOf(folder);
  const folders = entries.filter((entry) => entry.isDirectory());
  return [
    ...socketsAmong(entries, folder),
    ...folders.flatMap(({ name }) =>
      socketsAmong(entriesOf(join(folder, name)), join(folder, name)),
    ),
  ];
}

function socketsAmong(entries: readonly Dirent[], folder: string): string[] {
  return entries
    .map(({ name }) => name)
    .filter((name) => name.endsWith(SOCKET_SUFFIX))
    .sort()
    .map((name) => join(folder, name));
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // No daemon ever ran, or this user may not see.
    return [];
  }
}
