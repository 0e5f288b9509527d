import { InvalidArgumentError } from '@6bed4/codec';
import { expect, test } from 'vitest';
import { type MasqueradeOption, masqueradeRules } from '../../src/reference/masqueradeRules.js';

const HOST = '2001:db8::5';

test.each<[name: string, options: readonly MasqueradeOption[], rules: readonly string[]]>([
  ['nothing', [], []],
  ['a host alone', [['m', HOST]], []],
  [
    'the computer of the router, as long as no host is given',
    [
      ['t', '22'],
      ['i', ''],
      ['m', HOST],
      ['t', '80:81'],
    ],
    ['tcp:22', 'icmp', `tcp:80-81=[${HOST}]`],
  ],
  [
    'the host that was given last',
    [
      ['m', HOST],
      ['s', '7'],
      ['m', '2001:db8::6'],
      ['u', '53'],
      ['m', '::1'],
      ['u', '123'],
    ],
    [`sctp:7=[${HOST}]`, 'udp:53=[2001:db8::6]', 'udp:123'],
  ],
  [
    'ranges, open at either end',
    [
      ['t', '1:65535'],
      ['t', ':99'],
      ['t', '99:'],
      ['t', ':'],
      ['t', '7:7'],
    ],
    ['tcp:1-65535', 'tcp:1-99', 'tcp:99-65535', 'tcp:1-65535', 'tcp:7'],
  ],
])('the options of the C command mean %s', (_name, options, rules) => {
  expect(masqueradeRules(options)).toEqual(rules);
});

test.each(['', '0', '22x', '22-23', '23:22', '65536', '1:65536', '1:2:3', '-1', ' 22'])(
  'ports cannot be %j',
  (value) => {
    expect(() => masqueradeRules([['t', value]])).toThrow(InvalidArgumentError);
  },
);

test('a host has to be an IPv6 address', () => {
  expect(() => masqueradeRules([['m', '192.0.2.1']])).toThrow(InvalidArgumentError);
});
