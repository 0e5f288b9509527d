import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run, runIn } from '@6bed4/testing/command';
import { fixture } from '@6bed4/testing/fixtures';
import { pcapOf, type RecordedDatagram } from '@6bed4/testing/kernel/pcap';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { seededRandom } from '@6bed4/testing/random';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Conversations {
  readonly [name: string]: { readonly frames: readonly RecordedDatagram[] };
}

const DIRECT = '1';
const TO_ROUTER = '2';
const FROM_ROUTER = '3';
const BETWEEN_ROUTERS = '4';

let folder: string;
let plugin: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), '6bed4-wireshark-'));
  plugin = join(folder, '6bed4.lua');
  const { stdout, code } = await run('wireshark-plugin');
  expect(code).toBe(0);
  writeFileSync(plugin, stdout);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The fields of each datagram, as tshark prints them, `-` for none. */
async function dissect(
  datagrams: readonly RecordedDatagram[],
  fields: readonly string[],
  ...options: readonly string[]
): Promise<string[]> {
  const file = join(folder, 'wire.pcap');
  writeFileSync(file, pcapOf(datagrams));
  const { stdout, stderr } = await promisify(execFile)('tshark', [
    ...['-X', `lua_script:${plugin}`, '-n', '-r', file, '-T', 'fields', '-E', 'separator= '],
    ...fields.flatMap((field) => ['-e', field]),
    ...options,
  ]);
  expect(stderr).not.toMatch(/lua/i);
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) =>
    line
      .split(' ')
      .map((value) => value || '-')
      .join(' '),
  );
}

/** Reads a file with the dissector. */
function tshark(file: string, ...options: readonly string[]) {
  const args = ['-X', `lua_script:${plugin}`, '-n', '-r', file, ...options];
  return promisify(execFile)('tshark', args, { maxBuffer: 1 << 26 });
}

const conversations = fixture<Conversations>('peer-conversations.json');
const framesOf = (name: string): readonly RecordedDatagram[] => conversations[name]!.frames;

/** An IPv6 packet without data between two addresses, each in 32 hexadecimal digits. */
function packet(source: string, destination: string, trafficClass = 0): string {
  const high = (0x6000_0000 + trafficClass * 0x10_0000).toString(16);
  return `${high}00003b40${source}${destination}`;
}

const datagram = (from: string, to: string, payload: string, ip_ttl = 64): RecordedDatagram => {
  return { from, to, ip_ttl, payload };
};

const ALICE = '198.51.100.2:58526';
const BOB = '203.0.113.3:5000';
const ROUTER = '198.51.100.1:25790';
const OTHER_ROUTER = '198.51.100.9:25790';
const ALICE_ADDRESS = 'fc640bedc6336401c4336402e49e8001';
const BOB_ADDRESS = 'fc640bedc6336409c80071031388c001';

