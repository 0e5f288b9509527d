import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  classify,
  type DecodedAddress,
  type DialectName,
  decodeAddress,
  defineProfile,
  dialectNames,
  dialects,
  encodeAddress,
  type InvalidArgumentError,
  isInvitation,
  isInvitationAt,
  parseDialectName,
  parseIPv6,
  reference2020,
} from '../../src/index.js';

const decoded = (address: string, dialect: DialectName): Omit<DecodedAddress, 'kind'> => {
  const { kind: _kind, ...rest } = decodeAddress(address, { dialect });
  return rest;
};

describe('the worked examples', () => {
  test('draft-00', () => {
    const address = '2001:610:188:2002:c000:20d:ed8f:1';
    expect(decoded(address, 'draft00')).toEqual({
      dialect: 'draft00',
      prefix: '2001:610:188:2002::/64',
      router: null,
      peer: { address: '192.0.2.13', port: 60815 },
      lanip: 1,
      invitation: false,
      opaque: false,
    });
    const parts = { prefix: '2001:610:188:2002::/64', peer: '192.0.2.13:60815' };
    expect(encodeAddress(parts, { dialect: 'draft00' })).toBe(address);
  });

  test('draft-01', () => {
    const address = '2001:db8:64:64:50f5:c6ff:fe33:6402';
    expect(decoded(address, 'draft01')).toEqual({
      dialect: 'draft01',
      prefix: '2001:db8:64:64::/64',
      router: null,
      peer: { address: '198.51.100.2', port: 62802 },
      lanip: null,
      invitation: false,
      opaque: false,
    });
    const parts = { prefix: '2001:db8:64:64::/64', peer: '198.51.100.2:62802' };
    expect(encodeAddress(parts, { dialect: 'draft01' })).toBe(address);
  });

  test.each(['draft03', 'draft04'] as const)('%s', (dialect) => {
    const address = 'fc64:bed:c633:6401:c433:6402:e49e:8001';
    expect(decoded(address, dialect)).toEqual({
      dialect,
      prefix: 'fc64:bed:c633:6401::/64',
      router: { address: '198.51.100.1', port: 25790 },
      peer: { address: '198.51.100.2', port: 0xe49e },
      lanip: 1,
      invitation: false,
      opaque: false,
    });
    const parts = { prefix: 'fc64:bed:c633:6401::/64', peer: '198.51.100.2:58526', lanip: 1 };
    expect(encodeAddress(parts, { dialect })).toBe(address);
  });
});

describe('addresses that the reference implementations used', () => {
  const recorded: readonly {
    address: string;
    dialect: DialectName;
    peer: string;
    lanip: number | null;
  }[] = JSON.parse(readFileSync(new URL('../fixtures/addresses.json', import.meta.url), 'utf8'));

  test.each(recorded)('$address', ({ address, dialect, peer, lanip }) => {
    const { prefix, ...rest } = decodeAddress(address, { dialect });
    expect(`${rest.peer?.address}:${rest.peer?.port}`).toBe(peer);
    expect(rest.lanip).toBe(lanip);
    const parts = { prefix, peer, ...(lanip === null ? {} : { lanip }) };
    expect(encodeAddress(parts, { dialect })).toBe(address);
  });
});

