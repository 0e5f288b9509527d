import { startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { buildNatTopology, PEER_PORT, type Side } from '@6bed4/testing/kernel/natTopology';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { expect, test } from 'vitest';

const dialects = ['draft00', 'draft01', 'draft03', 'draft04'] as const;
const pairs = [
  { left: 'accepting', right: 'masquerade' },
  { left: 'masquerade', right: 'accepting' },
  { left: 'accepting', right: 'accepting' },
] as const;
const drivers = ['linux', 'portable'] as const;
const cases = pairs.flatMap((pair) =>
  dialects.flatMap((dialect) => drivers.map((driver) => ({ ...pair, dialect, driver }))),
);

describeKernel('peers behind NATs', () => {
  test.concurrent.each(cases)(
    '$dialect, $driver: $left, $right',
    async ({ left, right, dialect, driver }) => {
      const lab = await buildNatTopology({ left, right });
      try {
        await startRouter(lab, 'router', '--dialect', dialect);
        const start = (side: Side) =>
          startPeer(
            lab,
            side,
            '--driver',
            driver,
            '--dialect',
            dialect,
            '--port',
            String(PEER_PORT[side]),
          );
        const [one, other] = await Promise.all([start('left'), start('right')]);
        expect(await unanswered(lab, 'left', other.address, 20)).toEqual([]);
        lab.spawn('left', ['ping', '-6', '-i', '0.2', '-c', '60', other.address]);
        await one.daemon.waitForLine(new RegExp(`^path direct .*remote ${other.address}`));
        await other.daemon.waitForLine(new RegExp(`^path direct .*remote ${one.address}`));
      } finally {
        lab.dispose();
      }
    },
  );
});
