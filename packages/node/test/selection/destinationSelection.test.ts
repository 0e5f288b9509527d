import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  type SelectionOptions,
  type Sources,
  selectAddresses,
  sortAddresses,
} from '../../src/selection/destinationSelection.js';
import { defaultPolicy, PolicyTable, rfc6724Policy } from '../../src/selection/policyTable.js';
import type { SourceAddress } from '../../src/selection/sourceSelection.js';

/** Destinations in their order with the sources that they get. */
function pairs(
  destinations: readonly string[],
  sources: Sources,
  options?: SelectionOptions,
): [string, string | null][] {
  return selectAddresses(destinations, sources, options).map(({ destination, source }) => [
    destination,
    source?.address ?? null,
  ]);
}

const TEMPORARY = 'd5e3:7953:13eb:22e8';

describe.each([
  ['RFC 6724', rfc6724Policy],
  ['6bed4', defaultPolicy],
])('the examples of RFC 6724 with the table of %s', (_, policy) => {
  test.each<[string, string, (SourceAddress | string)[], string]>([
    ['appropriate scope', '2001:db8:1::1', ['2001:db8:3::1', 'fe80::1'], '2001:db8:3::1'],
    ['appropriate scope', 'ff05::1', ['2001:db8:3::1', 'fe80::1'], '2001:db8:3::1'],
    [
      'same address',
      '2001:db8:1::1',
      [{ address: '2001:db8:1::1', deprecated: true }, '2001:db8:2::1'],
      '2001:db8:1::1',
    ],
    [
      'appropriate scope before deprecation',
      'fe80::1',
      [{ address: 'fe80::2', deprecated: true }, '2001:db8:1::1'],
      'fe80::2',
    ],
    [
      'longest matching prefix',
      '2001:db8:1::1',
      ['2001:db8:1::2', '2001:db8:3::2'],
      '2001:db8:1::2',
    ],
    [
      'home address',
      '2001:db8:1::1',
      [
        { address: '2001:db8:1::2', mobility: 'care-of' },
        { address: '2001:db8:3::2', mobility: 'home' },
      ],
      '2001:db8:3::2',
    ],
    [
      'matching label',
      '2002:c633:6401::1',
      [{ address: `2002:c633:6401::${TEMPORARY}`, temporary: true }, '2001:db8:1::2'],
      `2002:c633:6401::${TEMPORARY}`,
    ],
    [
      'temporary address',
      '2001:db8:1::d5e3:0:0:1',
      ['2001:db8:1::2', { address: `2001:db8:1::${TEMPORARY}`, temporary: true }],
      `2001:db8:1::${TEMPORARY}`,
    ],
  ])('§10.1: prefer the %s, for %s', (_rule, destination, sources, expected) => {
    for (const order of [sources, [...sources].reverse()]) {
      expect(pairs([destination], order, { policy })).toEqual([[destination, expected]]);
    }
  });

  test.each<[string, (SourceAddress | string)[], [string, string][]]>([
    [
      'matching scope',
      ['2001:db8:1::2', 'fe80::1', '169.254.13.78'],
      [
        ['2001:db8:1::1', '2001:db8:1::2'],
        ['198.51.100.121', '169.254.13.78'],
      ],
    ],
    [
      'matching scope, the other way',
      ['fe80::1', '198.51.100.117'],
      [
        ['198.51.100.121', '198.51.100.117'],
        ['2001:db8:1::1', 'fe80::1'],
      ],
    ],
    [
      'higher precedence',
      ['2001:db8:1::2', 'fe80::1', '10.1.2.4'],
      [
        ['2001:db8:1::1', '2001:db8:1::2'],
        ['10.1.2.3', '10.1.2.4'],
      ],
    ],
    [
      'smaller scope',
      ['2001:db8:1::2', 'fe80::2'],
      [
        ['fe80::1', 'fe80::2'],
        ['2001:db8:1::1', '2001:db8:1::2'],
      ],
    ],
    [
      'home address',
      [
        { address: '2001:db8:1::2', mobility: 'care-of' },
        { address: '2001:db8:3::1', mobility: 'home' },
        { address: 'fe80::2', mobility: 'care-of' },
      ],
      [
        ['2001:db8:1::1', '2001:db8:3::1'],
        ['fe80::1', 'fe80::2'],
      ],
    ],
    [
      'no deprecated address',
      ['2001:db8:1::2', { address: 'fe80::2', deprecated: true }],
      [
        ['2001:db8:1::1', '2001:db8:1::2'],
        ['fe80::1', 'fe80::2'],
      ],
    ],
    [
      'longest matching prefix',
      ['2001:db8:1::2', '2001:db8:3f44::2', 'fe80::2'],
      [
        ['2001:db8:1::1', '2001:db8:1::2'],
        ['2001:db8:3ffe::1', '2001:db8:3f44::2'],
      ],
    ],
    [
      'matching label',
      ['2002:c633:6401::2', 'fe80::2'],
      [
        ['2002:c633:6401::1', '2002:c633:6401::2'],
        ['2001:db8:1::1', '2002:c633:6401::2'],
      ],
    ],
    [
      'higher precedence, among labels that match',
      ['2002:c633:6401::2', '2001:db8:1::2', 'fe80::2'],
      [
        ['2001:db8:1::1', '2001:db8:1::2'],
        ['2002:c633:6401::1', '2002:c633:6401::2'],
      ],
    ],
  ])('§10.2: prefer %s', (_rule, sources, expected) => {
    const destinations = expected.map(([destination]) => destination);
    expect(pairs(destinations, sources, { policy })).toEqual(expected);
    expect(pairs([...destinations].reverse(), sources, { policy })).toEqual(expected);
  });

  test('§10.3: prefer IPv4 with a policy table of an administrator', () => {
    const sources = ['2001:db8:1::2', 'fe80::1', '10.1.2.4'];
    const own = policy.map((rule) =>
      rule.prefix === '::ffff:0:0/96' ? { ...rule, precedence: 100 } : rule,
    );
    expect(sortAddresses(['2001:db8:1::1', '10.1.2.3'], sources, { policy: own })).toEqual([
      '10.1.2.3',
      '2001:db8:1::1',
    ]);
  });
});

