import { openTunnel, type Tunnel, type TunnelOptions } from '@6bed4/node';
import { type AccessKind, accessKinds, type Internet, type UdpNode } from '../../../src/index.js';

export const ROUTER = '198.51.100.1';

/** The kind of access with a name. */
function kindNamed(name: string): AccessKind {
  const kind = accessKinds.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`there is no kind ${name}`);
  return kind;
}

/** Two hosts behind middleboxes of these kinds, with a tunnel each. */
export interface Pair {
  readonly hosts: readonly [UdpNode, UdpNode];
  readonly alice: Tunnel;
  readonly bob: Tunnel;
  close(): Promise<void>;
}

/** Makes a router, unless there is one, and opens both tunnels. */
export async function openPair(
  net: Internet,
  [first, second]: readonly [string, string] = ['EI/APD', 'EI/APD'],
  options: Partial<TunnelOptions> = {},
): Promise<Pair> {
  if (net.routers.length === 0) net.router('router', { address: ROUTER });
  const host = (name: string, kind: string): UdpNode =>
    net.host(name, { behind: kindNamed(kind).build(net, `access of ${name}`) });
  const hosts = [host('alice', first), host('bob', second)] as const;
  const [alice, bob] = await Promise.all(
    hosts.map(({ environment }) => openTunnel({ routers: ROUTER, environment, ...options })),
  );
  const close = async (): Promise<void> => void (await Promise.all([alice!.close(), bob!.close()]));
  return { hosts, alice: alice!, bob: bob!, close };
}
