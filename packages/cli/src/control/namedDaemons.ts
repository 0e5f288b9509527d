import { StartError } from '@6bed4/node';
import { controlFolders } from './controlFolder.js';
import { type FoundDaemon, findDaemonAt, findDaemons, statusIn } from './findDaemons.js';
import type { RouterStatus } from './status.js';

/** All daemons, or those of a name: a path names a socket; anything else a daemon by its socket's file name or its interface. */
export async function findNamed(
  name: string | undefined,
  timeout?: number,
): Promise<FoundDaemon[]> {
  if (name === undefined) return findDaemons(undefined, timeout);
  if (name.includes('/')) return [await findDaemonAt(name, timeout)];
  const found = await findDaemons(undefined, timeout);
  return found.filter((one) => one.name === name || statusIn(one.answer)?.tun === name);
}

/** The failure that no daemon runs, or none of this name. */
export function noneFound(name: string | undefined): StartError {
  const what = name === undefined ? 'no router or peer' : `no router or peer named ${name}`;
  const folders = controlFolders();
  const where = folders.length === 0 ? 'there is no folder for their sockets' : folders.join(', ');
  return new StartError('ENOENT', `${what} is running (looked in ${where})`);
}

/** The failure to get the status of a daemon. */
export function failureOf({ name, path, answer }: FoundDaemon): StartError {
  switch (answer.kind) {
    case 'dead':
      return new StartError('ENOENT', `nothing is running at ${path}`);
    case 'forbidden':
      return new StartError(
        'EACCES',
        `${name} belongs to another user; only its owner may ask about it`,
      );
    case 'failed':
      return new StartError('EPROTO', `${name} gives no status: ${answer.why}`);
    case 'status':
      return new StartError('EPROTO', `${name} answers with something other than a status`);
  }
}

/**
 * The daemons that answer, of this name if one is given.
 *
 * @throws StartError when there is none
 */
export async function answeringDaemons(name: string | undefined): Promise<FoundDaemon[]> {
  const found = await findNamed(name);
  const answering = found.filter(({ answer }) => statusIn(answer) !== null);
  if (answering.length > 0) return answering;
  throw found[0] === undefined ? noneFound(name) : failureOf(found[0]);
}

/**
 * The router among daemons that were found; null when none of them is one that answers.
 *
 * @throws StartError when there are several
 */
export function onlyRouter(found: readonly FoundDaemon[]): RunningRouter | null {
  const routers = found.flatMap(({ path, answer }) => {
    const status = statusIn(answer);
    return status?.role === 'router' ? [{ path, status }] : [];
  });
  if (routers.length > 1) {
    const names = routers.map(({ path }) => path).join(', ');
    throw new StartError('EINVAL', `several routers run; name one of them: ${names}`);
  }
  return routers[0] ?? null;
}

/** A router that answers at a control socket. */
export interface RunningRouter {
  readonly path: string;
  readonly status: RouterStatus;
}