const NATIVE = '2001:db8:1::1';
const BOB = 'fc64:bed:c633:6401:c800:7105:9c40:1';
const OWN_NATIVE = '2001:db8:2::2';
const OWN_6BED4: SourceAddress = {
  address: 'fc64:bed:c633:6401:c800:7106:9c40:1',
  tunnelled: true,
};

describe('6bed4 among addresses (draft-03 §4)', () => {
  test('is after native to native', () => {
    expect(pairs([BOB, NATIVE], [OWN_6BED4, OWN_NATIVE])).toEqual([
      [NATIVE, OWN_NATIVE],
      [BOB, OWN_6BED4.address],
    ]);
  });

  test('is before 6bed4 to native', () => {
    expect(pairs([NATIVE, BOB], [OWN_6BED4])).toEqual([
      [BOB, OWN_6BED4.address],
      [NATIVE, OWN_6BED4.address],
    ]);
  });

  test('is before native to 6bed4', () => {
    const bySystem = 'fc64:bed:c633:6401:c800:7107:9c40:1';
    const sources = (destination: string): (SourceAddress | string)[] =>
      destination === bySystem ? [OWN_NATIVE] : [OWN_6BED4];
    expect(pairs([bySystem, BOB], sources)).toEqual([
      [BOB, OWN_6BED4.address],
      [bySystem, OWN_NATIVE],
    ]);
  });

  test('is between native IPv4 and the other tunnels', () => {
    const sources = [OWN_6BED4, '10.1.2.4', '2002:c633:6401::2', '2001::2'];
    const destinations = ['2001::1', '2002:c633:6401::1', BOB, '198.51.100.1'];
    expect(sortAddresses(destinations, sources)).toEqual([...destinations].reverse());
  });

  test('has a source in the /64 of the remote, or else in its network', () => {
    const own = ['fc64:bed:c633:6499', 'fc64:bed:c633:6401', '2001:64:c633:6401'].map(
      (prefix) => `${prefix}:c800:7106:9c40:1`,
    );
    const sources = own.map((address) => ({ address, tunnelled: true }));
    expect(pairs([BOB], sources)).toEqual([[BOB, own[1]]]);
    const carol = '2001:64:c633:6402:c800:7105:9c40:1';
    expect(pairs([carol], sources)).toEqual([[carol, own[2]]]);
  });

  test('is avoided where the same is possible without a tunnel', () => {
    const tunnelled = { address: '2001:db8:6bed:4::1', tunnelled: true };
    const one = '2001:db8:6bed:4::9';
    const sources = (destination: string): (SourceAddress | string)[] =>
      destination === one ? [tunnelled] : [OWN_NATIVE];
    expect(sortAddresses([one, NATIVE], sources)).toEqual([NATIVE, one]);
  });

  test('does not change the place of other ULA prefixes', () => {
    const table = new PolicyTable(defaultPolicy);
    expect(table.lookUp('fc64::1')).toMatchObject({ precedence: 32 });
    expect(table.lookUp('2001:64::1')).toMatchObject({ precedence: 32 });
    expect(table.lookUp('fc65::1')).toMatchObject({ precedence: 3 });
    expect(table.lookUp('192.0.2.1')).toMatchObject({ precedence: 35 });
    expect(table.lookUp('fe80::1%eth0')).toMatchObject({ precedence: 40 });
  });
});

