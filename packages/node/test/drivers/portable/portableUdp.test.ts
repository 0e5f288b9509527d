import { createSocket, Socket } from 'node:dgram';
import { once } from 'node:events';
import { parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { OPENING_TTL } from '@6bed4/tunnel';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DirectUdp } from '../../../src/drivers/portable/directUdp.js';
import { PortableUdp, type PortableUdpOptions } from '../../../src/drivers/portable/portableUdp.js';
import { StartError } from '../../../src/errors.js';

const LOOPBACK = parseIPv4('127.0.0.1');
const to = (port: number): UdpEndpoint => new UdpEndpoint(LOOPBACK, port);

interface Received {
  readonly bytes: number[];
  readonly address: number;
  readonly port: number;
}

describe.each([
  ['with direct system calls', true],
  ['by node:dgram alone', false],
])('PortableUdp %s', (_, isDirect) => {
  const open: PortableUdp[] = [];

  async function bind(options: PortableUdpOptions = {}): Promise<PortableUdp> {
    if (!isDirect) vi.spyOn(DirectUdp, 'load').mockResolvedValue(null);
    const port = await PortableUdp.open({ address: '127.0.0.1', ...options });
    open.push(port);
    return port;
  }

  /** Resolves with the next so many datagrams. */
  function receive(port: PortableUdp, count: number): Promise<Received[]> {
    const received: Received[] = [];
    return new Promise((resolve) => {
      port.start((bytes, offset, length, address, source) => {
        received.push({
          bytes: [...bytes.subarray(offset, offset + length)],
          address,
          port: source,
        });
        if (received.length === count) resolve(received);
      });
    });
  }

  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(open.splice(0).map((port) => port.close()));
  });

  test('carries datagrams, empty ones included, with their sources', async () => {
    const left = await bind();
    const right = await bind();
    const received = receive(right, 3);
    const bytes = Uint8Array.of(9, 1, 2, 3, 9);
    left.send(bytes, 1, 3, to(right.endpoint.port), 0, 0);
    bytes.fill(0);
    left.send(bytes, 0, 0, to(right.endpoint.port), 0xb8, 3);
    left.send(bytes, 0, 5, to(right.endpoint.port), 0, 0);
    const source = { address: LOOPBACK, port: left.endpoint.port };
    expect(await received).toEqual([
      { bytes: [1, 2, 3], ...source },
      { bytes: [], ...source },
      { bytes: [0, 0, 0, 0, 0], ...source },
    ]);
    expect(left.counters).toEqual({ sendErrors: {}, receiveErrors: {}, queueDrops: 0 });
  });

  test('is bound to the address of its options, which it shows', async () => {
    const port = await bind();
    expect(port.endpoint).toEqual({ address: '127.0.0.1', port: expect.any(Number) });
    expect((await bind({ address: '0.0.0.0' })).endpoint.address).toBe('0.0.0.0');
  });

  test('finds an even port when that is needed', async () => {
    for (let count = 0; count < 8; count++) {
      expect((await bind({ even: true })).endpoint.port % 2).toBe(0);
    }
  });

  test('moves to another port, and carries datagrams there', async () => {
    const left = await bind();
    const right = await bind();
    const first = receive(right, 2);
    left.send(Uint8Array.of(1), 0, 1, to(right.endpoint.port), 0, 0);
    const previous = left.endpoint.port;
    await left.rebind(true);
    expect(left.endpoint.port).not.toBe(previous);
    expect(left.endpoint.port % 2).toBe(0);
    left.send(Uint8Array.of(2), 0, 1, to(right.endpoint.port), 0, 0);
    expect((await first).map(({ port }) => port)).toEqual([previous, left.endpoint.port]);
    const back = receive(left, 1);
    right.send(Uint8Array.of(3), 0, 1, to(left.endpoint.port), 0, 0);
    expect((await back)[0]?.bytes).toEqual([3]);
    // The old port is free again.
    await bind({ port: previous });
  });

  test('rejects a port that is in use, and names it', async () => {
    const { port } = (await bind()).endpoint;
    const error = await bind({ port }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({
      code: 'EADDRINUSE',
      message: `UDP port ${port} of 127.0.0.1 is in use`,
    });
  });

  test('rejects an address that is not of this computer, and names it', async () => {
    await expect(bind({ address: '192.0.2.1' })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: '192.0.2.1 is not an address of this computer',
    });
  });

  test('counts datagrams that the system refuses, and sends the next', async () => {
    const left = await bind();
    const right = await bind();
    const received = receive(right, 1);
    left.send(new Uint8Array(70_000), 0, 70_000, to(right.endpoint.port), 0, 0);
    left.send(Uint8Array.of(1), 0, 1, to(0), 0, 0);
    left.send(Uint8Array.of(7), 0, 1, to(right.endpoint.port), 0, 0);
    expect((await received)[0]?.bytes).toEqual([7]);
    expect(left.counters.sendErrors).toEqual({ EMSGSIZE: 1, EINVAL: 1 });
  });

  test('keeps working after destinations that nothing listens at', async () => {
    const left = await bind();
    const gone = await bind();
    const { port } = gone.endpoint;
    await gone.close();
    for (let count = 0; count < 5; count++) {
      left.send(Uint8Array.of(1), 0, 1, to(port), 0, 0);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const right = await bind();
    const received = receive(right, 1);
    left.send(Uint8Array.of(2), 0, 1, to(right.endpoint.port), 0, 0);
    expect((await received)[0]?.bytes).toEqual([2]);
  });

  if (!isDirect) {
    test.each([
      ['bytes', 1000, 1 << 20],
      ['datagrams', 4096, 0],
    ])('drops and counts when too many %s wait to be sent', async (_unit, datagrams, bytes) => {
      const left = await bind();
      vi.spyOn(Socket.prototype, 'getSendQueueCount').mockReturnValue(datagrams);
      vi.spyOn(Socket.prototype, 'getSendQueueSize').mockReturnValue(bytes);
      const send = vi.spyOn(Socket.prototype, 'send');
      left.send(Uint8Array.of(1), 0, 1, to(9), 0, 0);
      expect(send).not.toHaveBeenCalled();
      expect(left.counters.queueDrops).toBe(1);
    });

    test('sets the TTL for one datagram only, and not while others wait', async () => {
      const left = await bind();
      const setTtl = vi.spyOn(Socket.prototype, 'setTTL');
      left.send(Uint8Array.of(1), 0, 1, to(9), 0, 0);
      expect(setTtl).not.toHaveBeenCalled();
      left.send(new Uint8Array(0), 0, 0, to(9), 0, 3);
      expect(setTtl.mock.calls.map(([ttl]) => ttl)).toEqual([3, expect.any(Number)]);
      setTtl.mockClear();
      vi.spyOn(Socket.prototype, 'getSendQueueCount').mockReturnValue(1);
      left.send(new Uint8Array(0), 0, 0, to(9), 0, 3);
      expect(setTtl).not.toHaveBeenCalled();
    });

    test('sends what only opens a NAT with its TTL, or not at all while others wait', async () => {
      const left = await bind();
      const send = vi.spyOn(Socket.prototype, 'send');
      const setTtl = vi.spyOn(Socket.prototype, 'setTTL');
      left.send(Uint8Array.of(1), 0, 1, to(9), 0, OPENING_TTL);
      expect(setTtl.mock.calls.map(([ttl]) => ttl)).toEqual([OPENING_TTL, expect.any(Number)]);
      expect(send).toHaveBeenCalledTimes(1);
      vi.spyOn(Socket.prototype, 'getSendQueueCount').mockReturnValue(1);
      left.send(Uint8Array.of(1), 0, 1, to(9), 0, OPENING_TTL);
      expect(send).toHaveBeenCalledTimes(1);
    });
  }

  test('sends what follows without the options of what only opens a NAT', async () => {
    const [left, right] = [await bind(), await bind()];
    const received = receive(right, 2);
    for (const [index, ttl] of [OPENING_TTL, 0].entries()) {
      left.send(Uint8Array.of(index), 0, 1, to(right.endpoint.port), 0, ttl);
    }
    // The first hop is the receiver here, so that both arrive.
    expect((await received).map(({ bytes }) => bytes)).toEqual([[0], [1]]);
  });

  if (isDirect) {
    test.runIf(process.platform === 'linux')(
      'sends all of one callback without Node.js, and what has one TTL and TOS in order',
      async () => {
        const [left, right] = [await bind(), await bind()];
        const received = receive(right, 200);
        const send = vi.spyOn(Socket.prototype, 'send');
        for (let index = 0; index < 200; index++) {
          const ttl = index % 3;
          left.send(
            new Uint8Array(1000).fill(index),
            0,
            1000,
            to(right.endpoint.port),
            ttl << 2,
            ttl,
          );
        }
        const numbers = (await received).map(({ bytes }) => bytes[999]!);
        const alike = (kind: number) => (number: number) => number % 3 === kind;
        const all = [...Array(200).keys()];
        for (let kind = 0; kind < 3; kind++) {
          expect(numbers.filter(alike(kind))).toEqual(all.filter(alike(kind)));
        }
        expect(send).not.toHaveBeenCalled();
      },
    );

    test.runIf(process.platform === 'linux')(
      'tells whether the kernel segments, and lets it be switched off',
      async () => {
        const [usual, without] = [await bind(), await bind({ segmentation: false })];
        expect(usual.offloads).toEqual([{ name: 'udp-send', active: true, reason: null }]);
        const reason = 'switched off';
        expect(without.offloads).toEqual([{ name: 'udp-send', active: false, reason }]);
      },
    );
  }

  test('sends what waits before it closes', async () => {
    const [left, right] = [await bind(), await bind()];
    const received = receive(right, 1);
    left.send(Uint8Array.of(5), 0, 1, to(right.endpoint.port), 0, 0);
    await left.close();
    expect((await received)[0]?.bytes).toEqual([5]);
  });

  test('receives from ordinary sockets, and sends nothing once closed', async () => {
    const port = await bind();
    const received = receive(port, 1);
    const socket = createSocket('udp4');
    socket.send('hello', port.endpoint.port, '127.0.0.1');
    expect((await received)[0]?.bytes).toEqual([...Buffer.from('hello')]);
    socket.close();
    await once(socket, 'close');
    await port.close();
    await port.close();
    port.send(Uint8Array.of(1), 0, 1, to(9), 0, 0);
  });
});
