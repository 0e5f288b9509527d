import { describe, expect, test } from 'vitest';
import { SendBuffers } from '../../../src/drivers/portable/sendBuffers.js';

describe('SendBuffers', () => {
  test('keeps all datagrams in one slot while none waits', () => {
    const buffers = new SendBuffers();
    const first = buffers.keep(Uint8Array.of(1, 2), 0, 2, false);
    const second = buffers.keep(Uint8Array.of(0, 3, 4), 1, 2, false);
    expect(second).toBe(first);
    expect([...second]).toEqual([3, 4]);
  });

  test('makes a view only for another length', () => {
    const buffers = new SendBuffers();
    const first = buffers.keep(Uint8Array.of(1, 2, 3), 0, 2, false);
    const second = buffers.keep(Uint8Array.of(4, 5, 6), 0, 3, false);
    expect([...second]).toEqual([4, 5, 6]);
    expect(second.buffer).toBe(first.buffer);
  });

  test('keeps each datagram unchanged while some wait', () => {
    const buffers = new SendBuffers();
    const borrowed = Uint8Array.of(0);
    const kept = [1, 2, 3].map((value, index) => {
      borrowed[0] = value;
      return buffers.keep(borrowed, 0, 1, index > 0);
    });
    expect(kept.map((buffer) => buffer[0])).toEqual([1, 2, 3]);
    expect(buffers.keep(borrowed, 0, 1, false)).toBe(kept[0]);
  });

  test('makes a larger buffer for a larger datagram', () => {
    const large = new Uint8Array(5000).fill(7);
    expect([...new SendBuffers().keep(large, 0, 5000, false)]).toEqual([...large]);
  });
});