describe.each(dialectNames)('any endpoint in %s', (dialect) => {
  const layout = dialects[dialect].layout;

  test('survives being put into an address', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 255 }), fc.nat(255), fc.nat(255), fc.nat(255)),
        fc.integer({ min: 1, max: 65535 }).filter((port) => layout.acceptsPort(port)),
        fc.nat(layout.maxLanip),
        (octets, port, lanip) => {
          const peer = { address: octets.join('.'), port };
          const prefix = '2001:db8:1:2::/64';
          const address = encodeAddress({ prefix, peer, lanip }, { dialect });
          expect(decoded(address, dialect)).toEqual({
            dialect,
            prefix,
            router: null,
            peer,
            lanip: layout.maxLanip === 0 ? null : lanip,
            invitation: false,
            opaque: false,
          });
        },
      ),
    );
  });

  test('that cannot be expressed is refused by name', () => {
    const refusal = (parts: Parameters<typeof encodeAddress>[0]): string => {
      try {
        return encodeAddress(parts, { dialect });
      } catch (error) {
        return (error as InvalidArgumentError).field;
      }
    };
    const peer = '192.0.2.1:4000';
    expect(refusal({ prefix: 'fc64::/16', peer })).toBe('prefix');
    expect(refusal({ prefix: '2001:db8::1/64', peer })).toBe('prefix');
    expect(refusal({ prefix: 'nonsense', peer })).toBe('prefix');
    expect(refusal({ prefix: '2001:db8::/64', peer: '192.0.2.1' })).toBe('endpoint');
    expect(refusal({ prefix: '2001:db8::/64', peer: '192.0.2.1:0' })).toBe('port');
    expect(refusal({ prefix: '2001:db8::/64', peer: '192.0.2.256:4000' })).toBe('endpoint');
    expect(refusal({ prefix: '2001:db8::/64', peer: { address: '1.2.3', port: 4 } })).toBe('peer');
    expect(refusal({ prefix: '2001:db8::/64', peer, lanip: layout.maxLanip + 1 })).toBe('lanip');
    expect(refusal({ prefix: '2001:db8::/64', peer, lanip: -1 })).toBe('lanip');
    if (dialect === 'draft01') {
      expect(refusal({ prefix: '2001:db8::/64', peer: '192.0.2.1:4001' })).toBe('port');
    }
  });
});

describe('addresses that encode no endpoint', () => {
  test.each([
    ['opaque, universal bit', 'fc64:bed:c633:6401:c633:6402:e49e:8001', true],
    ['opaque, group bit', 'fc64:bed:c633:6401:c533:6402:e49e:8001', true],
    ['port 0', 'fc64:bed:c633:6401:c433:6402:0:8001', false],
    ['0.0.0.0', 'fc64:bed:c633:6401::e49e:1', false],
  ])('%s', (_name, address, opaque) => {
    const { peer, router, invitation, ...rest } = decodeAddress(address);
    expect({ peer, router: router?.address, invitation }).toEqual({
      peer: null,
      router: '198.51.100.1',
      invitation: false,
    });
    expect(rest.opaque).toBe(opaque);
    expect(rest.lanip).toBe(opaque ? null : 1);
  });

  test('draft-01: an odd port', () => {
    const { peer, opaque } = decodeAddress('2001:db8::439c:c6ff:fe33:6402', { dialect: 'draft01' });
    expect({ peer, opaque }).toEqual({ peer: null, opaque: true });
  });
});

