import { describe, expect, test } from 'vitest';
import {
  formatInboundPolicy,
  inboundRules,
  parseInboundPolicy,
  removalRules,
} from '../../src/drivers/tun/inboundPolicy.js';

describe('a policy for inbound packets', () => {
  test.each(['open', 'established', 'tcp:22', 'tcp:1-65535,udp:5060-5061,udp:53'])(
    '%s is read and written',
    (text) => {
      expect(formatInboundPolicy(parseInboundPolicy(text))).toBe(text);
    },
  );

  test.each([
    '',
    'closed',
    'tcp',
    'tcp:',
    'tcp:0',
    'tcp:65536',
    'tcp:70000-80000',
    'tcp:5-4',
    'tcp:22,',
    'tcp:22 udp:53',
    'sctp:1',
    'tcp:22-',
    'tcp:022',
    'tcp:22 accept',
    `tcp:22${',tcp:22'.repeat(64)}`,
  ])('is not %s', (text) => {
    expect(() => parseInboundPolicy(text)).toThrow(/^inbound: found/);
  });

  test('names what a range of one port is', () => {
    expect(parseInboundPolicy('tcp:22-22')).toEqual([{ protocol: 'tcp', first: 22, last: 22 }]);
  });
});

describe('the rules for inbound packets', () => {
  test('accept services by protocol and port', () => {
    const rules = inboundRules('6bed4', parseInboundPolicy('tcp:22,udp:5060-5061') as []);
    expect(rules).toContain('    tcp dport 22 accept\n    udp dport 5060-5061 accept\n');
    expect(rules).toContain('iifname != "6bed4" accept');
  });

  test('replace those that are there', () => {
    const rules = inboundRules('6bed4', 'established');
    expect(rules.startsWith(removalRules('6bed4'))).toBe(true);
    expect(rules).not.toMatch(/dport/);
  });

  test.each(['six*', '*', 'a"', 'a";accept', 'a\\*', 'a}', 'a b', 'a\nb'])(
    'are not made for the interface %j, whose name says more than itself',
    (tun) => {
      expect(() => inboundRules(tun, 'established')).toThrow(/^inbound: found /);
    },
  );

  test.each([
    ['6bed4', 'inbound-6bed4'],
    ['a b"', 'inbound-a_20b_22'],
  ])('are in a table of the interface %s', (tun, table) => {
    expect(removalRules(tun)).toBe(`add table inet ${table}\ndelete table inet ${table}\n`);
  });
});
