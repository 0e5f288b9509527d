import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { MessageBuffers } from '../../src/socket/messageBuffers.js';

describe('MessageBuffers', () => {
  test.prop([fc.array(fc.tuple(fc.nat(4_000), fc.nat(40)), { maxLength: 60 })])(
    'copies any parts, which stay as they are',
    (parts) => {
      const buffers = new MessageBuffers();
      const bytes = Uint8Array.from({ length: 5_000 }, (_, index) => index);
      const messages = parts.map(([length, offset]) => buffers.copy(bytes, offset, length));
      bytes.fill(0xff);
      for (const [index, [length, offset]] of parts.entries()) {
        const message = messages[index]!;
        expect(Buffer.isBuffer(message)).toBe(true);
        expect(message.length).toBe(length);
        expect(message.every((byte, at) => byte === ((offset + at) & 0xff))).toBe(true);
      }
    },
  );

  test('allocates memory for many messages of usual size at a time', () => {
    const buffers = new MessageBuffers();
    const bytes = new Uint8Array(2_000);
    const memories = new Set<unknown>();
    for (let count = 0; count < 1_000; count++) memories.add(buffers.copy(bytes, 48, 1_200).buffer);
    expect(memories.size).toBe(Math.ceil(1_000 / 27));
  });

  test('gives a large message memory of its own', () => {
    const message = new MessageBuffers().copy(new Uint8Array(3_000), 0, 3_000);
    expect(message.buffer.byteLength).toBe(3_000);
  });
});
