import { requireBuild, run } from '@6bed4/testing/command';
import { beforeAll, describe, expect, test } from 'vitest';

beforeAll(requireBuild);

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

  test.each(examples)('decodes $address of $fields.dialect', async ({ address, fields }) => {
    const { dialect } = fields;
    const outcome = await run('address', 'decode', address, '--dialect', dialect, '--json');
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toBe(`${JSON.stringify(fields)}\n`);
  });

  test.each(examples)(
    'encodes $address of $fields.dialect',
    async ({ address, encode, fields }) => {
      const args = ['address', 'encode', ...encode, '--dialect', fields.dialect];
      expect(await run(...args)).toEqual({ code: 0, stdout: `${address}\n`, stderr: '' });
      const { stdout } = await run(...args, '--json');
      expect(stdout).toBe(`${JSON.stringify({ address })}\n`);
    },
  );

  test('uses draft03 and lanip 1 by default', async () => {
    const { address, encode, fields } = draft03;
    expect(JSON.parse((await run('address', 'decode', address, '--json')).stdout)).toEqual(fields);
    expect((await run('address', 'encode', ...encode.slice(0, 4))).stdout).toBe(`${address}\n`);
  });

  test('decodes the well-known port of draft02', async () => {
    const address = '2001:64:c633:6401:c433:6402:e49e:8001';
    const { stdout } = await run('address', 'decode', address, '--dialect', 'draft02', '--json');
    expect(JSON.parse(stdout).router).toEqual({ address: '198.51.100.1', port: 27629 });
  });

  test('recognizes an invitation', async () => {
    const address = 'fc64:bed:c633:6401:c433:6401:64be:8001';
    const { stdout } = await run('address', 'decode', address, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ invitation: true, lanip: 1 });
  });

  test('decodes no endpoint from an opaque lower half', async () => {
    const { stdout } = await run('address', 'decode', '2001:db8::3ff:fe00:1:2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ opaque: true, peer: null, lanip: null });
  });

  test('prints a field a line, and the address in the form of RFC 5952', async () => {
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

  test('marks the fields that a native address lacks', async () => {
    const { stdout } = await run('address', 'decode', '2001:db8::300:0:0:1');
    expect(stdout).toMatch(/prefix +2001:db8::\/64 {2}\(native address\)/);
    expect(stdout).toMatch(/router +none/);
    expect(stdout).toMatch(/peer +none/);
    expect(stdout).toMatch(/opaque +yes/);
  });
});
