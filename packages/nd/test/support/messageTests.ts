import { toHex } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError, type ParseResult } from '../../src/index.js';

const DIRT = 0xa5;
const MARGIN = 24;

/** The parts of a test that every kind of message has. */
export interface MessageCase<T> {
  /** The packet, byte for byte. */
  readonly golden: Uint8Array;
  /** Its content. */
  readonly message: T;
  readonly parse: (bytes: Uint8Array, offset: number, length: number) => ParseResult<T>;
  readonly build: (message: T) => Uint8Array;
  readonly write: (out: Uint8Array, offset: number, message: T) => number;
  /** Messages that are accepted and that say all that is read. */
  readonly arbitrary: fc.Arbitrary<T>;
}

/** Adds the tests that every kind of message has to pass. */
export function describeMessage<T>(name: string, given: MessageCase<T>): void {
  const { golden, message, parse, build, write, arbitrary } = given;

  describe(`${name}, as bytes and as a message`, () => {
    test('parses golden bytes', () => {
      expect(parse(golden, 0, golden.length)).toEqual({ ok: true, value: message });
    });

    test('parses them in the middle of a buffer', () => {
      const buffer = new Uint8Array(golden.length + 2 * MARGIN).fill(DIRT);
      buffer.set(golden, MARGIN);
      expect(parse(buffer, MARGIN, golden.length)).toEqual({ ok: true, value: message });
    });

    test('builds golden bytes', () => {
      expect(toHex(build(message))).toBe(toHex(golden));
    });

    test('writes golden bytes into a dirty buffer and nothing around them', () => {
      const buffer = new Uint8Array(golden.length + 2 * MARGIN).fill(DIRT);
      expect(write(buffer, MARGIN, message)).toBe(golden.length);
      const expected = new Uint8Array(buffer.length).fill(DIRT);
      expected.set(golden, MARGIN);
      expect(toHex(buffer)).toBe(toHex(expected));
    });

    test('does not write into a buffer that is too short', () => {
      const buffer = new Uint8Array(golden.length - 1).fill(DIRT);
      expect(() => write(buffer, 0, message)).toThrow(InvalidArgumentError);
      expect(buffer.every((byte) => byte === DIRT)).toBe(true);
      expect(() => write(new Uint8Array(golden.length), 1, message)).toThrow(/^out: found/);
    });

    test('gives copies, even of a Buffer', () => {
      const buffer = Buffer.from(golden);
      const parsed = parse(buffer, 0, buffer.length);
      buffer.fill(DIRT);
      expect(parsed).toEqual({ ok: true, value: message });
    });

    test('refuses it cut short anywhere', () => {
      for (let length = 0; length < golden.length; length++) {
        expect(parse(golden, 0, length).ok).toBe(false);
        expect(parse(golden.subarray(0, length), 0, length).ok).toBe(false);
      }
    });

    test('refuses a length that reaches beyond the buffer', () => {
      expect(parse(golden.subarray(0, golden.length - 1), 0, golden.length).ok).toBe(false);
      expect(parse(golden, 1, golden.length).ok).toBe(false);
    });

    test('parses what it builds', () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          const packet = build(message);
          expect(parse(packet, 0, packet.length)).toEqual({ ok: true, value: message });
        }),
      );
    });

    test('builds what it parsed, byte for byte', () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          const packet = build(message);
          const parsed = parse(packet, 0, packet.length);
          expect(parsed.ok && toHex(build(parsed.value))).toBe(toHex(packet));
        }),
      );
    });

    test('writes at any offset what it builds', () => {
      fc.assert(
        fc.property(arbitrary, fc.nat(50), (message, offset) => {
          const packet = build(message);
          const buffer = new Uint8Array(offset + packet.length).fill(DIRT);
          expect(write(buffer, offset, message)).toBe(packet.length);
          expect(toHex(buffer.subarray(offset))).toBe(toHex(packet));
        }),
      );
    });
  });
}
