import { existsSync } from 'node:fs';
import { command, PORT, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { TUN } from '@6bed4/testing/kernel/interfaces';
import { ROUTER_ADDRESS, ROUTER_IPV4, SERVED_PREFIX } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { countReplies, ping } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { useInternet } from '@6bed4/testing/kernel/suites';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect, test } from 'vitest';
import type { PeerStatus, RouterStatus } from '../../src/control/status.js';

// Namespaces share their files: with one name of the interface, all but one have their number in it.
const SOCKETS = '/run/6bed4';

describeKernel('6bed4 status', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  /** Statuses of the daemons of this test, by their process numbers; others may run meanwhile. */
  async function statuses(...args: readonly string[]): Promise<Map<number, unknown>> {
    const { stdout } = await lab.exec('router', command('status', '--json', ...args));
    const all = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { pid: number });
    return new Map(all.map((one) => [one.pid, one]));
  }

  const statusOf = async ({ pid }: RunningProgram) => (await statuses(TUN)).get(pid);

  test('prints routers, paths, packets and drops of daemons with the same interface name', async () => {
    const router = await startRouter(lab, 'router');
    const left = await startPeer(lab, 'peer1');
    const right = await startPeer(lab, 'peer2');
    await countReplies(lab, 'peer1', right.address, 3);
    // Dies in the peer of its own side, which answers with an error.
    await ping(lab, 'peer1', right.address, { hopLimit: 1 });

    expect(await statusOf(router)).toMatchObject({
      role: 'router',
      tun: TUN,
      address: ROUTER_ADDRESS,
      prefix: SERVED_PREFIX,
      endpoint: { address: ROUTER_IPV4, port: PORT },
    } satisfies Partial<RouterStatus>);
    const status = (await statusOf(left.daemon)) as PeerStatus;
    expect(status).toMatchObject({
      role: 'peer',
      address: left.address,
      routers: [{ router: { address: ROUTER_IPV4, port: PORT }, state: 'leased' }],
      remotes: [
        {
          address: right.address,
          path: 'direct',
          endpoint: { address: '198.51.100.3' },
          confirmedBy: 'neighbor-advertisement',
        },
      ],
      counters: { packetsDelivered: 3 + 1, drops: { 'hop-limit-exceeded': 1 } },
    });
    const [remote] = status.remotes;
    expect(remote!.packetsSentDirect + remote!.packetsSentRelayed).toBe(3);
    expect(remote!.receivedAgo).toBeLessThan(5);
  });

  test('is answered by a daemon that replaces a killed one, which removes its socket at the end', async () => {
    const start = async (): Promise<RunningProgram> => {
      // In this environment it is the socket that Node.js looked at last before it looks for libraries.
      const words = command('router', '--listen', ROUTER_IPV4, '--tun', 'sixstatus');
      const daemon = lab.spawn('router', ['env', '-i', 'NO_COLOR=1', ...words]);
      await daemon.waitForLine(/^ready/);
      return daemon;
    };
    const first = await start();
    expect([...(await statuses('sixstatus')).keys()]).toEqual([first.pid]);
    await first.stop('SIGKILL');
    const second = await start();
    expect([...(await statuses('sixstatus')).keys()]).toEqual([second.pid]);
    await second.stop();
    expect(existsSync(`${SOCKETS}/sixstatus.sock`)).toBe(false);
  });
});
