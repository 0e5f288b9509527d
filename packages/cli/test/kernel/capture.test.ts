import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, PORT, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_ADDRESS, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { countReplies } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeDrivers, shareInternet } from '@6bed4/testing/kernel/suites';
import { Capture } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, expect, test } from 'vitest';

const PEER_IPV4 = '198.51.100.2';
const TRANSFER = 4_000_000;

describeDrivers('6bed4 capture', () => {
  let lab: Lab;
  shareInternet((built) => {
    lab = built;
    return startRouter(lab, 'router');
  });

  const file = (): string => `${lab.folder}/trace.pcapng`;
  const socket = (): string => `${lab.folder}/daemon.sock`;

  afterEach(() => rmSync(file(), { force: true }));

  const startWatchedPeer = () => startPeer(lab, 'peer1', '--control', socket());

  async function startCapture(...options: readonly string[]): Promise<RunningProgram> {
    const capture = lab.spawn('peer1', command('capture', file(), socket(), ...options));
    await lab.exec('peer1', ['sh', '-c', `until [ -s ${file()} ]; do sleep 0.1; done`]);
    return capture;
  }

  /** Fields of the packets in the file, of those that a filter lets through. */
  async function fieldsOf(filter: string, ...names: readonly string[]): Promise<string[][]> {
    const fields = names.flatMap((name) => ['-e', name]);
    const decode = ['-d', `udp.port==${PORT},ipv6`, '-T', 'fields', '-E', 'separator=;'];
    const { stdout } = await lab.exec('peer1', [
      ...['tshark', '-r', file(), '-Y', filter, ...decode, '-E', 'occurrence=a', ...fields],
    ]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split(';'));
  }

  test('is read by tshark while it runs', async () => {
    await startWatchedPeer();
    const words = command('capture', '-', socket()).join(' ');
    const tshark = lab.spawn('peer1', [
      ...['sh', '-c', `${words} | tshark -l -r - -d udp.port==${PORT},ipv6`],
    ]);
    await expect
      .poll(
        async () => {
          await countReplies(lab, 'peer1', ROUTER_ADDRESS, 1);
          return tshark.stdout.join('\n');
        },
        { timeout: 20_000 },
      )
      .toMatch(/Echo \(ping\) reply/);
    expect(tshark.running).toBe(true);
  });

  test('has the datagrams that are on the wire, and the packets of the interface', async () => {
    await startWatchedPeer();
    const wire = await Capture.start(lab, [PORT]);
    const capture = await startCapture('--side', 'both');
    expect(await countReplies(lab, 'peer1', ROUTER_ADDRESS, 3)).toBe(3);
    await sleep(200);
    process.kill(capture.pid, 'SIGINT');
    expect(await capture.ended).toEqual({ code: 0, signal: null });
    const outer = (type: number) =>
      fieldsOf(
        `frame.interface_id == 0 && icmpv6.type == ${type}`,
        ...['ip.src', 'ip.dst', 'udp.srcport', 'udp.dstport', 'ipv6.plen', 'ip.checksum.status'],
      );
    const frames = (await wire.stop()).filter(({ inner }) => inner?.icmpType === 128);
    const [requests, replies] = [await outer(128), await outer(129)];
    const onWire = frames.map(({ outer: { source, destination, sourcePort, destinationPort } }) =>
      [source, destination, sourcePort, destinationPort].join(),
    );
    expect(requests.map((fields) => fields.slice(0, 4).join())).toEqual(onWire);
    expect(requests[0]!.slice(0, 2)).toEqual([PEER_IPV4, ROUTER_IPV4]);
    expect(replies).toHaveLength(3);
    const inner = 'frame.interface_id == 1 && icmpv6.type >= 128 && icmpv6.type <= 129';
    const directions = await fieldsOf(inner, 'icmpv6.type', 'frame.packet_flags_direction');
    const [request, reply] = [
      ['128', '2'],
      ['129', '1'],
    ];
    const normalized = directions.map(([type, direction]) => [type, String(Number(direction))]);
    expect(normalized).toEqual([request, reply, request, reply, request, reply]);
  });

  test('leaves what passes meanwhile as it is, and counts what it cannot keep', async () => {
    await startWatchedPeer();
    const other = await startPeer(lab, 'peer2');
    const capture = await startCapture('--side', 'both', '--snaplen', '128');
    const receiver = lab.spawn('peer2', program('tcpReceiver', 5001));
    await receiver.waitForLine(/listening/);
    const sender = program('tcpSender', other.address, 5001, TRANSFER);
    const sent = await lab.exec('peer1', sender, { timeout: 60_000 });
    expect(JSON.parse(await receiver.waitForLine(/sha256/))).toEqual(JSON.parse(sent.stdout));
    process.kill(capture.pid, 'SIGINT');
    expect(await capture.ended).toMatchObject({ code: 0 });
    const { stdout } = await lab.exec('peer1', ['capinfos', '-M', '-c', file()]);
    const packets = Number(/Number of packets:\s+(\d+)/.exec(stdout)![1]);
    expect(packets).toBeGreaterThan(TRANSFER / 1280);
    expect(await fieldsOf('frame.cap_len > 128', 'frame.number')).toEqual([]);
  });
});
