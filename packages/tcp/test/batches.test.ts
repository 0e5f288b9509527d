import { describe, expect, test } from 'vitest';
import { type TcpConnection, TcpStack } from '../src/index.js';

const ACK_LENGTH = 72;
const NEAR = Uint8Array.from({ length: 16 }, (_, index) => (index === 0 ? 0xfc : 1));
const FAR = Uint8Array.from({ length: 16 }, (_, index) => (index === 0 ? 0xfc : 2));

/** Two stacks, whose packets are kept until they are handed over. */
function pair(): {
  readonly stacks: [TcpStack, TcpStack];
  readonly sent: [Uint8Array[], Uint8Array[]];
  readonly near: TcpConnection;
  readonly far: () => TcpConnection;
  exchange(now: number): void;
} {
  const sent: [Uint8Array[], Uint8Array[]] = [[], []];
  let far: TcpConnection | null = null;
  const stacks = sent.map(
    (packets) =>
      new TcpStack(
        { random: () => 0.5 },
        {
          sendPacket: (bytes, offset, length) => packets.push(bytes.slice(offset, offset + length)),
          event: () => {},
          accepted: (listener) => {
            far = listener.accept();
          },
        },
      ),
  ) as [TcpStack, TcpStack];
  stacks[1].listen(null, 80);
  const near = stacks[0].connect({ address: NEAR, port: 0 }, { address: FAR, port: 80 }, 0);
  const exchange = (now: number): void => {
    for (let rounds = 0; rounds < 100; rounds++) {
      for (const side of [0, 1] as const) {
        for (const packet of sent[side].splice(0)) {
          stacks[1 - side]!.handlePacket(packet, 0, packet.length, now);
        }
      }
    }
  };
  exchange(0);
  return { stacks, sent, near, far: () => far!, exchange };
}

/** Past the segments that are acknowledged at once. */
function warmUp({ near, far, exchange }: ReturnType<typeof pair>): void {
  for (let count = 0; count < 40; count++) {
    near.noDelay = true;
    near.write(new Uint8Array(10), 0, 10, 1);
    exchange(1);
  }
  far().read(new Uint8Array(1_000), 0, 1_000, 1);
}

describe('segments that arrive together', () => {
  test('are acknowledged together when the stack is flushed (RFC 9293 §3.8.6.3)', () => {
    const both = pair();
    warmUp(both);
    const { stacks, sent, near } = both;
    near.write(new Uint8Array(10 * 1_208), 0, 10 * 1_208, 2);
    const data = sent[0].splice(0);
    expect(data.length).toBeGreaterThanOrEqual(10);
    for (const packet of data) stacks[1].handlePacket(packet, 0, packet.length, 2, true);
    expect(sent[1]).toEqual([]);
    stacks[1].flush(2);
    expect(sent[1].map(({ length }) => length)).toEqual([ACK_LENGTH]);
    stacks[0].handlePacket(sent[1][0]!, 0, ACK_LENGTH, 3);
    expect(near.buffered).toBe(0);
    stacks[1].flush(3);
    expect(sent[1]).toHaveLength(1);
  });

  test('are acknowledged by every second one, where nobody flushes', () => {
    const both = pair();
    warmUp(both);
    const { stacks, sent, near } = both;
    near.write(new Uint8Array(10 * 1_208), 0, 10 * 1_208, 2);
    const data = sent[0].splice(0);
    for (const packet of data) stacks[1].handlePacket(packet, 0, packet.length, 2);
    expect(sent[1]).toHaveLength(Math.floor(data.length / 2));
  });

  test('are acknowledged by every 32nd one at least', () => {
    const both = pair();
    warmUp(both);
    const { stacks, sent, near, exchange } = both;
    const into = new Uint8Array(200_000);
    near.write(into, 0, into.length, 2);
    for (let now = 2; now < 100; now++) {
      stacks[0].handleTimeout(now);
      exchange(now);
      both.far().read(into, 0, into.length, now);
    }
    near.write(into, 0, into.length, 100);
    for (let now = 100; now < 110; now++) stacks[0].handleTimeout(now);
    const data = sent[0].splice(0);
    expect(data.length).toBeGreaterThan(64);
    for (const packet of data) stacks[1].handlePacket(packet, 0, packet.length, 110, true);
    expect(sent[1]).toHaveLength(Math.floor(data.length / 32));
  });

  test('tell of gaps at once (RFC 5681 §4.2)', () => {
    const both = pair();
    warmUp(both);
    const { stacks, sent, near } = both;
    near.write(new Uint8Array(10 * 1_208), 0, 10 * 1_208, 2);
    const data = sent[0].splice(0);
    for (const packet of data.slice(1, 4)) {
      stacks[1].handlePacket(packet, 0, packet.length, 2, true);
    }
    expect(sent[1]).toHaveLength(3);
  });

  test('that report a loss have it repaired at once', () => {
    const both = pair();
    warmUp(both);
    const { stacks, sent, near } = both;
    near.write(new Uint8Array(10 * 1_208), 0, 10 * 1_208, 2);
    const data = sent[0].splice(0);
    for (const packet of data.slice(1)) stacks[1].handlePacket(packet, 0, packet.length, 2, true);
    for (const packet of sent[1].splice(0)) {
      stacks[0].handlePacket(packet, 0, packet.length, 3, true);
    }
    expect(sent[0].length).toBeGreaterThan(0);
  });

  test('may end the connection before the flush, which then sends nothing', () => {
    const both = pair();
    warmUp(both);
    const { stacks, sent, near } = both;
    near.write(new Uint8Array(10), 0, 10, 2);
    near.abort(2);
    for (const packet of sent[0].splice(0)) {
      stacks[1].handlePacket(packet, 0, packet.length, 2, true);
    }
    stacks[1].flush(2);
    expect(both.far().error).toBe('ECONNRESET');
    expect(sent[1]).toEqual([]);
  });
});

describe('data that is written', () => {
  test('with mayWait leaves when the stack is flushed, in full segments', () => {
    const both = pair();
    const { stacks, sent, near } = both;
    expect(near.write(new Uint8Array(1_000), 0, 1_000, 2, true)).toBe(1_000);
    expect(near.write(new Uint8Array(1_000), 0, 1_000, 2, true)).toBe(1_000);
    expect(sent[0]).toEqual([]);
    stacks[0].flush(2);
    expect(sent[0].length).toBeGreaterThan(0);
    expect(sent[0][0]!.length).toBe(1_280);
  });
});
