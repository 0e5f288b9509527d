import { describe, expect, test } from 'vitest';
import type { TcpConnection } from '../src/index.js';
import { MemoryPool } from '../src/segment/memoryPool.js';
import { RingBuffer } from '../src/segment/ringBuffer.js';
import { plain } from './support/connections.js';
import { ScriptedStack, THEM } from './support/script.js';
import { CLIENT, SERVER, StreamReader, StreamWriter, TwoHosts } from './support/twoHosts.js';

function opened(scripted: ScriptedStack, port: number): TcpConnection {
  scripted.inject('S 0', { ...THEM, port });
  scripted.inject('A 1 ack 1', { ...THEM, port });
  return scripted.connection!;
}

describe('the connections of a stack', () => {
  test('make room for new ones: the oldest in TIME-WAIT go first, then the oldest half-open', () => {
    const scripted = new ScriptedStack({ ...plain, maximumConnections: 4 });
    const { stack } = scripted;
    scripted.command('listen');
    for (const port of [1, 2]) {
      opened(scripted, port);
      scripted.command('end');
      scripted.inject('FA 1 ack 2', { ...THEM, port });
      expect(scripted.state).toBe('TIME-WAIT');
    }
    const established = opened(scripted, 3);
    scripted.inject('S 0', { ...THEM, port: 4 });
    expect(stack.connectionCount).toBe(4);
    for (const port of [5, 6, 7]) scripted.inject('S 0', { ...THEM, port });
    expect(stack.connectionCount).toBe(4);
    expect(stack.counters.evicted).toBe(3);
    expect(established.state).toBe('ESTABLISHED');
    scripted.log.length = 0;
    // The first half-open one is gone, the later ones are there.
    scripted.inject('A 1 ack 1', { ...THEM, port: 4 });
    scripted.inject('S 0', { ...THEM, port: 7 });
    expect(scripted.log.map((entry) => 'fields' in entry && entry.fields.flags)).toEqual([
      'R',
      'SA',
    ]);
  });

  test('that are established stay, and new ones find no room', () => {
    const scripted = new ScriptedStack({ ...plain, maximumConnections: 2 });
    scripted.command('listen');
    opened(scripted, 1);
    opened(scripted, 2);
    scripted.log.length = 0;
    scripted.inject('S 0', { ...THEM, port: 3 });
    expect(scripted.log).toEqual([]);
    expect(scripted.stack.counters.overflows).toBe(1);
  });
});

describe('the memory of a stack', () => {
  test('is counted while buffers hold something, and given back', () => {
    const scripted = new ScriptedStack(plain);
    const { stack } = scripted;
    scripted.command('listen');
    opened(scripted, 1);
    expect(stack.memoryUsed).toBe(0);
    scripted.command('write 5000');
    scripted.inject('A 1:101 ack 1', { ...THEM, port: 1 });
    expect(stack.memoryUsed).toBe(8_192 + 4_096);
    scripted.command('read 100');
    expect(stack.memoryUsed).toBe(8_192);
    scripted.inject('A 101:201 ack 1', { ...THEM, port: 1 });
    scripted.command('abort');
    expect(stack.memoryUsed).toBe(0);
    expect(scripted.command('read 100')).toBe('read 100');
  });

  test('has a bound, but for 4 KiB in each direction of a connection', () => {
    const scripted = new ScriptedStack({ ...plain, maximumMemory: 65_536 });
    const { stack } = scripted;
    scripted.command('listen');
    for (let port = 1; port <= 20; port++) {
      opened(scripted, port);
      scripted.command('write 200000');
      for (let at = 1; at < 60_000; at += 1_000) {
        scripted.inject(`A ${at}:${at + 1_000} ack 1`, { ...THEM, port });
      }
      expect(scripted.connection!.readable).toBeGreaterThanOrEqual(4_096);
      expect(scripted.connection!.buffered).toBeGreaterThanOrEqual(4_096);
    }
    expect(stack.memoryUsed).toBeLessThanOrEqual(65_536 + 20 * 8_192);
  });

  test.each([1_280, 9_000])(
    'that is short slows connections of MTU %i, and loses nothing',
    (mtu) => {
      const net = new TwoHosts({ delay: 5, loss: 0.01 }, { maximumMemory: 1, mtu });
      net.server.stack.listen(null, 80);
      const readers = [net.client, net.server].map((host) => {
        const writer = new StreamWriter(50_000);
        const reader = new StreamReader();
        host.onEvent = (connection, event) => {
          if (event === 'readable') reader.read(connection, net.now);
          else if (event !== 'closed') writer.write(connection, net.now);
        };
        return reader;
      });
      const local = { address: CLIENT, port: 0 };
      net.client.stack.connect(local, { address: SERVER, port: 80 }, net.now);
      net.run();
      expect(readers.map(({ count, isSound }) => [count, isSound])).toEqual([
        [50_000, true],
        [50_000, true],
      ]);
      expect(net.client.stack.memoryUsed + net.server.stack.memoryUsed).toBe(0);
    },
  );

  test('of a buffer is what the pool has left, at least 4096 bytes', () => {
    const pool = new MemoryPool(20_000);
    const [one, two] = [new RingBuffer(pool), new RingBuffer(pool)];
    expect(one.available).toBe(16_384);
    one.reserve(0, 0, 10_000);
    expect(pool.left).toBe(20_000 - 16_384);
    expect(two.available).toBe(4_096);
    two.reserve(0, 0, 4_096);
    expect(pool.left).toBeLessThan(0);
    expect(one.available).toBe(16_384);
    one.release();
    expect(two.available).toBe(16_384);
    two.leavePool();
    expect(pool.used).toBe(0);
  });
});
