import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ownCertificate } from '../src/certificate.js';
import { connectionKey, destinationKey, hasLongHeader } from '../src/protocol.js';
import { RetryTokens } from '../src/retryToken.js';

describe('the certificate of this process', () => {
  test('is an X.509 certificate that its own key has signed, and the same each time', () => {
    const { key, certificate } = ownCertificate();
    const parsed = new X509Certificate(certificate);
    expect(parsed.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.subject).toBe('CN=6bed4');
    expect(parsed.issuer).toBe(parsed.subject);
    expect(new Date(parsed.validTo).getUTCFullYear()).toBe(9999);
    expect(ownCertificate()).toEqual({ key, certificate });
  });
});

describe('retry tokens', () => {
  const original = Buffer.from('0011223344556677', 'hex');
  const chosen = Buffer.from('8899aabbccddeeff', 'hex');
  const from = '2001:db8::1 7788';

  test('verify to the connection id that they were issued for', () => {
    const tokens = new RetryTokens();
    const token = tokens.issue(original, chosen, from);
    expect(tokens.verify(token, chosen, from)).toEqual(original);
  });

  test.each([
    ['another address', (token: Buffer) => [token, chosen, '2001:db8::2 7788'] as const],
    ['another port', (token: Buffer) => [token, chosen, '2001:db8::1 7789'] as const],
    ['another connection id', (token: Buffer) => [token, original, from] as const],
    ['a token cut short', (token: Buffer) => [token.subarray(1), chosen, from] as const],
    ['no token', () => [Buffer.alloc(0), chosen, from] as const],
  ])('do not verify for %s', (_, change) => {
    const tokens = new RetryTokens();
    const [token, id, address] = change(tokens.issue(original, chosen, from));
    expect(tokens.verify(token, id, address)).toBeNull();
  });

  test('do not verify with any bit changed', () => {
    const tokens = new RetryTokens();
    const token = tokens.issue(original, chosen, from);
    for (let bit = 0; bit < token.length * 8; bit++) {
      const altered = Buffer.from(token);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(tokens.verify(altered, chosen, from)).toBeNull();
    }
  });

  test('do not verify after 15 s', () => {
    let now = 1_700_000_000_000;
    const tokens = new RetryTokens(() => now);
    const token = tokens.issue(original, chosen, from);
    now += 15_000;
    expect(tokens.verify(token, chosen, from)).toEqual(original);
    now += 1;
    expect(tokens.verify(token, chosen, from)).toBeNull();
  });

  test('of another endpoint do not verify', () => {
    const token = new RetryTokens().issue(original, chosen, from);
    expect(new RetryTokens().verify(token, chosen, from)).toBeNull();
  });
});

describe('the connection id of a packet', () => {
  const id = Buffer.from('ff00112233445566', 'hex');

  test('with a short header is the eight bytes after the first one', () => {
    const packet = Buffer.concat([Buffer.of(0x40), id, Buffer.alloc(20)]);
    expect(hasLongHeader(packet)).toBe(false);
    expect(destinationKey(packet)).toBe(connectionKey(id));
  });

  test('with a long header is that of our length, or null', () => {
    const packet = Buffer.concat([Buffer.of(0xc0, 0, 0, 0, 1, 8), id, Buffer.alloc(20)]);
    expect(hasLongHeader(packet)).toBe(true);
    expect(destinationKey(packet)).toBe(connectionKey(id));
    packet[5] = 20;
    expect(destinationKey(packet)).toBeNull();
  });

  test.each([0, 1, 8])('of %i bytes is null', (length) => {
    expect(destinationKey(Buffer.alloc(length, 0x40))).toBeNull();
  });
});
