import { fc, test } from '@fast-check/vitest';
import { afterEach, describe, expect, vi } from 'vitest';
import {
  inboundBytes,
  outboundBytes,
  ScriptSummedBytes,
  SimdSummedBytes,
} from '../../../src/drivers/ports/summedBytes.js';
import { slowSum } from '../../support/segments.js';

const SIZE = 70_000;

describe.each([
  ['TypeScript', new ScriptSummedBytes(SIZE)],
  ['WebAssembly', new SimdSummedBytes(SIZE)],
])('bytes that %s sums', (_name, memory) => {
  test.prop([
    fc.uint8Array({ maxLength: 400, size: 'max' }),
    fc.nat(70),
    fc.integer({ min: 0, max: 0x7fff_ffff }),
  ])('have the right sum from any place on', (bytes, at, initial) => {
    memory.bytes.set(bytes, at);
    const sum = memory.sum(at, bytes.length, initial);
    expect(sum % 0xffff).toBe(slowSum(bytes, 0, bytes.length, initial % 0xffff) % 0xffff);
    expect(sum === 0).toBe(initial === 0 && bytes.every((byte) => byte === 0));
  });

  test('are as many as wanted', () => {
    expect(memory.bytes.length).toBe(SIZE);
  });
});

describe('the bytes for packets', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test('are one memory for what is sent and one for what is received', () => {
    expect(outboundBytes()).toBe(outboundBytes());
    expect(inboundBytes()).toBe(inboundBytes());
    expect(inboundBytes().bytes.buffer).not.toBe(outboundBytes().bytes.buffer);
    expect(inboundBytes()).toBeInstanceOf(SimdSummedBytes);
  });

  test('are summed by TypeScript where WebAssembly is missing', async () => {
    vi.resetModules();
    vi.stubGlobal('WebAssembly', undefined);
    const fresh = await import('../../../src/drivers/ports/summedBytes.js');
    expect(fresh.outboundBytes()).toBeInstanceOf(fresh.ScriptSummedBytes);
  });
});
