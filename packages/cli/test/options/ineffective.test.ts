import { run, startCommand } from '@6bed4/testing/command';
import { afterAll, describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/config/configurable.js';
import { ConfigFolder, configurableProgram } from '../support/configuration.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const P = ['[peer]', 'router = "192.0.2.1"'];
const R = ['[router]', 'listen = "192.0.2.1"'];
const X = ['[proxy]', 'router = "192.0.2.1"'];
const S = ['[serve]', 'router = "192.0.2.1"'];
const D04 = 'dialect = "draft04"';
const RELAYED = 'peering = "via-router"';
const UDP = 'service = "udp:53=127.0.0.1:53"';

/** Why a configuration is refused, with the line; empty if it is not. */
async function refusalOf(lines: readonly string[]): Promise<string> {
  const path = folder.write(...lines);
  const error = await checkConfig(configurableProgram(), path).then(
    () => new Error(`${path}:`),
    (refused: Error) => refused,
  );
  return error.message.slice(path.length + 1);
}

describe('an option without effect is refused', () => {
  test.each<[string[], string, string]>([
    [P, 'lan-ttl = 2', '3: lan-ttl: has no effect without --lan-search'],
    [[...P, 'no-lan-search = true'], 'lan-ttl = 2', '4: lan-ttl: has no effect without --lan-s'],
    [[...P, D04], 'lan-ttl = 2', '4: lan-ttl: has no effect in draft04; it is for neighbor-disc'],
    [[...P, D04], 'lan-search = true', '4: lan-search: has no effect in draft04'],
    [[...P, D04], 'direct-keepalive = 20', '4: direct-keepalive: has no effect in draft04'],
    [[...P, D04], 'opportunism = true', '4: opportunism: has no effect in draft04'],
    [[...P, D04], 'require-nonce = true', '4: require-nonce: has no effect in draft04'],
    [
      [...P, RELAYED],
      'lan-search = true',
      '4: lan-search: has no effect with --peering via-router',
    ],
    [[...P, RELAYED], 'max-remotes = 9', '4: max-remotes: has no effect where no direct paths are'],
    [P, 'mapping-timeout = 40', '3: mapping-timeout: has no effect in draft03; it is for probe-a'],
    [[...P, 'dialect = "draft01"'], 'lanip = 2', '4: lanip: has no effect in draft01, whose addr'],
    [[...P, 'no-tun = true'], 'default-route = true', '4: default-route: has no effect with --no'],
    [[...P, 'no-tun = true'], 'accept-routes = "2000::/3"', '4: accept-routes: has no effect with'],
    [[...P, 'no-tun = true'], 'hook = "true"', '4: hook: has no effect with --no-tun'],
    [[...P, 'no-tun = true'], 'offloads = "tun"', '4: offloads: has no effect with --no-tun'],
    [P, 'hook-timeout = 9', '3: hook-timeout: has no effect without --hook'],
    [[...P, 'driver = "portable"'], 'offloads = "udp"', '4: offloads: has no effect with --driver'],
    [[...P, 'json = true'], 'log-format = "text"', '4: log-format: has no effect with --json'],
    [[...P, 'verbose = true'], 'log-level = "warn"', '4: log-level: has no effect with --verbose'],
    [[...P, 'json = true'], 'no-log-time = true', '4: no-log-time: has no effect in JSON'],
    [[...P, 'log-to = "syslog"'], 'log-time = true', '4: log-time: has no effect in lines for sys'],
    [[...R, 'no-tun = true'], 'forward-to = "2000::/3"', '4: forward-to: has no effect with --no'],
    [[...R, 'no-tun = true'], 'workers = 2', '4: workers: has no effect with --no-tun'],
    [[...R, 'driver = "portable"'], 'workers = 2', '4: workers: has no effect with --driver port'],
    [X, 'lan-ttl = 2', '3: lan-ttl: has no effect without --lan-search'],
    [
      [...X, 'serve = "udp:53=[::1]:53"'],
      'proxy-protocol = true',
      '4: proxy-protocol: has no effec',
    ],
    [X, 'allow-remote = true', '3: allow-remote: has no effect while it listens on 127.0.0.1:1080'],
    [[...S, UDP], 'proxy-protocol = true', '4: proxy-protocol: has no effect without a TCP serv'],
    [[...S, UDP], 'idle-timeout = 60', '4: idle-timeout: has no effect without a TCP service'],
    [[...S, UDP], 'lan-ttl = 2', '4: lan-ttl: has no effect without --lan-search'],
    [[...S, UDP, 'json = true'], 'log-format = "text"', '5: log-format: has no effect with --json'],
  ])('%j: %s', async (others, line, refusal) => {
    expect(await refusalOf(others)).toBe('');
    expect((await refusalOf([...others, line])).slice(0, refusal.length)).toBe(refusal);
  });

  test.each<[string[]]>([
    // Where they have one.
    [[...P, 'lan-search = true', 'lan-ttl = 2']],
    [[...P, 'dialect = "draft01"', 'lan-ttl = 2']],
    [[...P, D04, 'mapping-timeout = 40', 'max-remotes = 9']],
    [[...P, D04, 'peering = "neighbor-discovery"', 'lan-search = true', 'require-nonce = true']],
    [[...P, 'opportunism = true', 'direct-keepalive = 20', 'require-nonce = true']],
    [[...P, 'dialect = "draft00"', 'lanip = 2']],
    [[...P, 'hook = "true"', 'hook-timeout = 9']],
    [[...P, 'no-tun = true', 'offloads = "udp"']],
    // Peers are told about it.
    [[...R, 'no-tun = true', 'route = "2000::/3"']],
    [[...R, 'route = "2000::/3"', 'forward-to = "2000::/3"', 'workers = 2', 'offloads = "tun"']],
    [[...S, 'service = ["80=[::1]:80", "udp:53=[::1]:53"]', 'proxy-protocol = true']],
    // Where they ask for what is so anyway.
    [[...P, 'lan-ttl = 0', 'no-lan-search = true', 'direct-keepalive = 0']],
    [[...P, RELAYED, 'no-lan-search = true', 'no-adaptive = true', 'no-avoid-trapezium = true']],
    [[...P, 'driver = "portable"', 'offloads = "none"']],
    [[...R, 'no-tun = true', 'workers = 1', 'offloads = "none"']],
    [[...P, 'json = true', 'log-format = "json"', 'log-time = true']],
    [[...P, 'verbose = true', 'log-level = "debug"']],
    [[...P, 'log-to = "syslog"', 'no-log-time = true']],
    [[...P, 'log-to = "syslog"', 'log-format = "text"', 'log-time = true']],
  ])('but %j are accepted', async (lines) => {
    expect(await refusalOf(lines)).toBe('');
  });

  test.each<[string[], string]>([
    [
      ['peer', '--router', '192.0.2.1', '--lan-ttl', '2'],
      '6bed4 peer: --lan-ttl: has no effect without --lan-search\n',
    ],
    [['status', '--interval', '2'], '6bed4 status: --interval: has no effect without --watch\n'],
    [
      ['check', ...[1, 2, 3].flatMap((host) => ['--router', `192.0.2.${host}`])],
      '6bed4 check: --router: found 3 of them, expected 2 at most\n',
    ],
  ])('on the command line %j', async (args, stderr) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr });
  });

  test('unless the file says it, and the command line otherwise', async () => {
    const at = ['router = "127.0.0.1:9"', 'tun = false', 'control = false'];
    const path = folder.write('[peer]', ...at, 'log-level = "warn"', 'log-format = "text"');
    const peer = startCommand('6bed4', 'peer', '--config', path, '--verbose', '--json');
    const line = await peer.waitForLine(/"driver"/);
    expect(JSON.parse(line)).toMatchObject({ level: 'debug' });
    await peer.stop();
  });

  test.each([
    ['-t 2 --no-lan-search', '6bed4peer: -t: has no effect without --lan-search\n'],
    ['-t 2 --dialect draft04', '6bed4peer: -t: has no effect in draft04; it is for neighbor-disco'],
    ['--dialect draft04 --lan-search', '6bed4peer: --lan-search: has no effect in draft04; it is'],
  ])('under the name that 6bed4peer has for it: %s', async (line, refusal) => {
    const { code, stderr } = await startCommand('6bed4peer', '-fe', ...line.split(' ')).outcome();
    expect([code, stderr.slice(0, refusal.length)]).toEqual([2, refusal]);
  });
});
