import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createRedaction } from '../../src/output/redact.js';

const NAME = /ipv[46]-[0-9a-f]{8}/g;

/** A text with all names replaced by `*`. */
const shown = (text: string): string => createRedaction()(text).replace(NAME, '*');

describe('redaction', () => {
  test.each([
    ['ready  peer fc64:bed:c633:6401:c433:6402:e49e:8001/114', 'ready  peer */114'],
    ['via 198.51.100.1:25790', 'via *:25790'],
    ['"address":"198.51.100.1","port":1', '"address":"*","port":1'],
    ['[2001:db8::1]:80', '[*]:80'],
    ['no route to 192.0.2.1.', 'no route to *.'],
    ['from 2001:db8::.', 'from *.'],
    ['from ::1:', 'from *:'],
    ['fe80::1: gone', '*: gone'],
    ['::ffff:192.0.2.1', '*'],
    ['node:192.0.2.1', 'node:*'],
    ['bad:192.0.2.1:80', 'bad:*:80'],
    [':2001:db8::1', ':*'],
    ['conf.192.0.2.1 and face.bad:192.0.2.1', 'conf.* and face.bad:*'],
    ['192.0.2.1,192.0.2.2 192.0.2.3-192.0.2.4', '*,* *-*'],
  ])('takes the addresses out of %s', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test.each([
    'keepalive 25,3 after 12.5 s, 1.2.3 of 10',
    '2026-11-26T05:30:12.123Z ready',
    'version 0.1.0, process 42, 05:30:12',
    'cafe: bad, dead.',
    '1.2.3.4.5',
    '256.0.0.1',
    'from ::',
  ])('leaves %s as it is', (text) => {
    expect(createRedaction()(text)).toBe(text);
  });

  test('gives an address one name in a run, and another in the next', () => {
    const [one, other] = [createRedaction(), createRedaction()];
    expect(one('192.0.2.1')).toBe(one('192.0.2.1'));
    expect(one('2001:DB8::1')).toBe(one('2001:db8::1'));
    expect(one('192.0.2.1')).not.toBe(one('192.0.2.2'));
    expect(one('192.0.2.1')).not.toBe(other('192.0.2.1'));
  });

  test.prop([fc.ipV4(), fc.ipV6().filter((address) => /[0-9a-f]/i.test(address)), fc.nat(65_535)])(
    'leaves no address in any line',
    (v4, v6, port) => {
      const line = createRedaction()(
        `path direct  remote ${v6}  endpoint ${v4}:${port}  from [${v6}]:${port}`,
      );
      expect(line).not.toContain(v4);
      expect(line).not.toContain(v6);
      expect(line.match(NAME)).toHaveLength(3);
    },
  );
});
