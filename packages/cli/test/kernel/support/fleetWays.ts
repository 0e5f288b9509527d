import { PORT } from '@6bed4/testing/kernel/daemons';
import type { FleetNetwork } from './fleetNetwork.js';

const TABLE = `table ip ways {
  set from { type ipv4_addr; flags dynamic; size 1024; }
  set to { type ipv4_addr; flags dynamic; size 1024; }
  chain in { type filter hook input priority 0; udp dport ${PORT} add @from { ip saddr }; }
  chain out { type filter hook output priority 0; udp sport ${PORT} add @to { ip daddr }; }
}`;

/** The routers that took datagrams from an IPv4 address, and those that sent to it. */
export interface Ways {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** The routers that datagrams from an address and to it pass while something happens. */
export async function waysOf(
  { lab, routers }: FleetNetwork,
  address: string,
  happen: () => Promise<void>,
): Promise<Ways> {
  const routersIn = async (set: string): Promise<string[]> => {
    const found = await Promise.all(
      routers.map(async (router) => {
        const { stdout } = await lab.exec(router, ['nft', 'list', 'set', 'ip', 'ways', set]);
        return stdout.split(/[\s,{}=]+/).includes(address);
      }),
    );
    return routers.filter((_, index) => found[index]);
  };
  await Promise.all(routers.map((router) => lab.nft(router, TABLE)));
  try {
    await happen();
    return { from: await routersIn('from'), to: await routersIn('to') };
  } finally {
    await Promise.all(routers.map((router) => lab.nft(router, 'delete table ip ways')));
  }
}
