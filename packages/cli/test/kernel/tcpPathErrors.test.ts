import { setTimeout as sleep } from 'node:timers/promises';
import { describeLab } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faultsOf } from './tcp/segmentFaults.js';
import { PORT, STACK, TcpLab } from './tcp/tcpLab.js';

const SEND = 1_500_000;
/** Segments by which the stack has heard of a smaller link, at the latest. */
const SOON = 200;
/** Errors by their names in nftables, and what a connection attempt ends with. */
const REFUSALS = [
  ['no-route', 'ENETUNREACH'],
  ['admin-prohibited', 'EACCES'],
  ['addr-unreachable', 'EHOSTUNREACH'],
  ['port-unreachable', 'ECONNREFUSED'],
] as const;

describeLab('a stack that hears from routers', () => {
  let net: TcpLab;

  beforeAll(async () => {
    net = await TcpLab.start();
  });

  afterAll(() => net?.dispose());

  test.each(REFUSALS)('gives an attempt to connect up at once: %s', async (error, code) => {
    await net.refuse(error);
    const begin = Date.now();
    const stack = await net.stack({ role: 'connect' });
    try {
      expect(await stack.waitForLine(/^report /)).toContain(`"error":"${code}"`);
      // Before the second SYN.
      expect(Date.now() - begin).toBeLessThan(5_000);
    } finally {
      await stack.stop('SIGKILL');
      await net.refuseNothing();
    }
  });

  test.each(REFUSALS)('keeps an open connection whose path comes back: %s', async (error) => {
    const conversation = net.converse(
      { role: 'listen', send: SEND },
      { role: 'connect', pause: { after: 10_000, time: 1_000 } },
    );
    await sleep(1_000);
    await net.refuse(error);
    await sleep(1_500);
    await net.refuseNothing();
    const { stack, kernel } = await conversation;
    expect([stack.error, kernel.error]).toEqual([null, null]);
    expect(kernel.received).toEqual(stack.sent);
  });

  test.each(['connect', 'listen'] as const)(
    'sends smaller packets when a link takes no larger ones, and %ss',
    async (role) => {
      const other = role === 'connect' ? 'listen' : 'connect';
      for (const mtu of [1_400, 1_280]) {
        await net.narrow(mtu);
        // What the kernel has learned of the path before.
        await net.lab.ip('kernel', '-6 route flush cache');
        const capture = await net.capture();
        const { stack, kernel } = await net.converse(
          { role, mtu: 1_500, send: SEND },
          { role: other, answers: true, send: SEND },
        );
        expect([stack.error, kernel.error]).toEqual([null, null]);
        expect(kernel.received).toEqual(stack.sent);
        expect(stack.received).toEqual(kernel.sent);
        const segments = await capture.stop(PORT);
        expect(faultsOf(segments, { of: STACK, hasLoss: true })).toEqual([]);
        const sizes = segments.filter(({ source }) => source === STACK).map(({ length }) => length);
        const fits = mtu - 72;
        expect(Math.max(...sizes)).toBe(1_428);
        // Whatever was under way when the error came was too large, but nothing later is.
        const later = sizes.slice(SOON);
        expect(Math.max(...later)).toBe(fits);
      }
    },
  );
});
