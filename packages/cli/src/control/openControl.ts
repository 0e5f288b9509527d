import { join } from 'node:path';
import { StartError } from '@6bed4/node';
import type { Logger } from 'pino';
import { ownControlFolder, prepareControlFolder, SOCKET_SUFFIX } from './controlFolder.js';
import { ControlServer } from './controlServer.js';

/** How a daemon is asked for its status. */
export interface ControlFlags {
  /** Path of the socket; false for none, absent for the usual place. */
  readonly control?: string | false;
}

/**
 * Opens the control socket of a daemon: where it was told to, or else in the usual folder, named after
 * the interface or, without one, after what the daemon is. A second daemon of that name, as in another
 * network namespace, has its process number in the name. Unless it was asked for, the daemon goes on
 * without a socket where that cannot be made.
 *
 * @throws StartError when the socket that was asked for cannot be made
 */
export async function openControl(
  { control }: ControlFlags,
  role: string,
  tun: string | false,
  log: Logger,
): Promise<ControlServer | null> {
  if (control === false) return null;
  if (control !== undefined) return ControlServer.open(control);
  const folder = ownControlFolder();
  if (folder === null) {
    log.debug('no control socket: XDG_RUNTIME_DIR is not set');
    return null;
  }
  const at = (name: string): string => join(folder, `${name}${SOCKET_SUFFIX}`);
  try {
    prepareControlFolder(folder);
  } catch (error) {
    log.warn(`no control socket: ${folder} cannot be used: ${(error as Error).message}`);
    return null;
  }
  try {
    return tun === false
      ? await ControlServer.open(at(`${role}-${process.pid}`))
      : await openOneOf([at(tun), at(`${tun}-${process.pid}`)]);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    log.warn(`${error.message}; "6bed4 status" will not find this daemon`);
    return null;
  }
}

/** Listens at the first of two paths that is not in use. */
async function openOneOf([first, second]: readonly [string, string]): Promise<ControlServer> {
  try {
    return await ControlServer.open(first);
  } catch (error) {
    if (!(error instanceof StartError && error.code === 'EADDRINUSE')) throw error;
    return ControlServer.open(second);
  }
}
