import { readFileSync } from 'node:fs';
import { type Outcome, requireBuild, run, runIn } from '@6bed4/testing/command';
import { beforeAll, describe, expect, it } from 'vitest';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

function expectUsage(outcome: Outcome, line: string | RegExp): void {
  const lines = outcome.stderr.trimEnd().split('\n');
  expect(lines).toEqual([typeof line === 'string' ? line : expect.stringMatching(line)]);
  expect(outcome).toMatchObject({ code: 2, stdout: '' });
}

beforeAll(requireBuild);

describe('6bed4 --version', () => {
  it('prints the version of the package', async () => {
    expect(await run('--version')).toEqual({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: '',
    });
  });
});

describe('--help', () => {
  it.each([
    [[]],
    [['router']],
    [['peer']],
    [['status']],
    [['address']],
    [['address', 'decode']],
    [['address', 'encode']],
  ])('of %j explains itself with examples', async (words) => {
    const { code, stdout, stderr } = await run(...words, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: ${['6bed4', ...words].join(' ')} `));
    expect(stdout).toMatch(/^Examples/m);
    expect(stdout).toContain(`  ${['6bed4', ...words].join(' ')} `);
  });
});

describe('wrong arguments get one line and exit code 2:', () => {
  const R = ['router', '--listen', '192.0.2.1'];
  const P = ['peer', '--router', '192.0.2.1'];
  const E = ['address', 'encode'];
  it.each<[string[], string | RegExp]>([
    [[], '6bed4: command: found nothing, expected one of router, peer, status, address'],
    [['dance'], '6bed4: command: found "dance", expected one of router, peer, status, address'],
    [['--loud'], "6bed4: unknown option '--loud' (see 6bed4 --help)"],
    [['router'], /^6bed4 router: --listen: found nothing, expected the IPv4 address/],
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
    [[...R, '--tun', 'a-name-beyond-15-characters'], /--tun: found "a-name-beyond-15-characters"/],
    [[...R, '--dialect', 'draft99'], /--dialect: found "draft99", expected one of draft00, /],
    [[...R, 'more'], /^6bed4 router: too many arguments for 'router'/],
    [
      ['peer'],
      '6bed4 peer: --router: found nothing, expected the A.B.C.D or A.B.C.D:port of a router',
    ],
    [
      ['peer', '--router', '192.0.2.1:0'],
      /--router: found "192\.0\.2\.1:0", expected .* port from 1/,
    ],
    [['peer', '--router', '192.0.2'], /--router: found "192\.0\.2"/],
    [[...P, '--keepalive', 'often'], /--keepalive: found "often", expected S or S,TTL/],
    [[...P, '--keepalive', '30,256'], /--keepalive: found "30,256"/],
    [[...P, '--peering', 'guess'], /--peering: found "guess", expected one of via-router, /],
    [[...P, '--lan-ttl', '256'], /--lan-ttl: found "256", expected an integer from 0 to 255/],
    [[...P, '--direct-keepalive', '-1'], /--direct-keepalive: found "-1", expected an integer/],
    [[...P, '--keepalive', '30,3,3'], /--keepalive: found "30,3,3"/],
    [[...P, '--tun', ''], /--tun: found ""/],
    [[...P, '--tun', 'tun%d'], /--tun: found "tun%d"/],
    [[...P, '--frobnicate'], "6bed4 peer: unknown option '--frobnicate' (see 6bed4 peer --help)"],
    [[...P, '--dialect', 'draft01', '--port', '40001'], /--port: found 40001, expected .* draft01/],
    [[...P, '--router', '192.0.2.1:25790'], /--router: found 192\.0\.2\.1:25790/],
    [['address'], '6bed4 address: command: found nothing, expected one of decode, encode'],
    [['address', 'decode'], /^6bed4 address decode: missing required argument 'ADDR'/],
    [
      ['address', 'decode', '192.0.2.1'],
      '6bed4 address decode: ADDR: found "192.0.2.1", expected an IPv6 address such as 2001:db8::1',
    ],
    [[...E, '--peer', '192.0.2.1:1'], /^6bed4 address encode: --prefix: found nothing/],
    [[...E, '--prefix', 'fc64::/64'], /^6bed4 address encode: --peer: found nothing/],
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
  ])('%j', async (args, line) => {
    expectUsage(await run(...args), line);
  });

  it('a router with a prefix that cannot be completed', async () => {
    const args = ['router', '--listen', '127.0.0.1', '--no-tun', '--prefix', '2001:db8::/56'];
    expectUsage(await run(...args), /^6bed4 router: --prefix: found 2001:db8::\/56, expected/);
  });
});

describe('6bed4 address', () => {
  const draft03 = {
    address: 'fc64:bed:c633:6401:c433:6402:e49e:8001',
    encode: ['--prefix', 'fc64:bed:c633:6401::/64', '--peer', '198.51.100.2:58526', '--lanip', '1'],
    fields: {
      dialect: 'draft03',
      prefix: 'fc64:bed:c633:6401::/64',
      router: { address: '198.51.100.1', port: 25790 },
      peer: { address: '198.51.100.2', port: 58526 },
      lanip: 1,
      invitation: false,
      opaque: false,
    },
  };
  const examples = [
    draft03,
    {
      address: '2001:db8:64:64:50f5:c6ff:fe33:6402',
      encode: ['--prefix', '2001:db8:64:64::/64', '--peer', '198.51.100.2:62802'],
      fields: {
        dialect: 'draft01',
        prefix: '2001:db8:64:64::/64',
        router: null,
        peer: { address: '198.51.100.2', port: 62802 },
        lanip: null,
        invitation: false,
        opaque: false,
      },
    },
    {
      address: '2001:610:188:2002:c000:20d:ed8f:1',
      encode: ['--prefix', '2001:610:188:2002::/64', '--peer', '192.0.2.13:60815', '--lanip', '1'],
      fields: {
        dialect: 'draft00',
        prefix: '2001:610:188:2002::/64',
        router: null,
        peer: { address: '192.0.2.13', port: 60815 },
        lanip: 1,
        invitation: false,
        opaque: false,
      },
    },
    {
      ...draft03,
      fields: { ...draft03.fields, dialect: 'draft04' },
    },
  ];

  it.each(examples)('decodes $address of $fields.dialect', async ({ address, fields }) => {
    const { dialect } = fields;
    const outcome = await run('address', 'decode', address, '--dialect', dialect, '--json');
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toBe(`${JSON.stringify(fields)}\n`);
  });

  it.each(examples)('encodes $address of $fields.dialect', async ({ address, encode, fields }) => {
    const args = ['address', 'encode', ...encode, '--dialect', fields.dialect];
    expect(await run(...args)).toEqual({ code: 0, stdout: `${address}\n`, stderr: '' });
    const { stdout } = await run(...args, '--json');
    expect(stdout).toBe(`${JSON.stringify({ address })}\n`);
  });

  it('uses draft03 and lanip 1 unless told otherwise', async () => {
    const { address, encode, fields } = draft03;
    expect(JSON.parse((await run('address', 'decode', address, '--json')).stdout)).toEqual(fields);
    expect((await run('address', 'encode', ...encode.slice(0, 4))).stdout).toBe(`${address}\n`);
  });

  it('knows the well-known port of draft02', async () => {
    const address = '2001:64:c633:6401:c433:6402:e49e:8001';
    const { stdout } = await run('address', 'decode', address, '--dialect', 'draft02', '--json');
    expect(JSON.parse(stdout).router).toEqual({ address: '198.51.100.1', port: 27629 });
  });

  it('recognises an invitation', async () => {
    const address = 'fc64:bed:c633:6401:c433:6401:64be:8001';
    const { stdout } = await run('address', 'decode', address, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ invitation: true, lanip: 1 });
  });

  it('reads no endpoint from an opaque lower half', async () => {
    const { stdout } = await run('address', 'decode', '2001:db8::3ff:fe00:1:2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ opaque: true, peer: null, lanip: null });
  });

  it('writes for people field by field, with the address as RFC 5952 has it', async () => {
    const { code, stdout } = await run('address', 'decode', draft03.address.toUpperCase());
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'fc64:bed:c633:6401:c433:6402:e49e:8001',
        '  dialect     draft03',
        '  prefix      fc64:bed:c633:6401::/64',
        '  router      198.51.100.1:25790',
        '  peer        198.51.100.2:58526',
        '  lanip       1',
        '  invitation  no',
        '  opaque      no',
        '',
      ].join('\n'),
    );
  });

  it('says what is missing from a native address', async () => {
    const { stdout } = await run('address', 'decode', '2001:db8::300:0:0:1');
    expect(stdout).toMatch(/prefix +2001:db8::\/64 {2}\(native address\)/);
    expect(stdout).toMatch(/router +none/);
    expect(stdout).toMatch(/peer +none/);
    expect(stdout).toMatch(/opaque +yes/);
  });
});

describe('colour', () => {
  const ESCAPE = '\u001b';
  const colourless = { NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined };

  it.each<[string, NodeJS.ProcessEnv, boolean]>([
    ['not for a program that reads', {}, false],
    ['not for a program in a CI', { CI: 'true' }, false],
    ['when it is forced', { FORCE_COLOR: '1' }, true],
    ['not when it is refused', { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['not when it is forced off', { FORCE_COLOR: '0' }, false],
  ])('%s', async (_name, env, isColoured) => {
    const { stdout } = await runIn({ ...colourless, ...env }, 'address', 'decode', '::1');
    expect(stdout.includes(ESCAPE)).toBe(isColoured);
  });
});
