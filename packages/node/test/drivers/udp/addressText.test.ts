import { formatIPv4, UdpEndpoint } from '@6bed4/codec';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { AddressNumbers, AddressTexts } from '../../../src/drivers/udp/addressText.js';

const address = fc.integer({ min: 0, max: 0xffff_ffff });

describe('AddressTexts and AddressNumbers', () => {
  test.prop([fc.array(fc.oneof(address, fc.integer({ min: 0, max: 3 })), { minLength: 1 })])(
    'convert both ways alike, in any order',
    (addresses) => {
      const texts = new AddressTexts();
      const numbers = new AddressNumbers();
      for (const one of addresses) {
        expect(texts.textOf(new UdpEndpoint(one))).toBe(formatIPv4(one));
        expect(numbers.numberOf(formatIPv4(one))).toBe(one);
      }
    },
  );

  test('keep a limited number of texts', () => {
    const texts = new AddressTexts();
    for (let one = 0; one < 20_000; one++) texts.textOf(new UdpEndpoint(one));
    expect(texts.size).toBeLessThanOrEqual(4096);
  });
});
