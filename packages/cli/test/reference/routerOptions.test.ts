import { describe, expect, test } from 'vitest';
import { routerCommand } from '../../src/reference/routerOptions.js';
import { translate } from '../../src/reference/translate.js';

const argsOf = (line: string): readonly string[] => translate(routerCommand, line.split(' ')).args;

const refusal = (line: string): string => {
  try {
    return argsOf(line).join(' ');
  } catch (error) {
    return (error as Error).message;
  }
};

describe('6bed4router', () => {
  test.each([
    ['-l 192.0.2.1', ['--listen', '192.0.2.1']],
    ['--v4listen=192.0.2.1', ['--listen', '192.0.2.1']],
    // Where a firewall redirects to, and what is redirected.
    ['-l 192.0.2.1 -x 3000', ['--listen', '127.0.0.1', '--port', '3000', '--public', '192.0.2.1']],
    ['-x3000 -l192.0.2.1', ['--listen', '127.0.0.1', '--port', '3000', '--public', '192.0.2.1']],
    [
      '--xlate 3000 --v4l 192.0.2.1',
      ['--listen', '127.0.0.1', '--port', '3000', '--public', '192.0.2.1'],
    ],
    [
      '-l 192.0.2.1 -n 64 -L fc64::/16',
      ['--listen', '192.0.2.1', '--netid', '64', '--prefix', 'fc64::/16'],
    ],
    [
      '-l 192.0.2.1 --netid=64 --v6prefix fc64::/16',
      ['--listen', '192.0.2.1', '--netid', '64', '--prefix', 'fc64::/16'],
    ],
    [
      '-l 192.0.2.1 -R 2001:db8::/32 --v6route fd00::/8',
      ['--listen', '192.0.2.1', '--route', '2001:db8::/32', '--route', 'fd00::/8'],
    ],
    ['-l 192.0.2.1 -d /dev/net/tun', ['--listen', '192.0.2.1']],
    ['-l 192.0.2.1 -t /dev/net/tun', ['--listen', '192.0.2.1']],
    [
      '-l 192.0.2.1 -t 22 -i -m 2001:db8::5 -s 7:9 -t 80 -m 2001:db8::6 -u :',
      [
        ...['--listen', '192.0.2.1', '--masquerade', 'tcp:22', '--masquerade', 'icmp'],
        ...['--masquerade', 'sctp:7-9=[2001:db8::5]', '--masquerade', 'tcp:80=[2001:db8::5]'],
        ...['--masquerade', 'udp:1-65535=[2001:db8::6]'],
      ],
    ],
    [
      '-l 192.0.2.1 --masqhost 2001:db8::5 --tcp=22 -tcp 23 -sctp 24 -udp 25 --icmp',
      [
        ...['--listen', '192.0.2.1', '--masquerade', 'tcp:22=[2001:db8::5]'],
        ...['--masquerade', 'tcp:23=[2001:db8::5]', '--masquerade', 'sctp:24=[2001:db8::5]'],
        ...['--masquerade', 'udp:25=[2001:db8::5]', '--masquerade', 'icmp=[2001:db8::5]'],
      ],
    ],
    ['--listen 192.0.2.1 --no-tun', ['--listen', '192.0.2.1', '--no-tun']],
  ])('%s', (line, expected) => {
    expect(argsOf(line)).toEqual(['router', ...expected]);
  });

  test.each([
    ['-x 3000', 'missing -l: give the public IPv4 address of this router, such as -l 192.0.2.1'],
    [
      '-L fc64::/16',
      'missing -l: give the public IPv4 address of this router, such as -l 192.0.2.1',
    ],
    ['-l 192.0.2.1 -l 192.0.2.2', '-l: is given twice'],
    ['-l 192.0.2.1 -L fd00::/8 -L fc64::/16', '-L: is given twice'],
    ['-l 192.0.2.1 --v6 fc64::/16', '--v6: means one of --v6prefix, --v6route'],
    ['-l 192.0.2.1 -d /dev/no-such-tun', /^-d: there is no interface no-such-tun/],
    ['-l 192.0.2.1 -t x', '-t: found "x", expected port or port:port from 1 to 65535'],
    ['-l 192.0.2.1 -m 192.0.2.5', /^-m: found "192.0.2.5", expected/],
    ['-l 192.0.2.1 -i -i', '-i: is given twice'],
    ['-l 192.0.2.1 -k 1', "unknown option '-k' (see 6bed4router --help)"],
  ])('%s is answered with: %s', (line, expected) => {
    expect(refusal(line)).toMatch(expected);
  });

  test('says so when a host for masquerading takes nothing', () => {
    const noticesOf = (line: string): readonly string[] =>
      translate(routerCommand, line.split(' ')).notices;
    expect(noticesOf('-l 192.0.2.1 -m 2001:db8::5')).toEqual([
      '-m has no effect: no -s, -t, -u or -i says what the host takes',
    ]);
    for (const line of ['-l 192.0.2.1', '-l 192.0.2.1 -m 2001:db8::5 -i', '-l 192.0.2.1 -t 22']) {
      expect(noticesOf(line)).toEqual([]);
    }
  });

  test('reports errors about what was typed', () => {
    const { typed } = translate(routerCommand, ['-l', 'x', '-x', 'y', '-Lz']);
    expect(Object.fromEntries(typed)).toEqual({
      '--listen': '-l',
      '--public': '-l',
      '--port': '-x',
      '--prefix': '-L',
    });
  });
});
