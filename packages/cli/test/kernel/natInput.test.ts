import { type Driver, startPeer, startRouter, useDriver } from '@6bed4/testing/kernel/daemons';
import {
  buildNatTopology,
  type Middlebox,
  PEER_PORT,
  type Side,
} from '@6bed4/testing/kernel/natTopology';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Dialects with direct paths. */
const dialects = ['draft01', 'draft03', 'draft04'] as const;
const pairs: readonly (readonly [Middlebox, Middlebox])[] = [
  ['accepting', 'masquerade'],
  ['masquerade', 'accepting'],
  ['accepting', 'accepting'],
];
const cases = pairs.flatMap(([left, right]) =>
  dialects.map((dialect) => ({ left, right, dialect })),
);
const drivers: readonly (readonly [Driver, typeof cases])[] = [
  ['auto', cases],
  ['portable', cases.filter(({ left, right }) => left === right)],
];

/** Milliseconds from the first echo request to the direct paths; a few seconds on a slow computer. */
const SOON = 8_000;

/** The ports of UDP that a NAT shows a remote, as connection tracking has them. */
async function mappedPorts(
  lab: Awaited<ReturnType<typeof buildNatTopology>>,
  side: Side,
): Promise<number[]> {
  const { stdout } = await lab.exec(`${side}Nat`, ['cat', '/proc/net/nf_conntrack']);
  const inside = stdout.split('\n').filter((line) => / src=10\.0\.\d\.2 /.test(line));
  return inside.map((line) => Number(/dport=(\d+)[^=]*(?:mark|\[ASSURED\])/.exec(line)?.[1]));
}

async function isDirect(daemon: RunningProgram, remote: string): Promise<void> {
  await daemon.waitForLine(new RegExp(`^path direct .*remote ${remote}`), SOON);
}

for (const [driver, chosen] of drivers) {
  describeKernel(
    `peers behind NATs that deliver what nobody asked for to themselves, driver ${driver}`,
    () => {
      beforeAll(() => useDriver(driver));
      afterAll(() => useDriver('auto'));

      // The two NATs are neighbors on one network, where a short TTL alone would not do.
      describe.concurrent.each(chosen)('$dialect: $left and $right', ({ left, right, dialect }) => {
        test('reach each other directly in a few seconds, on the ports of their addresses', async () => {
          const lab = await buildNatTopology({ left, right });
          try {
            await startRouter(lab, 'router', '--dialect', dialect);
            const start = (side: Side) =>
              startPeer(
                lab,
                side,
                '--verbose',
                '--dialect',
                dialect,
                '--port',
                String(PEER_PORT[side]),
              );
            const [one, other] = await Promise.all([start('left'), start('right')]);
            lab.spawn('left', ['ping', '-6', '-i', '0.2', '-c', '60', other.address]);
            await Promise.all([
              isDirect(one.daemon, other.address),
              isDirect(other.daemon, one.address),
            ]);
            expect(await unanswered(lab, 'right', one.address, 10)).toEqual([]);
            for (const side of ['left', 'right'] as const) {
              expect(new Set(await mappedPorts(lab, side))).toEqual(new Set([PEER_PORT[side]]));
            }
          } finally {
            lab.dispose();
          }
        });
      });
    },
  );
}
