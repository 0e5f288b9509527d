import { setTimeout as sleep } from 'node:timers/promises';
import { parseIPv4, parseIPv6, UdpEndpoint } from '@6bed4/codec';
import { buildEcho, sumBytes } from '@6bed4/nd';
import { afterEach, describe, expect, test } from 'vitest';
import { Capture, type CaptureOptions, interfaceNumbers } from '../../src/capture/capture.js';
import { ringMemory } from '../../src/capture/captureRing.js';
import { PacketTap } from '../../src/capture/packetTap.js';
import { startPeer } from '../../src/daemon/peerDaemon.js';
import { startRouter } from '../../src/daemon/routerDaemon.js';
import { parseCapture } from '../support/pcapng.js';

const LOCAL = { address: '192.0.2.2', port: 4000 };
const REMOTE = new UdpEndpoint();
REMOTE.address = parseIPv4('198.51.100.7');
REMOTE.port = 50_000;
const EPOCH = 1_800_000_000_000;
const OUTER_HEADERS = 28;
const WHOLE = 262_144;

/** Takes what is written, as a stream does. */
class Output {
  writableLength = 0;
  readonly chunks: Uint8Array[] = [];

  write(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice());
  }

  get file() {
    return parseCapture(Buffer.concat(this.chunks));
  }
}

const closing: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

function begin(options: CaptureOptions = {}, size = 1 << 16) {
  const memory = ringMemory(size);
  const output = new Output();
  const calls: string[] = [];
  const tap = new PacketTap(
    {
      ...interfaceNumbers(options),
      snapLength: options.snapLength ?? WHOLE,
      localAddress: parseIPv4(LOCAL.address) | 0,
      localPort: LOCAL.port,
      ttl: 64,
      epoch: EPOCH,
    },
    memory,
  );
  const capture = new Capture({
    ...{ options, output, tun: '6bed4', rings: [memory] },
    stop: () => calls.push('stop'),
    onEnd: () => calls.push('end'),
  });
  closing.push(capture);
  return { tap, output, capture, calls };
}

const payload = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at & 0xff);

describe('a capture', () => {
  test('has the datagrams of the outer side in headers of IPv4 and UDP', () => {
    const { tap, output, capture } = begin();
    const bytes = payload(60);
    tap.received(bytes, 10, 41, REMOTE.addressBits, REMOTE.port, 5.25);
    tap.sent(bytes, 0, 0, REMOTE, 0x2e, 3, 6);
    tap.taken(bytes, 0, 60, 7);
    capture.close();
    const { packets, interfaces } = output.file;
    expect(interfaces).toEqual([{ name: '6bed4-outer', snapLength: WHOLE }]);
    expect(packets).toMatchObject([
      { interfaceId: 0, at: EPOCH * 1000 + 5250, direction: 'in', length: OUTER_HEADERS + 41 },
      { interfaceId: 0, at: EPOCH * 1000 + 6000, direction: 'out', length: OUTER_HEADERS },
    ]);
    const [received, sent] = packets.map((packet) => packet.bytes);
    expect([...received!.subarray(OUTER_HEADERS)]).toEqual([...bytes.subarray(10, 51)]);
    const fields = (packet: Buffer) => ({
      length: packet.readUInt16BE(2),
      tos: packet[1],
      ttl: packet[8],
      protocol: packet[9],
      source: packet.readUInt32BE(12),
      destination: packet.readUInt32BE(16),
      ports: [packet.readUInt16BE(20), packet.readUInt16BE(22)],
      udpLength: packet.readUInt16BE(24),
      udpChecksum: packet.readUInt16BE(26),
      checksum: sumBytes(packet, 0, 20),
    });
    const local = parseIPv4(LOCAL.address);
    const remote = REMOTE.addressBits >>> 0;
    const common = { protocol: 17, udpChecksum: 0, checksum: 0xffff };
    expect(fields(received!)).toEqual({
      ...common,
      ...{ length: OUTER_HEADERS + 41, udpLength: 8 + 41, tos: 0, ttl: 64 },
      ...{ source: remote, destination: local, ports: [REMOTE.port, LOCAL.port] },
    });
    expect(fields(sent!)).toEqual({
      ...common,
      ...{ length: OUTER_HEADERS, udpLength: 8, tos: 0x2e, ttl: 3 },
      ...{ source: local, destination: remote, ports: [LOCAL.port, REMOTE.port] },
    });
  });

  test('has the packets of the inner side as they are', () => {
    const { tap, output, capture } = begin({ side: 'inner' });
    const bytes = payload(99);
    tap.taken(bytes, 1, 41, 1);
    tap.delivered(bytes, 2, 42, 2);
    tap.sent(bytes, 0, 40, REMOTE, 0, 0, 3);
    capture.close();
    const { packets, interfaces } = output.file;
    expect(interfaces).toMatchObject([{ name: '6bed4' }]);
    const seen = packets.map(({ direction, bytes: content }) => [direction, ...content]);
    expect(seen).toEqual([
      ['out', ...bytes.subarray(1, 42)],
      ['in', ...bytes.subarray(2, 44)],
    ]);
  });

  test('has both sides as two interfaces', () => {
    const { tap, output, capture } = begin({ side: 'both', application: '6bed4 1.2.3' });
    tap.received(payload(40), 0, 40, REMOTE.addressBits, REMOTE.port, 1);
    tap.delivered(payload(40), 0, 40, 1);
    capture.close();
    const { application, packets, interfaces, statistics } = output.file;
    expect(application).toBe('6bed4 1.2.3');
    expect(interfaces.map(({ name }) => name)).toEqual(['6bed4-outer', '6bed4']);
    expect(packets.map(({ interfaceId }) => interfaceId)).toEqual([0, 1]);
    expect([...statistics.keys()]).toEqual([0, 1]);
  });

  test('keeps only the beginnings of packets if that is wanted', () => {
    const { tap, output, capture } = begin({ side: 'both', snapLength: 96 });
    tap.received(payload(200), 0, 200, REMOTE.addressBits, REMOTE.port, 1);
    tap.delivered(payload(200), 0, 200, 1);
    tap.delivered(payload(95), 0, 95, 1);
    capture.close();
    expect(output.file.packets.map(({ bytes, length }) => [bytes.length, length])).toEqual([
      [96, OUTER_HEADERS + 200],
      [96, 200],
      [95, 95],
    ]);
  });

  test('is written while it runs, and tells at its end what it saw', async () => {
    const { tap, output, capture, calls } = begin();
    tap.sent(payload(40), 0, 40, REMOTE, 0, 0, 1);
    await expect.poll(() => output.file.packets.length).toBe(1);
    tap.sent(payload(40), 0, 40, REMOTE, 0, 0, 2);
    capture.close();
    capture.close();
    expect(output.file.packets).toHaveLength(2);
    expect(output.file.statistics.get(0)).toEqual({ received: 2, dropped: 0 });
    expect(calls).toEqual(['stop', 'end']);
  });

  test('drops and counts what a slow reader leaves no room for, in bounded memory', async () => {
    const { tap, output, capture } = begin({}, 4096);
    output.writableLength = 1 << 30;
    for (let count = 0; count < 1000; count++) tap.sent(payload(40), 0, 40, REMOTE, 0, 0, 1);
    const written = output.chunks.length;
    await sleep(60);
    expect(output.chunks).toHaveLength(written);
    capture.close();
    const { packets, statistics } = output.file;
    const { received, dropped } = statistics.get(0)!;
    expect(received).toBe(1000);
    expect(packets.length).toBe(1000 - dropped);
    expect(packets.length).toBeLessThan(4096 / 68);
    expect(packets.length).toBeGreaterThan(20);
  });

  test('tells drops also before its end', async () => {
    const { tap, output } = begin({}, 256);
    for (let count = 0; count < 10; count++) tap.sent(payload(40), 0, 40, REMOTE, 0, 0, 1);
    await expect
      .poll(() => output.file.statistics.get(0)?.dropped, { timeout: 5000 })
      .toBeGreaterThan(0);
  });

  test('ends after as many packets as are wanted', async () => {
    const { tap, output, calls } = begin({ count: 2 });
    for (let count = 0; count < 5; count++) tap.sent(payload(40), 0, 40, REMOTE, 0, 0, count);
    await expect.poll(() => calls).toEqual(['stop', 'end']);
    expect(output.file.packets.map(({ at }) => at - EPOCH * 1000)).toEqual([0, 1000]);
  });
});

