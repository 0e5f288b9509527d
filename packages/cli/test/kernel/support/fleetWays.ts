import type { FleetNetwork } from './fleetNetwork.js';

const TABLE = `table ip ways {
  set from { type ipv4_addr; flags dynamic; size 1024; }
  set to { type ipv4_addr; flags dynamic; size 1024; }
  chain in { type filter hook input priority 0; udp dport 25790 add @from { ip saddr }; }
  chain out { type filter hook output priority 0; udp sport 25790 add @to { ip daddr }; }
}`;

/** The routers that took datagrams of an IPv4 address, and those that sent to it. */
export interface Ways {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** The routers between which the datagrams of an address and those to it pass while something happens. */
export async function waysOf(
  { lab, routers }: FleetNetwork,
  address: string,
  happen: () => Promise<void>,
): Promise<Ways> {
  await Promise.all(routers.map((router) => lab.nft(router, TABLE)));
  try {
    await happen();
    const found = await Promise.all(
      ['from', 'to'].map(async (set) => {
        const sets = await Promise.all(
          routers.map(async (router) => {
            const { stdout } = await lab.exec(router, ['nft', 'list', 'set', 'ip', 'ways', set]);
            return stdout.split(/[\s,{}=]+/).includes(address);
          }),
        );
        return routers.filter((_, index) => sets[index]);
      }),
    );
    return { from: found[0]!, to: found[1]! };
  } finally {
    await Promise.all(routers.map((router) => lab.nft(router, 'delete table ip ways')));
  }
}
