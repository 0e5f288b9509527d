import type { Socket } from 'node:net';
import { type PeerDaemon, type RouterDaemon, StartError } from '@6bed4/node';
import { ACCEPTANCE_LINE } from './controlRequest.js';

/** Makes a router drain, or take traffic again, and tells the client. @throws StartError for a peer */
export function setDraining(
  daemon: PeerDaemon | RouterDaemon,
  isDraining: boolean,
  client: Socket,
): void {
  if (!('drain' in daemon)) throw new StartError('ENOTSUP', 'this is no router');
  if (isDraining) daemon.drain();
  else daemon.resume();
  client.end(ACCEPTANCE_LINE);
}