describeKernel('the dissector for Wireshark', () => {
  test('shows which way each datagram of the C implementation of 2020 took', async () => {
    const shown = await dissect(framesOf('peer2020'), ['6bed4.role', '6bed4.keepalive']);
    expect(shown).toEqual([
      `${TO_ROUTER} -`,
      `${FROM_ROUTER} -`,
      `${TO_ROUTER} -`,
      '- 1',
      `${FROM_ROUTER} -`,
      `${TO_ROUTER} -`,
      `${FROM_ROUTER} -`,
      '- 1',
    ]);
  });

  test('recognizes draft 01, and messages of Neighbor Discovery', async () => {
    const fields = [
      '6bed4.role',
      '6bed4.src.layout',
      '6bed4.src.peer',
      '6bed4.src.port',
      'icmpv6.type',
    ];
    const shown = await dissect(framesOf('peer2012'), fields);
    expect(shown.slice(3, 9)).toEqual([
      `${DIRECT} 2 198.51.100.2 65258 135`,
      `${DIRECT} 2 198.51.100.3 55938 135`,
      `${DIRECT} 2 198.51.100.3 55938 136`,
      `${TO_ROUTER} 2 198.51.100.2 65258 128`,
      `${DIRECT} 2 198.51.100.2 65258 136`,
      `${DIRECT} 2 198.51.100.3 55938 129`,
    ]);
  });

  test('tells probes, which go all the way, from keepalives', async () => {
    const shown = await dissect(framesOf('java2018'), ['6bed4.probe', '6bed4.keepalive']);
    expect(shown.filter((line) => line !== '- -')).toEqual(['1 -']);
  });

  test('takes addresses apart', async () => {
    const [shown] = await dissect(
      [datagram(ALICE, BOB, packet(ALICE_ADDRESS, BOB_ADDRESS))],
      [
        ...[
          '6bed4.src.layout',
          '6bed4.src.router',
          '6bed4.src.peer',
          '6bed4.src.port',
          '6bed4.src.lanip',
        ],
        ...['6bed4.dst.router', '6bed4.dst.peer', '6bed4.dst.port', '6bed4.direct'],
      ],
    );
    expect(shown).toBe('3 198.51.100.1 198.51.100.2 58526 1 198.51.100.9 203.0.113.3 5000 1');
  });

  test('shows how a packet goes by two routers', async () => {
    const payload = packet(ALICE_ADDRESS, BOB_ADDRESS);
    const way = [
      datagram(ALICE, ROUTER, payload),
      datagram(ROUTER, OTHER_ROUTER, payload),
      datagram(OTHER_ROUTER, BOB, payload),
    ];
    const shown = await dissect(way, ['6bed4.role', '6bed4.conversation']);
    const conversation =
      'fc64:bed:c633:6401:c433:6402:e49e:8001 - fc64:bed:c633:6409:c800:7103:1388:c001';
    expect(shown).toEqual([
      `${TO_ROUTER} ${conversation}`,
      `${BETWEEN_ROUTERS} ${conversation}`,
      `${FROM_ROUTER} ${conversation}`,
    ]);
  });

  test('reads draft 00 where the endpoint of a datagram is in the address', async () => {
    const address = '20010610018820020a00000100150001'.replace('0a0000010015', 'c6336402e49e');
    const fields = ['6bed4.src.layout', '6bed4.src.peer', '6bed4.src.port', '6bed4.src.lanip'];
    const [shown] = await dissect([datagram(ALICE, ROUTER, packet(address, BOB_ADDRESS))], fields);
    expect(shown).toBe('1 198.51.100.2 58526 1');
  });

  test('shows the peering policy and the Seen flag of draft 04', async () => {
    const classes = [0x00, 0x60, 0x80, 0xe0];
    const datagrams = classes.map((value) => {
      return datagram(ALICE, BOB, packet(ALICE_ADDRESS, BOB_ADDRESS, value));
    });
    expect(await dissect(datagrams, ['6bed4.policy', '6bed4.seen'])).toEqual([
      '0 0',
      '1 1',
      '2 0',
      '3 1',
    ]);
  });

  test('marks an address that can always be reached directly', async () => {
    const inviting = 'fc640bedc6336401c433640164be8001';
    const [shown] = await dissect(
      [datagram(ALICE, '198.51.100.1:25790', packet(ALICE_ADDRESS, inviting))],
      ['6bed4.src.invitation', '6bed4.dst.invitation'],
    );
    expect(shown).toBe('- 1');
  });

  test.each([
    ['text', '4865'],
    ['half an IPv6 header', packet(ALICE_ADDRESS, BOB_ADDRESS).slice(0, 40)],
    ['a packet between others', packet(BOB_ADDRESS, BOB_ADDRESS)],
    ['nothing', ''],
  ])('leaves a datagram at other ports alone that holds %s', async (_, payload) => {
    const shown = await dissect(
      [datagram('192.0.2.1:4000', '192.0.2.2:4001', payload)],
      ['6bed4.role', '6bed4.keepalive'],
    );
    expect(shown).toEqual(['- -']);
  });

  test.each([
    ['compressed headers', 'fd0102', '6bed4.rohc', '1'],
    [
      'a packet that is cut off',
      packet(ALICE_ADDRESS, BOB_ADDRESS).replace('60000000000', '60000000004'),
      '6bed4.length_mismatch',
      '1',
    ],
    ['one byte', '60', '6bed4.role', '-'],
  ])('shows %s at the port of a router', async (_, payload, field, value) => {
    expect(await dissect([datagram(ALICE, ROUTER, payload)], [field])).toEqual([value]);
  });

  test('follows the ports of its preferences', async () => {
    const [at, elsewhere] = [
      datagram(ALICE, '192.0.2.2:4001', 'fd01'),
      datagram(ALICE, ROUTER, 'fd01'),
    ];
    const shown = await dissect([at, elsewhere], ['6bed4.rohc'], '-o', '6bed4.ports:4000-4002');
    expect(shown).toEqual(['1', '-']);
  });

  test('takes a packet whose end was not captured as whole', async () => {
    const whole = packet(ALICE_ADDRESS, BOB_ADDRESS).replace('600000000000', '600000000064');
    const one = datagram('198.51.100.2:58526', '203.0.113.3:5000', whole + '00'.repeat(100));
    const file = join(folder, 'cut.pcap');
    writeFileSync(file, pcapOf([one], 96));
    const { stdout } = await tshark(
      file,
      '-T',
      'fields',
      '-e',
      '6bed4.role',
      '-e',
      '6bed4.length_mismatch',
    );
    expect(stdout).toBe(`${DIRECT}\t\n`);
  });

  test('comes through anything that anybody sends, whole or cut', async () => {
    const random = seededRandom(1);
    const seeds = [...framesOf('peer2020'), ...framesOf('peer2012'), ...framesOf('java2018')];
    const datagrams = Array.from({ length: 1_500 }, (_, index) => {
      const seed = seeds[index % seeds.length]!;
      const bytes = Buffer.from(seed.payload, 'hex');
      for (let count = 0; count < 4 && bytes.length > 0; count++) {
        bytes[Math.floor(random() * Math.min(bytes.length, 64))] = Math.floor(random() * 256);
      }
      const length = index % 3 === 0 ? Math.floor(random() * (bytes.length + 1)) : bytes.length;
      const payload = bytes.subarray(0, length).toString('hex');
      return { ...seed, payload };
    });
    for (const snapLength of [0xffff, 60, 28]) {
      const file = join(folder, 'any.pcap');
      writeFileSync(file, pcapOf(datagrams, snapLength));
      const { stdout, stderr } = await tshark(file, '-V');
      expect(stdout.match(/^Frame \d+/gm)).toHaveLength(datagrams.length);
      expect([...(stdout + stderr).matchAll(/.*lua error.*/gi)].map(([line]) => line)).toEqual([]);
    }
  });

  test('adds which way a packet took to its line', async () => {
    const file = join(folder, 'wire.pcap');
    writeFileSync(file, pcapOf(framesOf('peer2012')));
    const { stdout } = await tshark(file);
    expect(stdout).toMatch(/relayed: Echo \(ping\) request/);
    expect(stdout).toMatch(/direct: Echo \(ping\) reply/);
    expect(stdout).toMatch(/keepalive, TTL 3/);
  });

  describe('that is installed', () => {
    test('is loaded by tshark without being named', async () => {
      const env = { HOME: join(folder, 'home'), XDG_CONFIG_HOME: '' };
      const outcome = await runIn(env, 'wireshark-plugin', '--install');
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      const file = /^(\/.*6bed4\.lua) installed/.exec(outcome.stdout)![1]!;
      expect(file.startsWith(env.HOME)).toBe(true);
      const { stdout } = await promisify(execFile)('tshark', ['-G', 'protocols'], {
        env: { ...process.env, ...env },
        maxBuffer: 1 << 24,
      });
      expect(stdout).toContain('6bed4 Tunnel');
    });

    test('is in the folder that is named', async () => {
      const chosen = join(folder, 'some', 'where');
      const outcome = await run('wireshark-plugin', '--folder', chosen);
      expect(outcome.code).toBe(0);
      expect(readFileSync(join(chosen, '6bed4.lua'), 'utf8')).toBe(readFileSync(plugin, 'utf8'));
    });

    test('is refused a folder that cannot be written', async () => {
      const outcome = await run('wireshark-plugin', '--folder', join(plugin, 'below'));
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect(outcome.stderr).toBe(
        `6bed4 wireshark-plugin: cannot write ${plugin}/below/6bed4.lua: ENOTDIR\n`,
      );
    });
  });
});