describe('invitations (draft-03 §3.1)', () => {
  const invite = (peer: string): string =>
    encodeAddress({ prefix: 'fc64:bed:c633:6401::/64', peer });

  test('router and peer are one, at the well-known port', () => {
    expect(isInvitation(invite('198.51.100.1:25790'))).toBe(true);
    expect(isInvitation(invite('198.51.100.1:25791'))).toBe(false);
    expect(isInvitation(invite('198.51.100.2:25790'))).toBe(false);
  });

  test('need a prefix that names the router', () => {
    const address = encodeAddress({ prefix: '2001:db8::/64', peer: '198.51.100.1:25790' });
    expect(isInvitation(address)).toBe(false);
    const native = '2001:db8:c633:6401::/64';
    expect(isInvitation(encodeAddress({ prefix: native, peer: '198.51.100.1:25790' }))).toBe(false);
  });

  test.each([
    ['fc64:bed:c633:6401:c433:6401:64be:8001', true],
    ['fc64:bed:c633:6401:c533:6401:64be:8001', false],
    ['fc64:bed:c633:6401:c633:6401:64be:8001', false],
  ])('are not opaque: %s, %s', (address, expected) => {
    expect(isInvitation(address)).toBe(expected);
  });

  test('name somebody: 0.0.0.0 is nobody, 0.0.0.1 may be', () => {
    expect(isInvitation('fc64:bed::64be:1')).toBe(false);
    expect(isInvitation('fc64:bed:0:1:0:1:64be:1')).toBe(true);
  });

  test('are those of the prefixes and the port of a profile, and of dialects that have them', () => {
    const own = { name: 'ours', prefixes: ['fc42::/16'], defaultPrefix: 'fc42::/16', port: 6000 };
    const address = encodeAddress({ prefix: 'fc42:1:c633:6401::/64', peer: '198.51.100.1:6000' });
    const [draft03, draft04] = (['draft03', 'draft04'] as const).map((dialect) =>
      defineProfile({ ...own, dialect }),
    );
    expect(isInvitation(address)).toBe(false);
    expect(isInvitation(address, { profile: draft03! })).toBe(true);
    expect(isInvitation(address, { profile: draft04! })).toBe(true);
    // A profile goes before a dialect.
    expect(isInvitation(address, { profile: draft03!, dialect: 'draft00' })).toBe(true);
    const draft00 = defineProfile({ ...own, dialect: 'draft00' });
    const router = 'fc42:1:c633:6401:c633:6401:1770:1';
    expect(decodeAddress(router, { profile: draft00 })).toMatchObject({
      router: { address: '198.51.100.1', port: 6000 },
      peer: { address: '198.51.100.1', port: 6000 },
      invitation: false,
    });
  });

  test('are recognized in bytes at any offset', () => {
    const bytes = new Uint8Array(20);
    bytes.set(parseIPv6(invite('198.51.100.1:25790')), 3);
    expect(isInvitationAt(reference2020, bytes, 3)).toBe(true);
    expect(isInvitationAt(reference2020, bytes, 2)).toBe(false);
  });
});

test.each([
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::2', 'native'],
  ['::ffff:192.0.2.1', 'ipv4-mapped'],
  ['::fffe:192.0.2.1', 'native'],
  ['64:ff9b::1', 'native'],
  ['ff02::1', 'multicast'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'native'],
  ['fe7f::1', 'native'],
  ['2001::1', 'teredo'],
  ['2001:0:ffff::1', 'teredo'],
  ['2001:1::1', 'native'],
  ['2001:64::1', '6bed4'],
  ['2001:65::1', 'native'],
  ['2002:c000:201::1', '6to4'],
  ['2003::1', 'native'],
  ['fc64::1', '6bed4'],
  ['fc64:ffff::1', '6bed4'],
  ['fc65::1', 'native'],
  ['fc63:ffff::1', 'native'],
  ['fd00::1', 'native'],
])('%s is %s', (address, kind) => {
  const bytes = new Uint8Array(20);
  bytes.set(parseIPv6(address), 4);
  expect(classify(bytes, 4, reference2020)).toBe(kind);
  expect(decodeAddress(address).kind).toBe(kind);
});

test('bytes are taken as well as text, and are left as they are', () => {
  const bytes = Buffer.from(parseIPv6('fc64:bed:c633:6401:c433:6402:e49e:8001'));
  const before = Buffer.from(bytes);
  expect(decodeAddress(bytes).peer).toEqual({ address: '198.51.100.2', port: 58526 });
  expect(bytes).toEqual(before);
  expect(() => decodeAddress(new Uint8Array(15))).toThrow(/^address: found 15 bytes/);
  expect(() => decodeAddress(new Uint8Array(17))).toThrow(/^address: found 17 bytes/);
});

test('dialects are known by name', () => {
  for (const dialect of dialectNames) expect(parseDialectName(dialect)).toBe(dialect);
  expect(() => parseDialectName('draft02')).toThrow(/^dialect: found "draft02"/);
});