describe('the capture of a daemon', () => {
  async function daemons() {
    const router = await startRouter({
      ...{ listen: '127.0.0.1', port: 0, allowLoopback: true },
      forwardTo: ['2001:db8::/32'],
    });
    closing.push(router);
    const routers = `127.0.0.1:${router.endpoint.port}`;
    const peer = await startPeer({ routers, listen: '127.0.0.1' });
    closing.unshift(peer);
    await peer.ready;
    return { router, peer };
  }

  test('is of all that it sends and receives, and ends with it', async () => {
    const { router, peer } = await daemons();
    const output = new Output();
    let ends = 0;
    await router.capture(output, { side: 'both' }, () => ends++);
    const echo = buildEcho({
      type: 'echo-request',
      source: parseIPv6(peer.address!),
      destination: parseIPv6('2001:db8::1'),
      hopLimit: 64,
      identifier: 1,
      sequence: 1,
      data: payload(8),
    });
    router.on('packet', () => {});
    peer.send(echo);
    await expect.poll(() => output.file.packets.length).toBeGreaterThanOrEqual(2);
    await router.close();
    expect(ends).toBe(1);
    const inner = output.file.packets.filter(({ interfaceId }) => interfaceId === 1);
    const [outer] = output.file.packets.filter(({ interfaceId }) => interfaceId === 0);
    expect([outer!.bytes.readUInt16BE(20), outer!.bytes.readUInt16BE(22)]).toEqual([
      peer.endpoint.port,
      router.endpoint.port,
    ]);
    // Whole, but for the hop limits that the peer and the router count down.
    expect(outer!.bytes.subarray(OUTER_HEADERS + 8)).toEqual(Buffer.from(echo.subarray(8)));
    expect(inner.map(({ direction }) => direction)).toEqual(['in']);
    expect(inner[0]!.bytes.subarray(8)).toEqual(Buffer.from(echo.subarray(8)));
    await expect(router.capture(new Output())).rejects.toMatchObject({ code: 'ECANCELED' });
  });

  test('is refused beside another one, and possible after it', async () => {
    const { router } = await daemons();
    const first = await router.capture(new Output());
    const second = router.capture(new Output());
    await expect(second).rejects.toMatchObject({
      code: 'EBUSY',
      message: 'another capture of this daemon is running',
    });
    first.close();
    (await router.capture(new Output())).close();
  });
});
