import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  completePrefix,
  defineProfile,
  draft00Profile,
  draft01Profile,
  draft02Profile,
  draft04Profile,
  findProfile,
  formatPrefix,
  InvalidArgumentError,
  is6bed4Prefixed,
  type ProfileDefinition,
  parseIPv6,
  parsePrefix,
  prefixContains,
  profileOf,
  readRouterAddress,
  reference2020,
} from '../../src/index.js';

describe('profiles', () => {
  test.each([
    [reference2020, 'reference2020', 'draft03', 25790, ['fc64::/16', '2001:64::/32'], 'fc64::/16'],
    [draft02Profile, 'draft02', 'draft03', 27629, ['2001:64::/32'], '2001:64::/32'],
    [draft01Profile, 'draft01', 'draft01', 25788, [], 'fd00::/8'],
    [draft00Profile, 'draft00', 'draft00', 3653, [], 'fd00::/8'],
    [draft04Profile, 'draft04', 'draft04', 25790, ['fc64::/16', '2001:64::/32'], 'fc64::/16'],
  ])('%#: has the constants of its deployment', (profile, name, dialect, port, prefixes, own) => {
    expect(profile).toMatchObject({ name, dialect: { name: dialect }, port, defaultNetid: 0x0bed });
    expect(profile.prefixes.map(formatPrefix)).toEqual(prefixes);
    expect(formatPrefix(profile.defaultPrefix)).toBe(own);
    expect(findProfile(name)).toBe(profile);
    expect(Object.isFrozen(profile)).toBe(true);
  });

  test('exist for each dialect', () => {
    expect(profileOf('draft03')).toBe(reference2020);
    expect(profileOf('draft04')).toBe(draft04Profile);
    expect(profileOf('draft01')).toBe(draft01Profile);
    expect(profileOf('draft00')).toBe(draft00Profile);
    expect(findProfile('nobody')).toBeUndefined();
  });

  const own: ProfileDefinition = {
    name: 'ours',
    dialect: 'draft03',
    port: 6000,
    prefixes: ['fc42::/16'],
    defaultPrefix: 'fc42::/16',
  };

  test('can be defined with other constants', () => {
    const profile = defineProfile({ ...own, defaultNetid: 7 });
    expect(is6bed4Prefixed(profile, parseIPv6('fc42:7:c000:201::1'), 0)).toBe(true);
    expect(is6bed4Prefixed(profile, parseIPv6('fc64:7:c000:201::1'), 0)).toBe(false);
    expect(profile.defaultNetid).toBe(7);
  });

  test.each<[string, Partial<ProfileDefinition>]>([
    ['port', { port: 0 }],
    ['port', { port: 65536 }],
    ['port', { dialect: 'draft01', port: 25789 }],
    ['prefixes', { prefixes: ['fc42::/33'] }],
    ['prefixes', { prefixes: ['::/0'] }],
    ['prefixes', { prefixes: ['fc42::'] }],
    ['defaultPrefix', { defaultPrefix: 'fc42::1/16' }],
    ['defaultNetid', { defaultNetid: 65536 }],
    ['defaultNetid', { defaultNetid: -1 }],
  ])('cannot be defined with a wrong %s', (field, change) => {
    const call = (): unknown => defineProfile({ ...own, ...change });
    expect(call).toThrow(InvalidArgumentError);
    expect(call).toThrow(new RegExp(`^${field}: `));
  });

  test.each([0, 0xffff])('can be defined with the network identifier %i', (defaultNetid) => {
    expect(defineProfile({ ...own, defaultNetid }).defaultNetid).toBe(defaultNetid);
  });

  test('bits 32 to 63 are the router', () => {
    expect(readRouterAddress(parseIPv6('fc64:bed:c633:6401::'), 0)).toBe(0xc633_6401);
  });
});

