import { lookup } from 'node:dns/promises';
import { type Endpoint, formatEndpoint, type Profile } from '@6bed4/codec';
import { parseRouterReference, StartError } from '@6bed4/node';
import { routersInUse } from '../control/routersInUse.js';
import { missingRouter } from '../options/peerOptions.js';

/**
 * The routers to ask, each once: those of the option `--router`, names by the first of their addresses; or those of
 * running peers, of which several may have the same.
 *
 * @throws UsageError when there are none
 * @throws StartError for a name without address
 */
export async function findRouters(
  given: readonly string[] | undefined,
  { port }: Profile,
): Promise<Endpoint[]> {
  const routers =
    given === undefined
      ? await routersInUse()
      : await Promise.all(given.map((text) => resolved(parseRouterReference(text, port))));
  if (routers.length === 0) throw missingRouter();
  return [...new Map(routers.map((router) => [formatEndpoint(router), router])).values()];
}

async function resolved(router: ReturnType<typeof parseRouterReference>): Promise<Endpoint> {
  if (!('name' in router)) return router;
  try {
    const { address } = await lookup(router.name, { family: 4 });
    return { address, port: router.port };
  } catch (error) {
    const { code = 'EAI_FAIL' } = error as NodeJS.ErrnoException;
    throw new StartError(code, `router ${router.name} has no IPv4 address: ${code}`);
  }
}
