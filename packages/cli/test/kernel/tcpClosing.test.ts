import { describeLab } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CapturedSegment, SegmentCapture } from './tcp/segmentCapture.js';
import { type Expectation, faultsOf } from './tcp/segmentFaults.js';
import { KERNEL, PORT, STACK, TcpLab } from './tcp/tcpLab.js';

const FIN = 1;
const RST = 4;
/** Milliseconds that packets take, so that both ends can act before they hear of each other. */
const DELAY = 300;
/** Milliseconds until both ends have started. */
const LEAD = 2_500;
/** More bytes than buffers hold. */
const MUCH = 5_000_000;
/** Bytes of data in a full segment. */
const SEGMENT = 1_208;
/** Milliseconds that a reader stops. */
const STALL = 3_000;

describeLab('a stack and the TCP of the kernel', () => {
  let net: TcpLab;
  let capture: SegmentCapture;

  beforeAll(async () => {
    net = await TcpLab.start();
  });

  afterAll(() => net?.dispose());

  async function soundSegments(expected: Omit<Expectation, 'of'> = {}): Promise<CapturedSegment[]> {
    const segments = await capture.stop(PORT);
    expect(faultsOf(segments, { of: STACK, ...expected })).toEqual([]);
    return segments;
  }

  test('carry on in one direction when the kernel has ended the other', async () => {
    capture = await net.capture();
    const { stack, kernel } = await net.converse(
      { role: 'listen', send: MUCH, answers: true },
      { role: 'connect', send: 1_000 },
    );
    expect([stack.error, kernel.error]).toEqual([null, null]);
    expect(stack.received).toEqual(kernel.sent);
    expect(kernel.received).toEqual(stack.sent);
    await soundSegments();
  });

  test('end at the same time', async () => {
    capture = await net.capture();
    const endAt = Date.now() + LEAD;
    const { stack, kernel } = await net.converse(
      { role: 'listen', send: 1_000, endAt, delay: DELAY },
      { role: 'connect', send: 1_000, endAt },
    );
    expect([stack.error, kernel.error]).toEqual([null, null]);
    expect(stack.received).toEqual(kernel.sent);
    const fins = (await soundSegments()).filter(({ flags }) => (flags & FIN) !== 0);
    expect(fins.map(({ source }) => source).sort()).toEqual([STACK, KERNEL].sort());
    // Neither acknowledges the other.
    const [first, second] = fins as [CapturedSegment, CapturedSegment];
    expect(first.acknowledgment).toBeLessThanOrEqual(second.sequence + second.length);
    expect(second.acknowledgment).toBeLessThanOrEqual(first.sequence + first.length);
  });

  test('open at the same time', async () => {
    capture = await net.capture();
    const connectAt = Date.now() + LEAD;
    const ends = { role: 'connect', connectAt, send: 100_000 } as const;
    const { stack, kernel } = await net.converse(
      { ...ends, localPort: PORT + 1, delay: DELAY },
      { ...ends, localPort: PORT, port: PORT + 1 },
    );
    expect([stack.error, kernel.error]).toEqual([null, null]);
    expect(stack.received).toEqual(kernel.sent);
    expect(kernel.received).toEqual(stack.sent);
    const segments = await soundSegments({ hasLoss: true });
    // Both begin with a SYN alone.
    const syns = segments.filter(({ flags }) => (flags & 0x17) === 2);
    expect(new Set(syns.map(({ source }) => source))).toEqual(new Set([STACK, KERNEL]));
  });

  test.each(['connect', 'listen'] as const)(
    'tell a reset by the kernel, the stack %ss',
    async (role) => {
      const { stack } = await net.converse(
        { role, send: MUCH },
        { role: role === 'connect' ? 'listen' : 'connect', resetAfter: 100_000 },
      );
      expect(stack.error).toBe('ECONNRESET');
    },
  );

  test.each(['connect', 'listen'] as const)(
    'tell a reset by the stack, which %ss',
    async (role) => {
      capture = await net.capture();
      const { kernel } = await net.converse(
        { role, resetAfter: 100_000 },
        { role: role === 'connect' ? 'listen' : 'connect', send: MUCH },
      );
      // The kernel tells the one or the other when it writes.
      expect(kernel.error).toMatch(/^(ECONNRESET|EPIPE)$/);
      const segments = await soundSegments({ resets: true });
      const resets = segments.filter(({ source, flags }) => source === STACK && flags & RST);
      expect(resets.length).toBeGreaterThan(0);
    },
  );

  test('refuse connections to ports where nobody listens', async () => {
    const port = PORT + 7;
    const stack = await net.stack({ role: 'connect', port });
    expect(await stack.waitForLine(/^report /)).toContain('"error":"ECONNREFUSED"');
    await stack.stop('SIGKILL');
    const listener = await net.stack({ role: 'listen' });
    const kernel = await net.kernel({ role: 'connect', port });
    expect(await kernel.waitForLine(/^report /)).toContain('"error":"ECONNREFUSED"');
    await kernel.stop('SIGKILL');
    await listener.stop('SIGKILL');
  });

  test.each(['kernel', 'stack'] as const)(
    'wait for a reader at the %s that stops, with a closed window',
    async (end) => {
      await net.tune('rmem', '4096 131072 262144');
      capture = await net.capture();
      const reads = { pause: { after: 10_000, time: STALL } };
      const sends = { send: MUCH };
      const { stack, kernel } = await net.converse(
        { role: 'connect', ...(end === 'stack' ? reads : sends) },
        { role: 'listen', ...(end === 'stack' ? sends : reads) },
      );
      expect([stack.error, kernel.error]).toEqual([null, null]);
      const [sent, received] = end === 'stack' ? [kernel, stack] : [stack, kernel];
      expect(received.received).toEqual(sent.sent);
      expect(sent.time).toBeGreaterThan(STALL * 0.9);
      const segments = await soundSegments();
      const reader = end === 'stack' ? STACK : KERNEL;
      const closed = segments.filter(
        ({ source, window, flags }) => source === reader && window < SEGMENT && (flags & RST) === 0,
      );
      // At least one probe is answered.
      expect(closed.length).toBeGreaterThan(1);
    },
  );
});
