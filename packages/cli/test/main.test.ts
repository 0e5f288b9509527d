import { readFileSync } from 'node:fs';
import { type Outcome, requireBuild, run } from '@6bed4/testing/command';
import { beforeAll, describe, expect, test } from 'vitest';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

function expectUsage(outcome: Outcome, line: string | RegExp): void {
  const lines = outcome.stderr.trimEnd().split('\n');
  expect(lines).toEqual([typeof line === 'string' ? line : expect.stringMatching(line)]);
  expect(outcome).toMatchObject({ code: 2, stdout: '' });
}

beforeAll(requireBuild);

describe('the version of the package', () => {
  test.each(['--version', '-v'])('is printed by %s', async (option) => {
    expect(await run(option)).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });
});

describe('help', () => {
  test.each([
    [['-h'], ['--help']],
    [['help'], ['--help']],
    [
      ['help', 'router'],
      ['router', '--help'],
    ],
    [
      ['router', '-h'],
      ['router', '--help'],
    ],
    [
      ['serve', '-h'],
      ['serve', '--help'],
    ],
    [
      ['help', 'proxy'],
      ['proxy', '--help'],
    ],
    [
      ['address', 'help', 'decode'],
      ['address', 'decode', '--help'],
    ],
  ])('by %j is that of %j', async (words, same) => {
    const outcome = await run(...words);
    expect(outcome).toEqual(await run(...same));
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([[[]], [['address']]])('is printed for %j, with exit code 2', async (words) => {
    const { stdout } = await run(...words, '--help');
    expect(await run(...words)).toEqual({ code: 2, stdout: '', stderr: stdout });
  });
});

describe('--help', () => {
  test.each([
    [[]],
    [['router']],
    [['peer']],
    [['proxy']],
    [['serve']],
    [['status']],
    [['check']],
    [['check-config']],
    [['ping']],
    [['address']],
    [['address', 'decode']],
    [['address', 'encode']],
  ])('of %j prints usage and examples', async (words) => {
    const { code, stdout, stderr } = await run(...words, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: ${['6bed4', ...words].join(' ')} `));
    expect(stdout).toMatch(/^Examples/m);
    expect(stdout).toContain(`  ${['6bed4', ...words].join(' ')} `);
  });
});

describe('wrong arguments', () => {
  const R = ['router', '--listen', '192.0.2.1'];
  const P = ['peer', '--router', '192.0.2.1'];
  const E = ['address', 'encode'];
  test.each<[string[], string | RegExp]>([
    [['dance'], "6bed4: unknown command 'dance' (see 6bed4 --help)"],
    [['statsu'], "6bed4: unknown command 'statsu', did you mean status? (see 6bed4 --help)"],
    [['adress', 'decode'], /^6bed4: unknown command 'adress', did you mean address\?/],
    [['peer', '--ruoter', '1.2.3.4'], /unknown option '--ruoter', did you mean --router\?/],
    [['proxy', '--sock', '1080'], /unknown option '--sock', did you mean --socks\?/],
    [
      ['serve', '--log-level', 'all', '80=x:1'],
      /--log-level: found "all", expected one of error, /,
    ],
    [['proxy', '--log-format', 'xml'], /--log-format: found "xml", expected one of text, /],
    [['serve', '--inbound', 'open', '80=x:1'], /unknown option '--inbound'/],
    [['address', 'decod'], /^6bed4 address: unknown command 'decod', did you mean decode\?/],
    [['--loud'], "6bed4: unknown option '--loud' (see 6bed4 --help)"],
    [
      ['router'],
      '6bed4 router: missing --listen: give the public IPv4 address of this router, such as --listen 192.0.2.1',
    ],
    [
      ['router', '--listen', 'router.example'],
      '6bed4 router: --listen: found "router.example", expected an IPv4 address such as 192.0.2.1',
    ],
    [['router', '--listen', '0.0.0.0'], /--listen: found 0\.0\.0\.0, expected the IPv4 address/],
    [[...R, '--port', '0'], '6bed4 router: --port: found "0", expected an integer from 1 to 65535'],
    [[...R, '--port', '70000'], /--port: found "70000", expected an integer from 1 to 65535/],
    [[...R, '--port', '1e3'], /--port: found "1e3"/],
    [
      [...R, '--port'],
      "6bed4 router: option '--port <N>' argument missing (see 6bed4 router --help)",
    ],
    [[...R, '--prefix', '2001:db8::1/64'], /--prefix: found "2001:db8::1\/64", expected no bits/],
    [[...R, '--prefix', 'fc64::'], /--prefix: found "fc64::", expected an IPv6 prefix/],
    [[...R, '--netid', 'xyz'], /--netid: found "xyz", expected hexadecimal digits from 0 to ffff/],
    [[...R, '--netid', '10000'], /--netid: found "10000"/],
    [[...R, '--route', '2001:db8::/129'], /--route: found "2001:db8::\/129"/],
    [[...R, '--forward-to', '2001:db8::/129'], /--forward-to: found "2001:db8::\/129"/],
    [[...R, '--tun', 'a-name-beyond-15-characters'], /--tun: found "a-name-beyond-15-characters"/],
    [[...R, '--dialect', 'draft99'], /--dialect: found "draft99", expected one of draft00, /],
    [[...R, 'more'], /^6bed4 router: too many arguments for 'router'/],
    [
      ['peer'],
      '6bed4 peer: missing --router: give the IPv4 address or name of a router, such as --router 192.0.2.1',
    ],
    [['peer', '--router', '192.0.2.1:0'], /--router: found 192\.0\.2\.1:0, expected a port from 1/],
    [['peer', '--router', '192.0.2'], /--router: found "192\.0\.2"/],
    [[...P, '--keepalive', 'often'], /--keepalive: found "often", expected S or S,TTL/],
    [[...P, '--keepalive', '30,256'], /--keepalive: found "30,256"/],
    [[...P, '--peering', 'guess'], /--peering: found "guess", expected one of via-router, /],
    [[...P, '--lan-ttl', '256'], /--lan-ttl: found "256", expected an integer from 0 to 255/],
    [
      [...P, '--max-remotes', '0'],
      /--max-remotes: found "0", expected an integer from 1 to 1048576/,
    ],
    [[...P, '--lanip', '0'], /--lanip: found "0", expected an integer from 1 to 16383/],
    [[...P, '--lanip', '16384'], /--lanip: found "16384"/],
    [
      [...P, '--accept-routes', '2001:db8::1/64'],
      /--accept-routes: found "2001:db8::1\/64", expected no bits/,
    ],
    [[...P, '--accept-routes', '2001:db8::'], /--accept-routes: found "2001:db8::", expected an/],
    [[...P, '--direct-keepalive', '-1'], /--direct-keepalive: found "-1", expected an integer/],
    [[...P, '--keepalive', '30,3,3'], /--keepalive: found "30,3,3"/],
    [[...P, '--tun', ''], /--tun: found ""/],
    [[...P, '--tun', 'tun%d'], /--tun: found "tun%d"/],
    [[...P, '--frobnicate'], "6bed4 peer: unknown option '--frobnicate' (see 6bed4 peer --help)"],
    [[...P, '--dialect', 'draft01', '--port', '40001'], /--port: found 40001, expected .* draft01/],
    [[...P, '--router', '192.0.2.1:25790'], /--router: found 192\.0\.2\.1:25790/],
    [
      [
        'peer',
        '--router',
        '127.0.0.1',
        '--no-tun',
        '--peering',
        'probe-and-seen',
        '--mapping-timeout',
        '5',
      ],
      '6bed4 peer: --mapping-timeout: found 5, expected at least 28 seconds',
    ],
    [['check', '--router', '::1'], /^6bed4 check: --router: found "::1", expected A\.B\.C\.D/],
    [['ping', '192.0.2.1'], /^6bed4 ping: ADDR: found "192\.0\.2\.1", expected an IPv6 address/],
    [['ping', '::1', '--count', '0'], /--count: found "0"/],
    [['check', '--dialect', 'x'], /--dialect: found "x"/],
    [[...P, '--router', 'router..example'], /--router: found "router\.\.example", expected A\.B/],
    [['check-config'], /^6bed4 check-config: missing required argument 'FILE'/],
    [
      ['peer', '--config', '/nowhere/x'],
      '6bed4 peer: /nowhere/x: the configuration cannot be read: there is no such file',
    ],
    [['address', 'decode'], /^6bed4 address decode: missing required argument 'ADDR'/],
    [
      ['address', 'decode', '192.0.2.1'],
      '6bed4 address decode: ADDR: found "192.0.2.1", expected an IPv6 address such as 2001:db8::1',
    ],
    [
      [...E, '--peer', '192.0.2.1:1'],
      /^6bed4 address encode: missing --prefix: give .*, such as --prefix fc64:/,
    ],
    [
      [...E, '--prefix', 'fc64::/64'],
      /^6bed4 address encode: missing --peer: give .*, such as --peer 198\.51\.100\.2:58526$/,
    ],
    [
      [...E, '--prefix', 'fc64::/16', '--peer', '192.0.2.1:1'],
      /--prefix: found "fc64::\/16", expected a prefix of \/64/,
    ],
    [
      [...E, '--prefix', 'fc64::/64', '--peer', '192.0.2.1'],
      /--peer: found "192\.0\.2\.1", expected/,
    ],
    [[...E, '--prefix', 'fc64::/64', '--peer', '192.0.2.1:0'], /--peer: found "192\.0\.2\.1:0"/],
    [
      [...E, '--prefix', 'fc64::/64', '--peer', '192.0.2.1:1', '--lanip', '16384'],
      /--lanip: found 16384/,
    ],
    [[...E, '--prefix', 'fc64::/64', '--peer', '192.0.2.1:1', '--lanip', '-1'], /--lanip/],
    [
      [...E, '--prefix', '2001:db8::/64', '--peer', '192.0.2.1:1', '--dialect', 'draft01'],
      /--peer: found 1, expected an even/,
    ],
  ])('%j are refused in one line, with exit code 2', async (args, line) => {
    expectUsage(await run(...args), line);
  });

  test('a prefix that cannot be completed to /64 is refused', async () => {
    const args = ['router', '--listen', '127.0.0.1', '--no-tun', '--prefix', '2001:db8::/56'];
    expectUsage(await run(...args), /^6bed4 router: --prefix: found 2001:db8::\/56, expected/);
  });
});
