import { describe, expect, test } from 'vitest';
import { peerCommand } from '../../src/reference/peerOptions.js';
import { translate } from '../../src/reference/translate.js';

/** The interface that every Linux has. */
const DEVICE = process.platform === 'linux' ? '/dev/lo' : '/dev/net/tun';
const TUN = process.platform === 'linux' ? ['--tun', 'lo'] : [];
/** What the C peer does without options. */
const USUAL = ['--keepalive', '30,3', '--lan-search', '--log-to', 'syslog'];
const PUBLIC = ['--router', '145.136.0.1'];

const argsOf = (line: string): readonly string[] =>
  translate(peerCommand, line.split(' ').filter(Boolean)).args;

/** The arguments that a line adds to the usual ones, of one with a router. */
function added(line: string): readonly string[] {
  const args = argsOf(`-s 192.0.2.1 ${line}`);
  const usual = ['peer', ...USUAL, '--router', '192.0.2.1'];
  expect(args.slice(0, usual.length)).toEqual(usual);
  return args.slice(usual.length);
}

const refusal = (line: string): string => {
  try {
    argsOf(line);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

describe('6bed4peer', () => {
  test('asks the public router as the C command does, unless another is given', () => {
    expect(argsOf('')).toEqual(['peer', ...PUBLIC, ...USUAL]);
    for (const line of ['-s 192.0.2.1', '-s192.0.2.1', '--v4server=192.0.2.1', '--v4 192.0.2.1']) {
      expect(argsOf(line)).toEqual(['peer', ...USUAL, '--router', '192.0.2.1']);
    }
    expect(argsOf('--router 192.0.2.1')).toEqual(['peer', ...USUAL, '--router', '192.0.2.1']);
    expect(argsOf('--router=192.0.2.1')).toEqual(['peer', ...USUAL, '--router=192.0.2.1']);
  });

  test.each([
    ['--dialect draft04', false],
    ['--dialect=draft04', false],
    ['--dialect draft01 --dialect draft04', false],
    ['--peering via-router', false],
    ['--dialect draft04 --peering neighbor-discovery', true],
    ['--dialect draft01', true],
    ['--dialect draft09', true],
  ])('searches the local network, except where nothing does: %s, %s', (line, searches) => {
    expect(argsOf(`-s 192.0.2.1 ${line}`).includes('--lan-search')).toBe(searches);
  });

  test.each([
    // The letters of 2012, as in the published instructions, and those of 2020.
    ['-def', ['--default-route', '--log-to', 'stderr']],
    ['-ref', ['--default-route', '--log-to', 'stderr']],
    ['-d -e -f', ['--default-route', '--log-to', 'stderr']],
    ['-fer', ['--log-to', 'stderr', '--default-route']],
    ['-r', ['--default-route']],
    ['--default-route', ['--default-route']],
    ['--def', ['--default-route']],
    ['-f', []],
    ['--foreground', []],
    ['--fork-not', []],
    ['-e', ['--log-to', 'stderr']],
    ['--error-console', ['--log-to', 'stderr']],
    ['-l 198.51.100.2', ['--listen', '198.51.100.2']],
    ['--listen 198.51.100.2', ['--listen', '198.51.100.2']],
    ['-p 40000', ['--port', '40000']],
    ['-fp40000', ['--port', '40000']],
    ['--port=40000', ['--port', '40000']],
    ['-t 2', ['--lan-ttl', '2']],
    ['-t0', ['--lan-ttl', '0']],
    ['--ttl 2', ['--lan-ttl', '2']],
    ['-r 2', ['--lan-ttl', '2']],
    ['-r0', ['--lan-ttl', '0']],
    ['-dr 2', ['--default-route', '--lan-ttl', '2']],
    ['--radius 2', ['--lan-ttl', '2']],
    ['--radius-multicast 2', ['--lan-ttl', '2']],
    ['-k 25,4', ['--keepalive', '25,4']],
    ['-rk25,4', ['--default-route', '--keepalive', '25,4']],
    ['--keepalive 25', ['--keepalive', '25']],
    ['--keepalive-period-ttl=25,4', ['--keepalive', '25,4']],
    ['-x /etc/hook', ['--hook', '/etc/hook']],
    ['--extension-hook=/etc/hook', ['--hook', '/etc/hook']],
    ['--ext /etc/hook', ['--hook', '/etc/hook']],
    [`-d ${DEVICE}`, TUN],
    [`-d${DEVICE}`, TUN],
    [`-rfd ${DEVICE}`, ['--default-route', ...TUN]],
    [`-t ${DEVICE}`, TUN],
    [`-dt ${DEVICE}`, ['--default-route', ...TUN]],
    [`--tundev ${DEVICE}`, TUN],
    [`--tund=${DEVICE}`, TUN],
    ['-d /dev/net/tun', []],
    // Options of ours stay, and come last.
    ['--tun six --dialect draft01 -r', ['--tun', 'six', '--dialect', 'draft01', '--default-route']],
    ['--log-to stdout', ['--log-to', 'stdout']],
  ])('%s', (line, expected) => {
    expect(added(line)).toEqual(expected);
  });

  test.each([
    ['-q', "unknown option '-q' (see 6bed4peer --help)"],
    ['-fqe', "unknown option '-q' (see 6bed4peer --help)"],
    ['-s', '-s: needs a value: v4addr'],
    ['-k', '-k: needs a value: time[,reach]'],
    ['--keepalive', '--keepalive: needs a value: time[,reach]'],
    ['--foreground=1', '--foreground: takes no value, found "1"'],
    ['-r -d', '-d: is given twice'],
    ['-p 4000 --port 4002', '--port: is given twice'],
    ['-x one -x two', '-x: is given twice'],
    ['--k=1 -k 2', '-k: is given twice'],
    ['--fo', 'none'],
    ['--e', '--e: means one of --extension-hook, --error-console'],
    ['-d /dev/', '-d: found "/dev/", expected a device such as /dev/tun0'],
    ['-t /etc/passwd', '-t: found "/etc/passwd", expected a device such as /dev/tun0'],
    ['--tundev tun9', '--tundev: found "tun9", expected a device such as /dev/tun0'],
    [
      '-u',
      '-u: is not supported, as in the C commands: everybody could send in the name of others',
    ],
    [
      '-d /dev/no-such-tun',
      '-d: there is no interface no-such-tun for /dev/no-such-tun: run "ip tuntap add name no-such-tun mode tun"',
    ],
  ])('%s is answered with: %s', (line, expected) => {
    expect(refusal(line)).toBe(expected);
  });

  test('knows what was typed for the options of ours', () => {
    const { typed } = translate(peerCommand, ['-s', 'x', '--radius=2', '-k1']);
    expect(Object.fromEntries(typed)).toEqual({
      '--router': '-s',
      '--lan-ttl': '--radius',
      '--keepalive': '-k',
    });
  });

  test('says that it stays in the foreground, unless that is asked for', () => {
    expect(translate(peerCommand, []).notices).toEqual([expect.stringContaining('foreground')]);
    for (const option of ['-f', '--foreground', '--fork-not', '-def']) {
      expect(translate(peerCommand, [option]).notices).toEqual([]);
    }
  });

  test.each(['-h', '--help', '-fh', '--he'])('shows its help by %s', (option) => {
    expect(translate(peerCommand, [option]).asked).toBe('help');
  });

  test('leaves what follows two hyphens', () => {
    expect(argsOf('-s 192.0.2.1 -- -r')).toContain('-r');
  });
});