describe('completing a prefix (draft-04 §3.3)', () => {
  const options = { netid: 0x0bed, router: '198.51.100.1' };

  test.each([
    ['fc64::/16', 'fc64:bed:c633:6401::/64'],
    ['2001:64::/32', '2001:64:c633:6401::/64'],
    ['2001:db8:77::/48', '2001:db8:77:bed::/64'],
    ['2001:db8:1:2::/64', '2001:db8:1:2::/64'],
    ['fd12:3456:789a:1::/64', 'fd12:3456:789a:1::/64'],
    ['2002::/16', '2002:c633:6401:bed::/64'],
    ['2003::/16', '2003:bed:c633:6401::/64'],
    ['2002:c633::/32', '2002:c633:c633:6401::/64'],
  ])('%s becomes %s', (given, completed) => {
    expect(formatPrefix(completePrefix(given, options))).toBe(completed);
  });

  test.each([
    ['fd00::/8', 0x0bed, '198.51.100.1', 'fd0c:1bbe:e1af:a672::/64'],
    ['fd00::/8', 0, '198.51.100.1', 'fdfc:517c:9e04:8c42::/64'],
    ['fd00::/8', 0x0bed, '203.0.113.254', 'fd51:fc56:dafc:2e00::/64'],
    ['fd12:3456:789a::/48', 0x0bed, '198.51.100.1', 'fd12:3456:789a:3eec::/64'],
    ['fd12:3456:7890::/44', 0xffff, '192.0.2.1', 'fd12:3456:7899:d10c::/64'],
    ['fd00:0:0:fffe::/63', 1, '192.0.2.1', 'fd00:0:0:ffff::/64'],
  ])(
    '%s of netid %i and router %s becomes %s in every version',
    (given, netid, router, completed) => {
      expect(formatPrefix(completePrefix(given, { netid, router }))).toBe(completed);
    },
  );

  test('fd00::/8 and longer are filled, the same way every time', () => {
    const first = completePrefix('fd00::/8', options);
    expect(completePrefix('fd00::/8', { ...options, router: 0xc633_6401 })).toEqual(first);
    expect(formatPrefix(first)).toMatch(/^fd[0-9a-f:]+::\/64$/);
    const others = [
      completePrefix('fd00::/8', { ...options, netid: 1 }),
      completePrefix('fd00::/8', { ...options, router: '198.51.100.2' }),
      completePrefix('fd00::/9', options),
      completePrefix('fd12::/16', options),
    ];
    for (const other of others) expect(other).not.toEqual(first);
  });

  test('keeps the bits that were given, and sets none beyond 64', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 64 }),
        fc.uint8Array({ minLength: 7, maxLength: 7 }),
        fc.nat(0xffff),
        fc.nat(),
        (length, rest, netid, router) => {
          const bytes = new Uint8Array(16);
          bytes[0] = 0xfd;
          bytes.set(rest, 1);
          for (let bit = length; bit < 128; bit++) bytes[bit >>> 3]! &= ~(0x80 >>> (bit & 7));
          const given = { bytes, length };
          const completed = completePrefix(given, { netid, router });
          expect(completed.length).toBe(64);
          expect(prefixContains(given, completed.bytes, 0)).toBe(true);
          expect(completed.bytes.subarray(8).every((byte) => byte === 0)).toBe(true);
          expect(parsePrefix(formatPrefix(completed))).toEqual(completed);
        },
      ),
    );
  });

  test('leaves what it was given as it was', () => {
    const prefix = parsePrefix('fc64::/16');
    completePrefix(prefix, options);
    expect(formatPrefix(prefix)).toBe('fc64::/16');
  });

  test.each([
    'fc64::/15',
    'fc64::/20',
    '2001:db8::/40',
    '2001:db8::/63',
    '2001:db8::/65',
    'fd12::/65',
    'fd12::/128',
    'fc00::/7',
  ])('refuses %s', (prefix) => {
    expect(() => completePrefix(prefix, options)).toThrow(/^prefix: /);
  });

  test('refuses network identifiers and routers out of range by name', () => {
    expect(() => completePrefix('fc64::/16', { ...options, netid: 65536 })).toThrow(/^netid: /);
    expect(() => completePrefix('fc64::/16', { ...options, router: '1.2.3' })).toThrow(/^router: /);
  });
});
