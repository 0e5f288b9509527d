import { join } from 'node:path';
import { StartError } from '@6bed4/node';
import type { Logger } from '../output/logger.js';
import { runningText } from './alreadyRunning.js';
import { ownControlFolder, prepareControlFolder, SOCKET_SUFFIX } from './controlFolder.js';
import { ControlServer } from './controlServer.js';
import { findDaemonAt } from './findDaemons.js';

/** Options of the status socket of a daemon. */
export interface ControlFlags {
  /** Path of the socket; false for none, absent for the usual place. */
  readonly control?: string | false;
}

/**
 * Opens the control socket of a daemon: at the path of the option, or else in the usual folder, named
 * after the interface or, without one, after the role. A second daemon of that name, as in another
 * network namespace, has its process number in the name. Without the option, the daemon goes on
 * without a socket where that cannot be made.
 *
 * @throws StartError when the socket at the path of the option cannot be made
 */
export async function openControl(
  { control }: ControlFlags,
  role: string,
  tun: string | false,
  log: Logger,
): Promise<ControlServer | null> {
  if (control === false) return null;
  if (control !== undefined) return openAt(control);
  const folder = ownControlFolder();
  if (folder === null) {
    log.debug('no control socket: XDG_RUNTIME_DIR is not set');
    return null;
  }
  const at = (name: string): string => join(folder, `${name}${SOCKET_SUFFIX}`);
  try {
    await prepareControlFolder(folder);
  } catch (error) {
    log.warn(`no control socket: ${folder} cannot be used: ${(error as Error).message}`);
    return null;
  }
  try {
    // A name that is no file name is none of an interface either: the daemon will refuse it.
    return tun === false || tun.includes('/')
      ? await ControlServer.open(at(`${role}-${process.pid}`))
      : await openOneOf([at(tun), at(`${tun}-${process.pid}`)]);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    log.warn(`${error.message}; "6bed4 status" will not find this daemon`);
    return null;
  }
}

/** Listens at the path of the option; the failure that a daemon is there tells which. */
async function openAt(path: string): Promise<ControlServer> {
  try {
    return await ControlServer.open(path);
  } catch (error) {
    if (!(error instanceof StartError && error.code === 'EADDRINUSE')) throw error;
    const running = runningText(await findDaemonAt(path));
    throw new StartError(error.code, `${error.message}${running}`, { cause: error });
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
