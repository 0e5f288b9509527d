import { describeLab } from '@6bed4/testing/kernel/requirements';
import { numberFrom } from '@6bed4/testing/soak/report';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { CapturedSegment } from './tcp/segmentCapture.js';
import { faultsOf } from './tcp/segmentFaults.js';
import { KERNEL, PORT, STACK, type TcpConversation, TcpLab } from './tcp/tcpLab.js';

/**
 * Megabytes in each direction of each case, without captures. By default few with a capture of all of them, and
 * 100 where nothing is lost.
 */
const MEGABYTES = numberFrom('SIXBED4_TCP_MEGABYTES', 0);
const MEGABYTE = 1_000_000;
/** Milliseconds for a megabyte each way, with one percent of loss, on a loaded computer. */
const PATIENCE = 20_000;

const ROLES = ['connect', 'listen'] as const;
/** Packets of a thousand that are lost, in each direction, and megabytes by default. */
const LOSSES = [
  [0, 2],
  [1, 2],
  [5, 1],
  [20, 1],
  [50, 0.5],
] as const;
/** What the kernel's end has switched off. */
const SWITCHES = [null, 'timestamps', 'sack', 'ecn'] as const;

const CASES = SWITCHES.flatMap((off) =>
  LOSSES.map(([permille, megabytes]) => ({ with: off ?? 'nothing', off, permille, megabytes })),
);

const SYN = 0x02;
const ECE = 0x40;
const CWR = 0x80;
const ECT_0 = 2;
const CE = 3;
/** Packets of a thousand that are marked. */
const MARKED = 20;
/** Packets of a thousand of which some are lost in each case, for certain. */
const SURELY_LOST = 5;

const otherRole = (role: (typeof ROLES)[number]) => (role === 'connect' ? 'listen' : 'connect');

function expectSound({ stack, kernel }: TcpConversation, bytes: number): void {
  expect(kernel.received).toEqual(stack.sent);
  expect(stack.received).toEqual(kernel.sent);
  expect([stack.sent.bytes, kernel.sent.bytes]).toEqual([bytes, bytes]);
  expect([stack.error, kernel.error]).toEqual([null, null]);
}

/** What the SYNs of an end agree to. */
function agreed(segments: readonly CapturedSegment[], of: string) {
  const syns = segments.filter(({ source, flags }) => source === of && (flags & SYN) !== 0);
  return {
    timestamps: syns.every(({ timestamp }) => timestamp !== null),
    sack: syns.every(({ permitsSack }) => permitsSack),
    // A SYN that is sent again may do without (RFC 3168 §6.1.1.1).
    ecn: syns.some(({ flags }) => (flags & ECE) !== 0),
  };
}

describeLab('a stack and the TCP of the kernel', () => {
  let net: TcpLab;

  beforeAll(async () => {
    net = await TcpLab.start();
    await net.tune('ecn', 1);
  });

  afterEach(async () => {
    await net.lose(0);
    for (const name of ['timestamps', 'sack', 'ecn']) await net.tune(name, 1);
  });

  afterAll(() => net?.dispose());

  test.each(CASES)(
    'carry all bytes both ways, $permille ‰ lost, $with switched off at the kernel',
    { timeout: 60_000 + 2 * MEGABYTES * PATIENCE },
    async ({ off, permille, megabytes }) => {
      if (off !== null) await net.tune(off, 0);
      await net.lose(permille);
      const send = (MEGABYTES || megabytes) * MEGABYTE;
      // A capture of more would take more time than the transfer.
      const capture = MEGABYTES === 0 ? await net.capture() : null;
      for (const role of ROLES) {
        const conversation = await net.converse(
          { role, send },
          { role: otherRole(role), answers: true, send },
          25_000 + MEGABYTES * PATIENCE,
        );
        expectSound(conversation, send);
      }
      if (permille >= SURELY_LOST) expect(await net.spoiled()).toBeGreaterThan(0);
      if (capture === null) return;
      const segments = await capture.stop(PORT);
      expect(faultsOf(segments, { of: STACK, hasLoss: permille > 0 })).toEqual([]);
      const all = { timestamps: true, sack: true, ecn: true };
      expect(agreed(segments, KERNEL)).toEqual(off === null ? all : { ...all, [off]: false });
    },
  );

  test.each(ROLES)(
    'answer marks of congestion, and lose nothing (RFC 3168 §6.1), the stack %ss',
    async (role) => {
      await net.mark(MARKED);
      const capture = await net.capture();
      const send = 2 * MEGABYTE;
      const conversation = await net.converse(
        { role, send },
        { role: otherRole(role), answers: true, send },
      );
      expectSound(conversation, send);
      expect(await net.spoiled()).toBeGreaterThan(0);
      const segments = await capture.stop(PORT);
      expect(faultsOf(segments, { of: STACK })).toEqual([]);
      const has = (of: string, is: (segment: CapturedSegment) => boolean): boolean =>
        segments.some((one) => one.source === of && (one.flags & SYN) === 0 && is(one));
      expect(has(STACK, ({ ecn }) => ecn === ECT_0)).toBe(true);
      expect(has(KERNEL, ({ flags }) => (flags & ECE) !== 0)).toBe(true);
      expect(has(STACK, ({ flags }) => (flags & CWR) !== 0)).toBe(true);
      expect(has(KERNEL, ({ ecn }) => ecn === CE)).toBe(true);
      expect(has(STACK, ({ flags }) => (flags & ECE) !== 0)).toBe(true);
      expect(has(KERNEL, ({ flags }) => (flags & CWR) !== 0)).toBe(true);
    },
  );

  test.each(ROLES)('carry 100 MB both ways, the stack %ss', { timeout: 120_000 }, async (role) => {
    const send = 100 * MEGABYTE;
    const conversation = await net.converse(
      { role, send },
      { role: otherRole(role), answers: true, send },
      110_000,
    );
    expectSound(conversation, send);
  });

  test.each(ROLES)('carry data both ways at the same time, the stack %ss', async (role) => {
    const send = 2 * MEGABYTE;
    const capture = await net.capture();
    const conversation = await net.converse({ role, send }, { role: otherRole(role), send });
    expectSound(conversation, send);
    expect(faultsOf(await capture.stop(PORT), { of: STACK })).toEqual([]);
  });
});