describe('sortAddresses', () => {
  test('puts unusable destinations last', () => {
    expect(pairs([NATIVE, '192.0.2.1'], ['10.0.0.1'])).toEqual([
      ['192.0.2.1', '10.0.0.1'],
      [NATIVE, null],
    ]);
  });

  test('keeps the order of IPv4 addresses, except for those on the same network', () => {
    const source = { address: '10.1.2.4', prefixLength: 24 };
    const far = ['198.51.100.1', '10.1.3.9', '192.0.2.1'];
    expect(sortAddresses(far, [source])).toEqual(far);
    expect(sortAddresses([...far, '10.1.2.9'], [source])).toEqual(['10.1.2.9', ...far]);
  });

  test.each([
    ['destinations', () => sortAddresses(['nowhere'], [])],
    ['sources', () => sortAddresses([], ['10.0.0.300'])],
    ['policy', () => sortAddresses([], [], { policy: [{ prefix: 'x', precedence: 1, label: 1 }] })],
    ['policy', () => sortAddresses([], [], { policy: [] })],
  ])('names the %s when they are invalid', (option, sort) => {
    expect(sort).toThrow(expect.objectContaining({ name: 'InvalidArgumentError', field: option }));
  });

  const prefixes = [
    'fe80:',
    '2001:db8:1:',
    '2002:c633:6401:',
    '2001:',
    'fc64:bed:',
    'fd12:',
    'ff0e:',
  ];
  const address = fc.oneof(
    fc
      .tuple(
        fc.constantFrom(...prefixes),
        fc.ipV6().map((text) => text.split(':').at(-1) || '1'),
      )
      .map(([prefix, last]) => `${prefix}:${last.includes('.') ? '1' : last}`),
    fc.ipV4(),
  );
  const source = fc.record(
    {
      address,
      deprecated: fc.boolean(),
      temporary: fc.boolean(),
      tunnelled: fc.boolean(),
      prefixLength: fc.integer({ min: 1, max: 32 }),
      mobility: fc.constantFrom('home' as const, 'care-of' as const),
    },
    { requiredKeys: ['address'] },
  );
  // Equal precedences let rules decide that the usual tables never reach.
  const policy = fc.constantFrom(
    defaultPolicy,
    rfc6724Policy,
    defaultPolicy.map((rule) => ({ ...rule, precedence: 1 })),
    defaultPolicy.map((rule) => ({ ...rule, precedence: 1, label: 1 })),
  );

  test.prop([fc.array(address), fc.array(source), policy])(
    'returns each of its destinations once',
    (destinations, sources, policy) => {
      const sorted = sortAddresses(destinations, sources, { policy });
      expect([...sorted].sort()).toEqual([...destinations].sort());
    },
  );

  test.prop([fc.uniqueArray(address), fc.array(source), policy])(
    'is a total order: sorting any two of the result keeps their order',
    (destinations, sources, policy) => {
      const sorted = sortAddresses(destinations, sources, { policy });
      expect(sortAddresses(sorted, sources, { policy })).toEqual(sorted);
      for (const [index, first] of sorted.entries()) {
        for (const second of sorted.slice(index + 1)) {
          expect(sortAddresses([first, second], sources, { policy })).toEqual([first, second]);
        }
      }
    },
  );

  test.prop([fc.array(address), fc.array(source)])(
    'selects a source of its family for each destination, if there is one',
    (destinations, sources) => {
      const isIPv6 = (text: string): boolean => text.includes(':');
      for (const { destination, source, family } of selectAddresses(destinations, sources)) {
        expect(family).toBe(isIPv6(destination) ? 6 : 4);
        const fitting = sources.filter((each) => isIPv6(each.address) === isIPv6(destination));
        if (fitting.length === 0) expect(source).toBeNull();
        else expect(fitting).toContain(source);
      }
    },
  );
});
