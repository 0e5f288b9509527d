import { PORT } from '@6bed4/testing/kernel/daemons';
import type { Lab } from '@6bed4/testing/kernel/lab';

/** For an upstream: counts datagrams from routers by whether they come from the service address. */
export const COUNT_SOURCES = `table ip sources {
  counter service { }
  counter others { }
  chain forward {
    type filter hook forward priority 0;
    iifname "rack" udp sport ${PORT} ip saddr 192.0.2.1 counter name service accept
    iifname "rack" meta l4proto udp counter name others
  }
}`;

/** How many of them upstreams have forwarded. */
export async function replySources(
  lab: Lab,
  upstreams: readonly string[],
): Promise<{ readonly service: number; readonly others: number }> {
  const sum = async (name: string): Promise<number> => {
    const counts = await Promise.all(
      upstreams.map(async (host) => {
        const argv = ['nft', 'list', 'counter', 'ip', 'sources', name];
        const { stdout } = await lab.exec(host, argv);
        return Number(/packets (\d+)/.exec(stdout)![1]);
      }),
    );
    return counts.reduce((all, one) => all + one, 0);
  };
  return { service: await sum('service'), others: await sum('others') };
}
