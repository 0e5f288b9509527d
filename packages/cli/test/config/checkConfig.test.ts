import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/config/configurable.js';
import { ConfigFolder, configurableProgram } from '../support/configuration.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const check = (...lines: readonly string[]): Promise<string[]> =>
  checkConfig(configurableProgram(), folder.write(...lines));

async function refusalOf(...lines: readonly string[]): Promise<string> {
  const error = await check(...lines).then(
    () => new Error('it was accepted'),
    (refused: Error) => refused,
  );
  return error.message.replace(folder.path, 'FILE');
}

describe('a configuration file', () => {
  test('has a table for each command, with the long options of that', async () => {
    const commands = await check(
      '# a comment',
      '[peer]',
      'router = ["router.example.com", "192.0.2.1:4000"]',
      'tun = "bed0"  # another comment',
      'keepalive = "25,3"',
      'lanip = 7',
      'default-route = true',
      'adaptive = false',
      'no-avoid-trapezium = true',
      'accept-routes = ["2001:db8::/32", "2000::/3"]',
      'log-level = "warn"',
      'metrics = 9469',
      'verbose = false',
      '[router]',
      'listen = "192.0.2.1"',
      'tun = false',
      'netid = "bed"',
      'no-control = true',
      '[proxy]',
      'router = "192.0.2.1"',
      'socks = true',
      'http = "8080"',
      '[serve]',
      'router = "192.0.2.1"',
      'service = ["80=127.0.0.1:8080", "udp:53=127.0.0.1:53"]',
    );
    expect(commands).toEqual(['peer', 'router', 'proxy', 'serve']);
  });

  const P = ['[peer]', 'router = "192.0.2.1"'];
  const R = ['[router]', 'listen = "192.0.2.1"'];
  test.each<[string[], string]>([
    [['peer]'], 'FILE:1: no TOML: '],
    [['[peer]', 'router = 192.0.2.1'], 'FILE:2: no TOML: '],
    [[...P, 'router = "192.0.2.2"'], 'FILE:3: no TOML: Defining a key multiple times is invalid'],
    [
      ['router = "192.0.2.1"'],
      'FILE:1: router: found outside of a table, expected [COMMAND] above',
    ],
    [['[[peer]]'], 'FILE:1: found [[peer]], expected [peer], once'],
    [['', '[pear]'], 'FILE:2: found [pear], expected one of [router], [peer], [proxy], [serve]'],
    [['[status]'], 'FILE:1: found [status], expected one of '],
    [[''], 'FILE: found nothing, expected a table such as [router]'],
    [[...P, 'ruoter = "1"'], 'FILE:3: found ruoter, expected one of router, uplink, gateway, '],
    [[...P, 'config = "x"'], 'FILE:3: found config, expected one of '],
    [[...P, 'help = true'], 'FILE:3: found help, expected one of '],
    [[...P, 'netid = "1"'], 'FILE:3: found netid, expected one of '],
    [[...P, 'keepalive.interval = 3'], 'FILE:3: found keepalive.interval, expected one of '],
    [
      [...P, '', 'port = 70000'],
      'FILE:4: port: found "70000", expected an integer from 1 to 65535',
    ],
    [[...P, 'port = 0x10'], 'FILE:3: port: found "0x10", expected an integer'],
    [[...P, 'port = 1.5'], 'FILE:3: port: found "1.5", expected an integer'],
    [[...P, 'port = true'], 'FILE:3: port: found true, expected its value'],
    [[...P, 'port = [1, 2]'], 'FILE:3: port: found ["1", "2"], expected one value'],
    [[...P, 'port = []'], 'FILE:3: port: found [], expected at least one value'],
    [[...P, 'port = 2026-01-01'], 'FILE:3: port: found a date or time, expected text in quotes'],
    [[...P, 'port = { a = 1 }'], 'FILE:3: port: found a list or table, expected text in quotes'],
    [[...P, 'default-route = "yes"'], 'FILE:3: default-route: found "yes", expected true or false'],
    [[...P, 'adaptive = "no"'], 'FILE:3: adaptive: found "no", expected true or false'],
    [[...P, 'tun = true'], 'FILE:3: tun: found true, expected its value'],
    [[...P, 'tun = "a/b"'], 'FILE:3: tun: found "a/b", expected a name of 1 to 15'],
    [[...P, 'tun = "x"', 'no-tun = true'], 'FILE:4: no-tun: said already in line 3'],
    [
      ['[peer]', 'router = [', '  "192.0.2.1",', '  "192.0.2.300",', ']'],
      'FILE:4: router: found "192.0.2.300", expected an IPv4 address',
    ],
    [
      ['[peer]', 'router = "router..example"'],
      'FILE:2: router: found "router..example", expected A.B.C.D or a',
    ],
    [['[peer]', 'port = 1'], 'FILE: missing --router: '],
    [
      [...P, 'port = 40001', 'dialect = "draft01"'],
      'FILE:3: port: found 40001, expected a port that',
    ],
    [
      [...P, 'mapping-timeout = 5', 'peering = "probe-and-seen"'],
      'FILE:3: mapping-timeout: found 5, expected at least',
    ],
    [[...P, 'inbound = "tcp:0"'], 'FILE:3: inbound: found "tcp:0", expected open, '],
    [
      [...P, 'no-tun = true', 'inbound = "established"'],
      'FILE:4: inbound: found established, expected open, without',
    ],
    [['[router]', 'port = 1'], 'FILE: missing --listen: '],
    [
      ['[router]', 'listen = "0.0.0.0"'],
      'FILE:2: listen: found 0.0.0.0, expected the IPv4 address',
    ],
    [
      [...R, 'route = ["2001:db8::/32", "2001:db8::1/64"]'],
      'FILE:3: route: found "2001:db8::1/64", expected',
    ],
    [[...R, 'prefix = "2001:db8::/56"'], 'FILE:3: prefix: found 2001:db8::/56, expected'],
    [
      ['[router]', 'listen = "0.0.0.0"', 'public = "224.0.0.1"'],
      'FILE:3: public: found 224.0.0.1, expected',
    ],
    [['[serve]', 'router = "192.0.2.1"'], 'FILE: missing SERVICE: '],
    [['[serve]', 'service = "80"'], 'FILE:2: service: found "80", expected '],
    [
      ['[proxy]', 'router = "192.0.2.1"', 'socks = "0.0.0.0:1080"'],
      'FILE: 0.0.0.0:1080 is open to other',
    ],
    // A fault of another command is one, too.
    [[...P, '[router]', 'listen = "192.0.2.1"', 'port = 0'], 'FILE:5: port: found "0"'],
  ])('of %j is refused with its line', async (lines, message) => {
    const refusal = await refusalOf(...lines);
    expect(refusal.slice(0, message.length)).toBe(message);
    expect(refusal).not.toContain('\n');
  });

  test('that is not there, is a folder, or too large is refused', async () => {
    const program = configurableProgram();
    const missing = folder.file('missing.toml');
    await expect(checkConfig(program, missing)).rejects.toThrow(
      `${missing}: the configuration cannot be read: there is no such file`,
    );
    await expect(checkConfig(program, folder.file('.'))).rejects.toThrow('cannot be read: EISDIR');
    await expect(check(`# ${'x'.repeat(1 << 20)}`)).rejects.toThrow('expected 1048576 at most');
  });

  test.runIf(process.platform === 'linux')(
    'that never begins, or has no end, is refused at once',
    async () => {
      const program = configurableProgram();
      const pipe = folder.file('pipe');
      execFileSync('mkfifo', [pipe]);
      for (const path of [pipe, '/dev/zero']) {
        await expect(checkConfig(program, path)).rejects.toThrow(
          `${path}: found a pipe or device, expected a file`,
        );
      }
    },
  );

  test.runIf(process.geteuid?.() === 0)('that everybody may write is not for root', async () => {
    const path = folder.write(...P);
    chmodSync(path, 0o666);
    await expect(checkConfig(configurableProgram(), path)).rejects.toThrow(
      `${path}: everybody may write this file, and root may not use it`,
    );
    chmodSync(path, 0o664);
    await expect(checkConfig(configurableProgram(), path)).resolves.toEqual(['peer']);
  });

  test.each([
    ['[__proto__]', 'listen = "192.0.2.1"'],
    [...P, '__proto__ = "x"'],
    [...P, '__proto__.listen = "192.0.2.1"'],
    [...P, 'constructor = "x"'],
    [...P, 'port = { __proto__ = { listen = "192.0.2.1" } }'],
  ])('with names that objects have by themselves changes nothing: %s %s', async (...lines) => {
    await expect(check(...lines)).rejects.toThrow(/: found |: .*: found /);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { listen?: unknown }).listen).toBeUndefined();
  });
});
