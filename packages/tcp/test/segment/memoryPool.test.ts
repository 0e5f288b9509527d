import { describe, expect, test } from 'vitest';
import { MemoryPool } from '../../src/segment/memoryPool.js';
import { RingBuffer } from '../../src/segment/ringBuffer.js';

describe('the memory of a stack', () => {
  test('gives a buffer again that was given back', () => {
    const pool = new MemoryPool();
    const bytes = pool.take(8_192);
    pool.giveBack(bytes);
    expect(pool.take(4_096)).not.toBe(bytes);
    expect(pool.take(8_192)).toBe(bytes);
    expect(pool.take(8_192)).not.toBe(bytes);
    expect(pool.used).toBe(4_096 + 8_192 + 8_192);
  });

  test('keeps four MiB for that at most', () => {
    const pool = new MemoryPool();
    const all = Array.from({ length: 6 }, () => pool.take(1 << 20));
    for (const bytes of all) pool.giveBack(bytes);
    const again = Array.from({ length: 6 }, () => pool.take(1 << 20));
    expect(again.filter((bytes) => all.includes(bytes))).toHaveLength(4);
  });
});

describe('a ring', () => {
  test('keeps what it had when it grows into a buffer that another one had', () => {
    const pool = new MemoryPool();
    pool.giveBack(pool.take(8_192).fill(7));
    const ring = new RingBuffer(pool);
    ring.reserve(-100, 0, 4_096);
    ring.write(-100, new Uint8Array(4_096).fill(1), 0, 4_096);
    ring.reserve(-100, 4_096, 8_192);
    const read = new Uint8Array(4_096);
    ring.read(-100, read, 0, 4_096);
    expect(read.every((byte) => byte === 1)).toBe(true);
    expect(pool.used).toBe(8_192);
  });

  test('begins with half of what it needed last, where there is so much', () => {
    const pool = new MemoryPool(300_000);
    const ring = new RingBuffer(pool);
    ring.reserve(0, 0, 262_144);
    ring.release();
    ring.reserve(0, 0, 1);
    expect(ring.capacity).toBe(131_072);
    ring.release();
    const other = new RingBuffer(pool);
    other.reserve(0, 0, 262_144);
    ring.reserve(0, 0, 1);
    expect(ring.capacity).toBe(4_096);
  });
});
