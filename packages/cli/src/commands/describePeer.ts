import { formatEndpoint } from '@6bed4/codec';
import type { PeerDaemon } from '@6bed4/node';
import { lackText } from './logInterface.js';

/** What a peer does at present, in one line. */
export function describePeer(peer: PeerDaemon): string {
  const [lease, ...others] = peer.leases;
  if (lease !== undefined) {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const router = formatEndpoint(lease.router);
    return `address ${lease.address} from router ${router}${more}${lackText(peer)}`;
  }
  return `asking ${routersOf(peer).join(', ')}`;
}

/** The routers that a peer asks, and the names that it has no address of. */
export function routersOf(peer: PeerDaemon): string[] {
  const asked = peer.uplinks().map(({ router }) => formatEndpoint(router));
  const names = peer.lookups().filter(({ router }) => router === null);
  return [...asked, ...names.map(({ name }) => name)];
}
