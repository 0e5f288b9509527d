import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { notesOf } from '../../src/fleet/notes.js';
import { planFleet } from '../../src/fleet/planFleet.js';
import {
  asNumber,
  hostAddress,
  hostIPv4,
  networkPrefix,
  upstream,
} from '../../src/options/fleetValues.js';
import { ALL, flagsOf, NATIVE, NEEDED } from './support.js';

function refusalOf(words: readonly string[]): string {
  try {
    planFleet(flagsOf(words));
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

/** The words without an option and its value. */
function without(option: string, words: readonly string[] = NEEDED): string[] {
  const index = words.indexOf(option);
  return words.filter((_, position) => position !== index && position !== index + 1);
}

describe('what is asked for', () => {
  test('is refused without what every router needs', () => {
    for (const option of ['--service', '--as', '--own', '--upstream']) {
      expect(refusalOf(without(option))).toMatch(
        new RegExp(`^missing ${option}: give .*${option}`),
      );
    }
  });

  test.each([
    [['--as', '0'], '--as: found "0", expected an AS number from 1 to 4294967294'],
    [
      ['--as', '4294967296'],
      '--as: found "4294967296", expected an AS number from 1 to 4294967294',
    ],
    [['--as', '23456'], '--as: found "23456", expected an AS number that is not reserved'],
    [['--as', '1e3'], '--as: found "1e3", expected an AS number from 1 to 4294967294'],
    [
      ['--service', '127.0.0.1'],
      '--service: found "127.0.0.1", expected the IPv4 address of a host',
    ],
    [
      ['--service', '224.0.0.1'],
      '--service: found "224.0.0.1", expected the IPv4 address of a host',
    ],
    [
      ['--own', 'fe80::1'],
      '--own: found "fe80::1", expected an IPv6 address that is not link-local',
    ],
    [['--own', '::1'], '--own: found "::1", expected the IPv6 address of a host'],
    [
      ['--own', '198.51.100.12'],
      '--own: found 198.51.100.11 and 198.51.100.12, expected one of IPv4',
    ],
    [
      ['--own', '2001:db8::1'],
      '--own: 2001:db8::1 has no use without a native --prefix to announce',
    ],
    [
      ['--upstream', '192.0.2.9'],
      '--upstream: found "192.0.2.9", expected ADDRESS,AS such as 198.51.100.1,64500',
    ],
    [
      ['--upstream', '192.0.2.9,1,2'],
      '--upstream: found "192.0.2.9,1,2", expected ADDRESS,AS such as 198.51.100.1,64500',
    ],
    [['--upstream', '192.0.2.1,64500'], '--upstream: 192.0.2.1 is an address of this router'],
    [
      ['--upstream', '198.51.100.11,64500'],
      '--upstream: 198.51.100.11 is an address of this router',
    ],
    [['--upstream', '198.51.100.1,64501'], '--upstream: 198.51.100.1 was given already'],
    [
      ['--upstream', '198.51.100.2,64512'],
      '--upstream: 198.51.100.2 has the AS number of the fleet, 64512; only sessions between two are written',
    ],
    [
      ['--upstream', '2001:db8::1,64500'],
      '--upstream: 2001:db8::1 has no use without a native --prefix to announce',
    ],
    [
      ['--prefix', '2001:db8:b::/64'],
      '--prefix: no upstream has an IPv6 address, and so nobody is told of 2001:db8:b::/64',
    ],
    [['--prefix', '2001:db8:b::/56'], '--prefix: found 2001:db8:b::/56, expected '],
    [
      ['--prefix', '2001:db8:b::1/64'],
      '--prefix: found "2001:db8:b::1/64", expected no bits set beyond /64',
    ],
    [
      ['--dialect', 'draft01'],
      '--prefix: no upstream has an IPv6 address, and so nobody is told of fd',
    ],
    [
      ['--announce', '192.0.2.1/24'],
      '--announce: found "192.0.2.1/24", expected no bits set beyond /24',
    ],
    [
      ['--announce', '192.0.3.0/24'],
      '--announce: 192.0.3.0/24 does not contain the service address 192.0.2.1',
    ],
    [
      ['--announce', '0.0.0.0/0'],
      '--announce: 0.0.0.0/0 does not contain the service address 192.0.2.1',
    ],
    [
      ['--announce', '192.0.2.0/33'],
      '--announce: found "192.0.2.0/33", expected a prefix such as 192.0.2.0/24 or 2001:db8::/48',
    ],
    [
      ['--announce', '2001:db8::/32'],
      '--announce: 2001:db8::/32 has no use without a native --prefix',
    ],
    [['--hold-time', '2'], '--hold-time: found "2", expected an integer from 3 to 65535'],
    [['--workers', '65'], '--workers: found "65", expected an integer from 1 to 64'],
  ])('is refused with %j', (words, message) => {
    const [option, value] = words as [string, string];
    const replaces = ['--service', '--as'].includes(option);
    const all = replaces ? [...without(option), option, value] : [...NEEDED, option, value];
    const refusal = refusalOf(all);
    expect(refusal.slice(0, message.length)).toBe(message);
  });

  test.each([
    [
      ['--announce', '2001:db8:c::/48'],
      '--announce: 2001:db8:c::/48 does not contain 2001:db8:b::/64',
    ],
    [
      ['--announce', '2001:db8:b::/65'],
      '--announce: 2001:db8:b::/65 does not contain 2001:db8:b::/64',
    ],
    [['--announce', '::/0'], '--announce: ::/0 does not contain 2001:db8:b::/64'],
  ])('is refused beside a native prefix with %j', (words, message) => {
    expect(refusalOf([...NEEDED, ...NATIVE, ...words])).toBe(message);
  });

  test('is refused where the service address is the own one, or the own IPv6 address is missing', () => {
    const words = [...without('--own'), '--own', '192.0.2.1'];
    expect(refusalOf(words)).toBe(
      '--own: 192.0.2.1 is the service address, which all routers have',
    );
    const native = [...NEEDED, ...NATIVE].filter(
      (word, index, all) => word !== '2001:db8:a::11' && all[index + 1] !== '2001:db8:a::11',
    );
    expect(refusalOf(native)).toMatch(/^missing --own: give the IPv6 address/);
  });

  test('is announced by its exact prefixes, or by those that contain them', () => {
    const plan = planFleet(flagsOf([...NEEDED, ...NATIVE]));
    expect(plan.ipv4.announced).toEqual(['192.0.2.1/32']);
    expect(plan.ipv6!.announced).toEqual(['2001:db8:b::/64']);
    const all = planFleet(flagsOf(ALL));
    expect(all.ipv4.announced).toEqual(['192.0.2.0/24']);
    expect(all.ipv6!.announced).toEqual(['2001:db8:b::/48']);
    expect(all.routerId).toBe('10.0.0.1');
  });

  test('without a native prefix is announced by IPv4 alone', () => {
    expect(planFleet(flagsOf(NEEDED)).ipv6).toBeNull();
    // Below 6bed4 prefixes, addresses name the router, and nothing has to be announced.
    expect(planFleet(flagsOf([...NEEDED, '--prefix', 'fc64::/16'])).ipv6).toBeNull();
  });
});

describe('notes', () => {
  const notes = (...words: readonly string[]): string =>
    notesOf(planFleet(flagsOf(words))).join('\n');

  test('tell of numbers and prefixes that go nowhere', () => {
    const told = notes(...NEEDED, '--no-bfd');
    expect(told).toMatch(/^AS 64512 is private \(RFC 6996\)/m);
    expect(told).toMatch(/^AS 64500 is for documentation/m);
    expect(told).toMatch(
      /^192\.0\.2\.1\/32 goes as far as your upstreams take it: .*\/24 at most/m,
    );
    expect(told).toMatch(/^there is one upstream for IPv4/m);
    expect(told).toMatch(/^no IPv6 prefix is announced/m);
    expect(told).toMatch(/^a router that dies is noticed after the hold time, 9 s$/m);
    expect(notes(...without('--service'), '--service', '10.0.0.5')).toMatch(
      /^10\.0\.0\.5 is a private address/m,
    );
  });

  test('are none about what is as it should be', () => {
    const words = ALL.map((word) => word.replace(/,6450/, ',327').replace('64512', '4242'));
    expect(notes(...words)).toBe('');
  });
});

/** Text with what ends lines, strings and statements in the files that are written. */
const hostile = fc
  .tuple(
    fc.constantFrom(
      '192.0.2.1',
      '2001:db8::1',
      '192.0.2.0/24',
      '2001:db8::/32',
      '64512',
      '192.0.2.1,64500',
      '',
    ),
    fc.constantFrom(
      '\n',
      '\r',
      '"',
      "'",
      ';',
      '}',
      '\\',
      ' ',
      '\0',
      '%',
      '$',
      '`',
      '#',
      '\u2028',
      'é',
      '1',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.boolean(),
  )
  .map(([valid, sign, more, first]) =>
    first ? `${sign}${more}${valid}` : `${valid}${sign}${more}`,
  );

const textOf = (parsed: unknown): string =>
  typeof parsed === 'object' ? Object.values(parsed!).join() : String(parsed);

describe('values', () => {
  propertyTest.prop([hostile])(
    'are refused, or contain nothing but digits and separators',
    (text) => {
      for (const parse of [asNumber, hostAddress, hostIPv4, networkPrefix, upstream]) {
        let parsed: unknown;
        try {
          parsed = parse(text);
        } catch {
          continue;
        }
        expect(textOf(parsed)).toMatch(/^[0-9a-f.:/,]+$/);
      }
    },
  );
});
