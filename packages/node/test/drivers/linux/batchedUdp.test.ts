import { setImmediate, setTimeout } from 'node:timers/promises';
import { parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadLibc } from '../../../src/drivers/kernel/libc.js';
import { bindRawLibc } from '../../../src/drivers/kernel/rawLibc.js';
import { BatchedUdp } from '../../../src/drivers/linux/batchedUdp.js';
import { FakeLibc } from '../../support/fakeLibc.js';
import { FakeRawLibc, type Incoming } from '../../support/fakeRawLibc.js';

const WHERE = { address: '192.0.2.9', port: 4_000, even: false, offloads: true };
const to = (port: number): UdpEndpoint => new UdpEndpoint(parseIPv4('198.51.100.1'), port);
const bytesOf = (length: number, value = 7): Uint8Array => new Uint8Array(length).fill(value);

interface Received {
  readonly bytes: number[];
  readonly address: number;
  readonly port: number;
}

describe('BatchedUdp', () => {
  const open: BatchedUdp[] = [];
  let libc: FakeLibc;
  let rawLibc: FakeRawLibc;
  let received: Received[];

  function bind(options: Partial<typeof WHERE> = {}): BatchedUdp {
    libc = new FakeLibc();
    rawLibc = new FakeRawLibc();
    const udp = BatchedUdp.open({ ...WHERE, ...options, libc, rawLibc });
    open.push(udp);
    listen(udp);
    return udp;
  }

  function listen(udp: BatchedUdp): void {
    received = [];
    udp.start((bytes, offset, length, address, port) => {
      received.push({ bytes: [...bytes.subarray(offset, offset + length)], address, port });
    });
  }

  /** Lets the socket be readable. */
  async function arrive(...batches: (readonly Incoming[] | string)[]): Promise<void> {
    rawLibc.toReceive.push(...batches);
    for (const callback of libc.watched.values()) callback();
    await setImmediate();
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map((udp) => udp.close()));
  });

  test('sends what one callback sends by one system call, as few messages, when it has returned', async () => {
    const udp = bind();
    for (let count = 0; count < 5; count++) udp.send(bytesOf(100), 0, 100, to(1), 0, 0);
    udp.send(bytesOf(8), 0, 8, to(2), 0xb8, 3);
    expect(rawLibc.sendCalls).toBe(0);
    await setImmediate();
    expect(rawLibc.sendCalls).toBe(1);
    expect(rawLibc.sent).toMatchObject([
      { to: '198.51.100.1:1', gsoSize: 100, bytes: { length: 500 } },
      { to: '198.51.100.1:2', gsoSize: 0, tos: 0xb8, ttl: 3, bytes: { length: 8 } },
    ]);
    expect(udp.batches).toMatchObject({ sendCalls: 1, messagesSent: 2, datagramsSent: 6 });
  });

  test('keeps a copy: the bytes may be used again at once', async () => {
    const udp = bind();
    const bytes = Uint8Array.of(1, 2, 3);
    udp.send(bytes, 1, 2, to(1), 0, 0);
    bytes.fill(9);
    await setImmediate();
    expect(rawLibc.sent[0]?.bytes).toEqual([2, 3]);
  });

  test('hands over coalesced datagrams one by one, and empty ones', async () => {
    bind();
    const bytes = Uint8Array.of(1, 2, 3, 4, 5);
    await arrive([
      { bytes, gsoSize: 2, address: '203.0.113.5', port: 77 },
      { bytes: new Uint8Array(0), address: '203.0.113.6', port: 78 },
    ]);
    const source = { address: parseIPv4('203.0.113.5'), port: 77 };
    expect(received).toEqual([
      { bytes: [1, 2], ...source },
      { bytes: [3, 4], ...source },
      { bytes: [5], ...source },
      { bytes: [], address: parseIPv4('203.0.113.6'), port: 78 },
    ]);
  });

  test('sends by single datagrams and receives so, with the offloads switched off', async () => {
    const udp = bind({ offloads: false });
    for (let count = 0; count < 2; count++) udp.send(bytesOf(100), 0, 100, to(1), 0, 0);
    await setImmediate();
    expect(rawLibc.sent).toHaveLength(2);
    const reason = 'switched off';
    expect(udp.offloads).toEqual([
      { name: 'udp-send', active: false, reason },
      { name: 'udp-receive', active: false, reason },
    ]);
  });

  test('keeps what a full socket does not take, tells how much, and sends it later in order', async () => {
    const udp = bind();
    rawLibc.onSend = () => 'EAGAIN';
    udp.send(bytesOf(10, 1), 0, 10, to(1), 0, 0);
    await setImmediate();
    udp.send(bytesOf(10, 2), 0, 10, to(2), 0, 0);
    expect(udp.waiting).toEqual({ datagrams: 2, bytes: 20 });
    rawLibc.onSend = () => null;
    await setTimeout(20);
    expect(rawLibc.sent.map(({ bytes }) => bytes[0])).toEqual([1, 2]);
    expect(udp.waiting).toEqual({ datagrams: 0, bytes: 0 });
    expect(udp.counters.queueDrops).toBe(0);
  });

  describe('relayed datagrams', () => {
    /** Lets the socket relay what it receives, from where that was received. */
    function relay(udp: BatchedUdp): void {
      udp.start((bytes, offset, length) => udp.send(bytes, offset, length, to(1), 0, 0));
    }
    const texts = (): string[] =>
      rawLibc.sent.map(({ bytes }) => String.fromCharCode(...bytes)).flatMap((text) => [...text]);

    test('are not written over by what arrives while the socket is full', async () => {
      const udp = bind();
      relay(udp);
      rawLibc.onSend = () => 'EAGAIN';
      await arrive([{ bytes: Buffer.from('a') }, { bytes: Buffer.from('b') }]);
      await arrive([{ bytes: Buffer.from('c') }, { bytes: Buffer.from('d') }]);
      rawLibc.onSend = () => null;
      await setTimeout(20);
      await arrive();
      expect(texts()).toEqual(['a', 'b', 'c', 'd']);
      expect(udp.counters.queueDrops).toBe(0);
    });

    test('are not written over by a socket for the local network, nor by one after a move', async () => {
      const udp = bind();
      await udp.listenOnLan(25_790);
      relay(udp);
      rawLibc.onSend = () => 'EAGAIN';
      rawLibc.toReceive.push([{ bytes: Buffer.from('a') }], [{ bytes: Buffer.from('b') }]);
      for (const callback of libc.watched.values()) callback();
      await setImmediate();
      await udp.rebind(false);
      expect(libc.watched.size).toBe(0);
      expect(rawLibc.toReceive).toHaveLength(1);
      rawLibc.onSend = () => null;
      await setTimeout(20);
      await arrive();
      expect(texts()).toEqual(['a', 'b']);
    });

    test('are dropped and counted when the socket stays full, and receiving goes on', async () => {
      const udp = bind();
      relay(udp);
      rawLibc.onSend = () => 'EAGAIN';
      await arrive([{ bytes: Buffer.from('a') }, { bytes: Buffer.from('b') }]);
      await vi.waitFor(() => expect(udp.counters.queueDrops).toBe(2));
      expect(udp.waiting).toEqual({ datagrams: 0, bytes: 0 });
      rawLibc.onSend = () => null;
      await arrive([{ bytes: Buffer.from('c') }]);
      expect(texts()).toEqual(['c']);
    });
  });

  test('goes on to receive while only what a program sends waits for a full socket', async () => {
    const udp = bind();
    rawLibc.onSend = () => 'EAGAIN';
    udp.send(bytesOf(10), 0, 10, to(1), 0, 0);
    await setImmediate();
    await arrive([{ bytes: Uint8Array.of(1) }]);
    expect(received).toHaveLength(1);
  });

  test('drops and counts what exceeds the room while the socket is full', async () => {
    const udp = bind();
    rawLibc.onSend = () => 'EAGAIN';
    for (let port = 1; port <= 64; port++) udp.send(bytesOf(10), 0, 10, to(port), 0, 0);
    await setImmediate();
    udp.send(bytesOf(10), 0, 10, to(99), 0, 0);
    expect(udp.counters.queueDrops).toBe(1);
  });

  test('counts what the system refuses, and the errors that it reports on reception', async () => {
    const udp = bind();
    rawLibc.onSend = () => 'EPERM';
    udp.send(bytesOf(10), 0, 10, to(1), 0, 0);
    await arrive('ECONNREFUSED', 'EHOSTUNREACH', [{ bytes: Uint8Array.of(1) }]);
    expect(udp.counters).toEqual({
      sendErrors: { EPERM: 1 },
      receiveErrors: { ECONNREFUSED: 1, EHOSTUNREACH: 1 },
      queueDrops: 0,
    });
    expect(received).toHaveLength(1);
  });

  test('hands over the rest of a batch though the handler throws', async () => {
    const udp = bind();
    let calls = 0;
    udp.start(() => {
      calls++;
      throw new Error('of the handler');
    });
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    await arrive([{ bytes: Uint8Array.of(1) }, { bytes: Uint8Array.of(2) }]);
    expect(await thrown).toMatchObject({ message: 'of the handler' });
    expect(calls).toBe(2);
  });

  test('sends what waits before it closes, and takes nothing afterwards', async () => {
    const udp = bind();
    udp.send(bytesOf(10), 0, 10, to(1), 0, 0);
    await udp.close();
    udp.send(bytesOf(10), 0, 10, to(1), 0, 0);
    await setImmediate();
    expect(rawLibc.sent).toHaveLength(1);
    expect(libc.watched.size).toBe(0);
    expect(libc.closed).toEqual([100]);
  });

  test('moves to another port: what waits leaves by the old one, and the new one is watched', async () => {
    const udp = bind();
    libc.boundPorts.push(4_002);
    udp.send(bytesOf(10), 0, 10, to(1), 0, 0);
    await udp.rebind(true);
    expect(udp.endpoint.port).toBe(4_002);
    expect(rawLibc.sent.map(({ fd }) => fd)).toEqual([100]);
    expect([...libc.watched.keys()]).toEqual([101]);
    expect(libc.closed).toEqual([100]);
    await arrive([{ bytes: Uint8Array.of(1) }]);
    expect(received).toHaveLength(1);
  });

  test('hands over what is sent to all hosts of the local network', async () => {
    const udp = bind();
    await udp.listenOnLan(25_790);
    expect([...libc.watched.keys()]).toEqual([100, 101]);
    await udp.close();
    expect(libc.closed).toEqual([100, 101]);
  });

  test.skipIf(process.platform !== 'linux')(
    'carries thousands of datagrams over loopback',
    async () => {
      const where = { ...WHERE, address: '127.0.0.1', port: 0, libc: await loadLibc() };
      const openOne = async (): Promise<BatchedUdp> => {
        const udp = BatchedUdp.open({ ...where, rawLibc: await bindRawLibc() });
        open.push(udp);
        return udp;
      };
      const [left, right] = [await openOne(), await openOne()];
      listen(right);
      const there = new UdpEndpoint(parseIPv4('127.0.0.1'), right.endpoint.port);
      for (let round = 0; round < 20; round++) {
        for (let count = 0; count < 100; count++) {
          left.send(bytesOf(1_000, round), 0, 1_000, there, 0, 0);
        }
        left.send(bytesOf(10, round), 0, 10, there, 0, 0);
        for (let wait = 0; wait < 200 && received.length < 101 * (round + 1); wait++) {
          await setTimeout(1);
        }
      }
      expect(received.map(({ bytes }) => bytes.length)).toEqual(
        Array.from({ length: 2_020 }, (_, index) => (index % 101 === 100 ? 10 : 1_000)),
      );
      expect(new Set(received.map(({ port }) => port))).toEqual(new Set([left.endpoint.port]));
    },
  );
});
