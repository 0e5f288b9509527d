import type { Endpoint } from '@6bed4/codec';
import { findDaemons, statusIn } from './findDaemons.js';

/** The routers of the peers that run on this computer and answer this user. */
export async function routersInUse(): Promise<Endpoint[]> {
  const daemons = await findDaemons();
  return daemons.flatMap(({ answer }) => {
    const status = statusIn(answer);
    if (status === null || !('remotes' in status)) return [];
    return status.routers.filter(({ temporary }) => !temporary).map(({ router }) => router);
  });
}
