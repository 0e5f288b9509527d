import { randomBytes } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { formatIPv6, parseIPv4, parseIPv6, UdpEndpoint } from '@6bed4/codec';
import { buildEcho, buildIcmpError, buildUdp, parseIcmpError, writeIPv6Header } from '@6bed4/nd';
import { requireBuild } from '@6bed4/testing/command';
import { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createSocket,
  memoryNetwork,
  openTunnel,
  type PeerDaemon,
  startPeer,
  type Tunnel,
  type TunnelOptions,
  type TunnelSocket,
  type TunnelSocketSettings,
} from '../../src/index.js';
import { type TunnelLab, tunnelLab } from '../support/datagramPlaces.js';

const labs: TunnelLab[] = [];

afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.close()));
});

async function newLab(network?: ReturnType<typeof memoryNetwork>): Promise<TunnelLab> {
  const lab = await tunnelLab(network);
  labs.push(lab);
  return lab;
}

async function pair(options: Partial<TunnelOptions> = {}): Promise<[Tunnel, Tunnel, TunnelLab]> {
  const lab = await newLab();
  return [await lab.open(options), await lab.open(options), lab];
}

async function bound(
  tunnel: Tunnel,
  port = 0,
  settings: Partial<TunnelSocketSettings> = {},
): Promise<TunnelSocket> {
  const socket = tunnel.createSocket({ type: 'udp6', ...settings });
  socket.bind(port);
  await once(socket, 'listening');
  return socket;
}

async function nextMessage(socket: TunnelSocket): Promise<[string, RemoteInfo]> {
  const [message, from] = (await once(socket, 'message')) as [Buffer, RemoteInfo];
  return [message.toString(), from];
}

/** Waits until nothing is on its way in a memory network, whose every hop takes a turn of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}

/** A peer that sends packets as it likes, with the tunnel's own means. */
async function rawPeer(lab: TunnelLab, address: string): Promise<PeerDaemon> {
  const peer = await startPeer({
    routers: lab.router.endpoint,
    datagrams: lab.network.bind(address),
  });
  await peer.ready;
  return peer;
}

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error('enough')) };
}

describe('openTunnel', () => {
  test('resolves with an address when a router answers', async () => {
    const [tunnel] = await pair();
    expect(tunnel.address).toMatch(/^fc64:bed:/);
    expect(tunnel.addresses).toEqual([tunnel.address]);
  });

  test('rejects when no router answers, naming them and the numbers of attempts', async () => {
    const network = memoryNetwork();
    const datagrams = network.bind('203.0.113.1');
    const opening = openTunnel({
      routers: ['198.51.100.1', '198.51.100.2:4000'],
      datagrams,
      timeout: 1300,
    });
    await expect(opening).rejects.toMatchObject({
      name: 'StartError',
      code: 'ETIMEDOUT',
      // How often depends on how much of the processor there is.
      message: expect.stringMatching(
        /^no router gave an address within 1300 ms: 198\.51\.100\.1:25790 \(asked (once|\d times)\), 198\.51\.100\.2:4000 \(asked (once|\d times)\)$/,
      ),
    });
    // The port was released.
    network.bind('203.0.113.1', datagrams.endpoint.port);
  });

  test('waits for no address if told so, and has one once a router answers', async () => {
    const lab = await newLab();
    const tunnel = await lab.open({ waitForAddress: false });
    expect(tunnel.address).toBeNull();
    const socket = await bound(tunnel, 7);
    const connection = tunnel.connect({ host: '2001:db8::1', port: 1 });
    expect((await once(connection, 'error'))[0]).toMatchObject({ code: 'ENETUNREACH' });
    const [lease] = await once(tunnel, 'address');
    expect(tunnel.address).toBe(lease.address);
    const sender = await bound(await lab.open());
    sender.send('x', 7, lease.address);
    expect((await nextMessage(socket))[0]).toBe('x');
  });

  test('rejects with the reason of its signal', async () => {
    const controller = new AbortController();
    const datagrams = memoryNetwork().bind('203.0.113.1');
    const opening = openTunnel({ routers: '198.51.100.1', datagrams, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 10);
    await expect(opening).rejects.toThrow('enough');
  });

  test.each([2 ** 31, Number.POSITIVE_INFINITY])('waits as long as %d ms', async (timeout) => {
    const datagrams = memoryNetwork().bind('203.0.113.1');
    const { signal, abort } = abortable();
    const opening = openTunnel({ routers: '198.51.100.1', datagrams, timeout, signal });
    setTimeout(abort, 100);
    await expect(opening).rejects.toThrow('enough');
    const [left, right] = await pair();
    expect(await left.waitForDirect(right.address!, { timeout })).toMatchObject({ path: 'direct' });
  });

  test('refuses invalid options', async () => {
    const datagrams = memoryNetwork().bind('203.0.113.1');
    await expect(
      openTunnel({ routers: '198.51.100.1', datagrams, timeout: 0 }),
    ).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    await expect(
      openTunnel({ routers: '198.51.100.1', datagrams, timeout: '5' as never }),
    ).rejects.toThrow(/'timeout' must be milliseconds above 0\. Received '5'/);
    for (const options of [undefined, null, '198.51.100.1']) {
      await expect(openTunnel(options as never)).rejects.toThrow(/^options: found .*routers/);
    }
    await expect(openTunnel({ datagrams } as never)).rejects.toThrow(/^routers: found undefined/);
    await expect(
      openTunnel({ routers: '198.51.100.1', datagrams, policy: 'bold' as never }),
    ).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('a large datagram', () => {
  test.each([1232, 1233, 8000, 65_527])('of %d bytes arrives, in both directions', async (size) => {
    const [left, right] = await pair();
    const [one, other] = [await bound(left, 1000), await bound(right, 1000)];
    const payload = randomBytes(size);
    for (const [sender, receiver, address] of [
      [one, other, right.address],
      [other, one, left.address],
    ] as const) {
      const arrival = once(receiver, 'message');
      expect(
        await new Promise((resolve) => sender.send(payload, 1000, address!, resolve)),
      ).toBeNull();
      const [message, from] = (await arrival) as [Buffer, RemoteInfo];
      expect(Buffer.compare(message, payload)).toBe(0);
      expect(from.size).toBe(size);
      expect(sender.statistics()).toMatchObject({ datagramsSent: 1, bytesSent: size });
    }
    const fragments = size > 1232 ? Math.ceil((size + 8) / 1232) : 0;
    expect(left.statistics()).toMatchObject({
      fragmentsSent: fragments,
      reassembled: fragments > 0 ? 1 : 0,
      reassemblyFailures: 0,
    });
  });

  test('beyond UDP is refused with EMSGSIZE, in an error that states the maximum', async () => {
    const [left, right] = await pair();
    const socket = await bound(left);
    const error = await new Promise((resolve) => {
      socket.send(Buffer.alloc(65_528), 9, right.address!, resolve);
    });
    expect(error).toMatchObject({ code: 'EMSGSIZE', syscall: 'send' });
    expect((error as Error).message).toContain('65528 bytes in one datagram, at most 65527 fit');
    expect(socket.statistics().sendErrors).toEqual({ EMSGSIZE: 1 });
  });

  test('is not sent opportunistically', async () => {
    const [left, right] = await pair();
    const receiver = await bound(right, 1000);
    const socket = await bound(left);
    const arrival = once(receiver, 'message');
    const sent = socket.sendOpportunistic(Buffer.alloc(3000), 1000, right.address!);
    expect(sent.isOpportunistic).toBe(false);
    expect(((await arrival) as [Buffer])[0].length).toBe(3000);
  });

  test('that is refused on the way, or by the port, is an error of the connected socket', async () => {
    const [left, right] = await pair();
    const socket = left.createSocket('udp6');
    socket.connect(999, right.address!);
    await once(socket, 'connect');
    const refused = once(socket, 'error');
    socket.send(Buffer.alloc(3000));
    expect(await refused).toMatchObject([{ code: 'ECONNREFUSED', syscall: 'recvmsg' }]);
  });
});

describe('addresses of a tunnel', () => {
  test('are shared by sockets at different ports', async () => {
    const [left, right] = await pair();
    const [one, other] = [await bound(right, 1000), await bound(right, 2000)];
    const sender = await bound(left);
    sender.send('to one', 1000, right.address!);
    expect((await nextMessage(one))[0]).toBe('to one');
    sender.send('to the other', 2000, right.address!);
    expect((await nextMessage(other))[0]).toBe('to the other');
  });

  test('include one for a socket with its own lanip, which may have the same port', async () => {
    const [left, right] = await pair();
    const [usual, special] = [await bound(right, 1000), await bound(right, 1000, { lanip: 7 })];
    const [address] = right.addressesOf(7);
    expect(address).not.toBe(right.address);
    const sender = await bound(left);
    sender.send('hello', 1000, address!);
    const [text, from] = await nextMessage(special);
    expect(text).toBe('hello');
    special.send('back', from.port, from.address);
    expect(await nextMessage(sender)).toMatchObject(['back', { address, port: 1000 }]);
    expect(usual.statistics().datagramsReceived).toBe(0);
  });

  test('exist for valid lanips only', async () => {
    const [tunnel] = await pair();
    for (const lanip of [0, 16_384, 1.5]) {
      expect(() => tunnel.createSocket({ type: 'udp6', lanip })).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
      );
    }
  });

  test('change with an event, and sockets follow, when the router assigns another one', async () => {
    const [left, right] = await pair();
    const socket = tunnelSocketAt(right, right.address!);
    await once(socket, 'listening');
    const before = right.address!;
    const change = once(right, 'address');
    await (right.peer as PeerDaemon).portableDriver.datagrams.rebind(false);
    right.peer.portableDriver.solicit();
    const [lease, previous] = (await change) as [{ address: string }, { address: string }];
    expect(previous.address).toBe(before);
    expect(lease.address).not.toBe(before);
    expect(socket.address().address).toBe(lease.address);
    const sender = await bound(left);
    sender.send('still there?', socket.address().port, lease.address);
    expect((await nextMessage(socket))[0]).toBe('still there?');
  });

  test('are needed to send: without a router, sending is refused', async () => {
    const [left, right, lab] = await pair();
    const socket = await bound(left);
    left.removeRouter(lab.router.endpoint);
    const error = await new Promise((resolve) => socket.send('x', 9, right.address!, resolve));
    expect(error).toMatchObject({ code: 'ENETUNREACH' });
    const back = once(left, 'address');
    left.addRouter(lab.router.endpoint);
    await back;
    expect(await new Promise((resolve) => socket.send('x', 9, right.address!, resolve))).toBeNull();
  });
});

function tunnelSocketAt(tunnel: Tunnel, address: string): TunnelSocket {
  const socket = createSocket({ type: 'udp6', tunnel });
  socket.bind(0, address);
  return socket;
}

describe('a packet out of the tunnel', () => {
  async function openBench(): Promise<{
    tunnel: Tunnel;
    raw: PeerDaemon;
    socket: TunnelSocket;
    send: (packet: Uint8Array) => Promise<void>;
    from: Uint8Array;
    to: Uint8Array;
  }> {
    const lab = await newLab();
    const tunnel = await lab.open();
    const raw = await rawPeer(lab, '203.0.113.77');
    labs.push({ ...lab, close: () => raw.close() });
    const socket = await bound(tunnel, 1000);
    const [from, to] = [parseIPv6(raw.address!), parseIPv6(tunnel.address!)];
    return {
      tunnel,
      raw,
      socket,
      from,
      to,
      send: async (packet) => {
        raw.send(packet);
        await settled();
      },
    };
  }

  const datagram = (source: Uint8Array, destination: Uint8Array, port: number): Uint8Array =>
    buildUdp({
      source,
      destination,
      sourcePort: 5000,
      destinationPort: port,
      payload: Buffer.from('payload!'),
    });

  test('with a wrong UDP checksum reaches no socket and is counted', async () => {
    const { tunnel, socket, send, from, to } = await openBench();
    const packet = datagram(from, to, 1000);
    packet[packet.length - 1]! ^= 1;
    await send(packet);
    expect(tunnel.statistics()).toMatchObject({ badUdp: 1 });
    expect(socket.statistics().datagramsReceived).toBe(0);
    await send(datagram(from, to, 1000));
    expect(socket.statistics().datagramsReceived).toBe(1);
  });

  test('without UDP checksum reaches no socket', async () => {
    const { tunnel, send, from, to } = await openBench();
    const packet = datagram(from, to, 1000);
    packet[46] = 0;
    packet[47] = 0;
    await send(packet);
    expect(tunnel.statistics()).toMatchObject({ badUdp: 1 });
  });

  test('with a source that its sender may not use does not pass the filter of the tunnel', async () => {
    const { tunnel, socket, to, from } = await openBench();
    const { network } = labs[0]!;
    const attacker = network.bind('203.0.113.66');
    const { address, port } = tunnel.peer.endpoint;
    const packet = datagram(from, to, 1000);
    const victim = new UdpEndpoint(parseIPv4(address), port);
    attacker.send(packet, 0, packet.length, victim, 0, 0);
    await settled();
    expect(tunnel.statistics().peer.drops).toMatchObject({ 'source-mismatch': 1 });
    expect(socket.statistics().datagramsReceived).toBe(0);
    expect(tunnel.statistics().peer.packetsDelivered).toBe(0);
  });

  test('to an unbound port causes Port Unreachable, at a limited rate', async () => {
    const { tunnel, raw, send, from, to } = await openBench();
    const answers: Uint8Array[] = [];
    raw.on('packet', (packet) => answers.push(packet));
    const packet = datagram(from, to, 999);
    await send(packet);
    const parsed = parseIcmpError(answers[0]!, 0, answers[0]!.length);
    expect(parsed).toMatchObject({ ok: true, value: { type: 'destination-unreachable', code: 4 } });
    expect(parsed.ok && formatIPv6(parsed.value.source)).toBe(tunnel.address);
    for (let count = 0; count < 40; count++) raw.send(packet);
    await settled();
    expect(answers.length).toBeLessThanOrEqual(12);
    expect(tunnel.statistics().errorsWithheld).toBeGreaterThan(25);
  });

  test('to an unused address causes Address Unreachable', async () => {
    const { tunnel, raw, send, from } = await openBench();
    const answer = once(raw, 'packet');
    await send(datagram(from, parseIPv6(tunnel.addressesOf(99)[0]!), 1000));
    const [packet] = (await answer) as [Uint8Array];
    expect(parseIcmpError(packet, 0, packet.length)).toMatchObject({ value: { code: 3 } });
  });

  test('that is an ICMPv6 error is reported to the connected socket that sent the invoking packet only', async () => {
    const { tunnel, send, from, to, raw } = await openBench();
    const connected = tunnel.createSocket('udp6');
    connected.connect(7, raw.address!);
    await once(connected, 'connect');
    const errors: unknown[] = [];
    connected.on('error', (error) => errors.push(error));
    const about = (sourcePort: number, destinationPort: number, code: number): Uint8Array =>
      buildIcmpError({
        type: 'destination-unreachable',
        code,
        source: from,
        destination: to,
        invoking: buildUdp({
          source: to,
          destination: from,
          sourcePort,
          destinationPort,
          payload: new Uint8Array(8),
        }),
      });
    const { port } = connected.address();
    await send(about(port, 8, 4));
    await send(about(port + 1, 7, 4));
    await send(about(1000, 7, 4));
    await send(about(port, 7, 0));
    expect(errors).toEqual([]);
    await send(about(port, 7, 4));
    expect(errors).toMatchObject([{ code: 'ECONNREFUSED', syscall: 'recvmsg' }]);
    expect(tunnel.statistics().errorsIgnored).toBe(4);
  });

  test('that is an echo request is answered', async () => {
    const { raw, send, from, to, tunnel } = await openBench();
    const answer = once(raw, 'packet');
    await send(
      buildEcho({
        type: 'echo-request',
        source: from,
        destination: to,
        hopLimit: 64,
        identifier: 1,
        sequence: 2,
        data: Buffer.from('abc'),
      }),
    );
    const [packet] = (await answer) as [Uint8Array];
    expect(packet[40]).toBe(129);
    expect(tunnel.statistics().echoesAnswered).toBe(1);
  });

  test('of another protocol, or with a routing header, is emitted by the peer', async () => {
    const { tunnel, send, from, to } = await openBench();
    const others: Uint8Array[] = [];
    tunnel.peer.on('packet', (packet) => others.push(packet));
    for (const nextHeader of [132, 43]) {
      const packet = new Uint8Array(60);
      writeIPv6Header(packet, 0, {
        payloadLength: 20,
        nextHeader,
        hopLimit: 64,
        source: from,
        destination: to,
      });
      await send(packet);
    }
    expect(others.map((packet) => packet[6])).toEqual([132, 43]);
    expect(tunnel.statistics().otherProtocol).toBe(2);
  });

  test('with options before UDP reaches the socket', async () => {
    const { socket, send, from, to } = await openBench();
    const plain = datagram(from, to, 1000);
    const packet = new Uint8Array(plain.length + 8);
    packet.set(plain.subarray(0, 40));
    packet.set([17, 0, 1, 4, 0, 0, 0, 0], 40);
    packet.set(plain.subarray(40), 48);
    packet[5]! += 8;
    packet[6] = 60;
    await send(packet);
    expect(socket.statistics().datagramsReceived).toBe(1);
  });
});

describe('direct paths', () => {
  test('are found by waitForDirect without any traffic of sockets', async () => {
    const [left, right] = await pair();
    expect(left.path(right.address!)).toBeNull();
    const snapshot = await left.waitForDirect(right.address!);
    expect(snapshot).toMatchObject({ address: right.address, path: 'direct' });
    expect(left.path(right.address!)).toMatchObject({ path: 'direct' });
    // And at once when it is there.
    await left.waitForDirect(right.address!, { timeout: 1 });
  });

  test('are found by waitForDirect with draft04 as well', async () => {
    const network = memoryNetwork();
    const { startRouter } = await import('../../src/index.js');
    const router = await startRouter({
      dialect: 'draft04',
      datagrams: network.bind('198.51.100.1', 25790),
    });
    const open = (address: string): Promise<Tunnel> =>
      openTunnel({
        dialect: 'draft04',
        routers: router.endpoint,
        datagrams: network.bind(address),
      });
    const [left, right] = [await open('203.0.113.1'), await open('203.0.113.2')];
    const found = await left.waitForDirect(right.address!);
    expect(found).toMatchObject({ path: 'direct', confirmedBy: 'seen' });
    await Promise.all([left.close(), right.close(), router.close()]);
  });

  const relayedOnly = (): ReturnType<typeof memoryNetwork> =>
    memoryNetwork({
      forward: ({ source, destination }) => source.port === 25790 || destination.port === 25790,
    });

  test('make waitForDirect reject in time where there is none, stating the attempts', async () => {
    const lab = await newLab(relayedOnly());
    const [left, right] = [await lab.open(), await lab.open()];
    const waiting = left.waitForDirect(right.address!, { timeout: 700 });
    await expect(waiting).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringMatching(/within 700 ms, after (1 echo request|\d echo requests);/),
    });
    const aborted = left.waitForDirect(right.address!, { signal: AbortSignal.timeout(50) });
    await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(() => left.path('nonsense')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  test('make waitForDirect reject at once where none is possible', async () => {
    const [left] = await pair();
    await expect(left.waitForDirect('2001:db8::1')).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
  });

  test('are not used by a socket or a datagram with the policy prohibited', async () => {
    const [left, right] = await pair();
    await left.waitForDirect(right.address!);
    const receiver = await bound(right, 1000);
    const strict = await bound(left, 0, { policy: 'prohibited' });
    const relayed = left.path(right.address!)!.packetsSentRelayed;
    strict.send('x', 1000, right.address!);
    await nextMessage(receiver);
    expect(left.path(right.address!)!.packetsSentRelayed).toBe(relayed + 1);
    const usual = await bound(left);
    usual.sendBy('prohibited', 'y', 1000, right.address!);
    await nextMessage(receiver);
    expect(left.path(right.address!)!.packetsSentRelayed).toBe(relayed + 2);
    usual.send('z', 1000, right.address!);
    await nextMessage(receiver);
    expect(left.path(right.address!)!.packetsSentRelayed).toBe(relayed + 2);
    strict.policy = 'proper';
    strict.send('x', 1000, right.address!);
    await nextMessage(receiver);
    expect(left.path(right.address!)!.packetsSentRelayed).toBe(relayed + 2);
  });

  test('are required by a socket with the policy persistent, whose datagrams fail without one', async () => {
    const lab = await newLab(relayedOnly());
    const [left, right] = [await lab.open(), await lab.open()];
    const socket = await bound(left, 0, { policy: 'persistent' });
    const send = (): Promise<unknown> =>
      new Promise((resolve) => socket.send('x', 9, right.address!, resolve));
    // The first packets go directly while the path is being searched.
    expect(await send()).toBeNull();
    await once(left, 'path');
    expect(await send()).toMatchObject({ code: 'EHOSTUNREACH' });
    expect(left.path(right.address!)!.packetsSentDirect).toBe(1);
  });

  test('are confirmed by the reply to an opportunistic datagram', async () => {
    const [left, right] = await pair();
    const receiver = await bound(right, 1000);
    receiver.on('message', (_message, from) => receiver.send('answer', from.port, from.address));
    const socket = await bound(left);
    const sent = socket.sendOpportunistic('request', 1000, right.address!);
    expect(sent.isOpportunistic).toBe(true);
    await nextMessage(socket);
    expect(sent.answered()).toBe(true);
    expect(left.path(right.address!)).toMatchObject({ path: 'direct', confirmedBy: 'upper-layer' });
    expect(sent.answered()).toBe(false);
  });
});

describe('datagrams to a socket that is being bound', () => {
  test('wait for it, as many as fit into a receive buffer', async () => {
    const [tunnel] = await pair();
    const sender = await bound(tunnel);
    const late = tunnel.createSocket('udp6');
    late.bind(1234);
    const [count, size] = [300, 1000];
    for (let sent = 0; sent < count; sent++) sender.send(Buffer.alloc(size), 1234, '::1');
    await settled();
    expect(late.statistics().datagramsReceived).toBe(Math.floor(212_992 / size));
    sender.send('more', 1234, '::1');
    expect((await nextMessage(late))[0]).toBe('more');
  });
});

describe('a name', () => {
  test('is looked up by the dns.lookup of the moment', async () => {
    const [tunnel] = await pair();
    const socket = await bound(tunnel);
    const { lookup } = dns;
    dns.lookup = ((_name: string, _family: number, callback: (...found: unknown[]) => void) =>
      process.nextTick(callback, null, '::1', 6)) as unknown as typeof lookup;
    try {
      const arrival = nextMessage(socket);
      socket.send('hello', socket.address().port, 'my.test');
      expect((await arrival)[0]).toBe('hello');
      const other = tunnel.createSocket('udp6');
      other.bind(0, 'also.test');
      await once(other, 'listening');
      expect(other.address().address).toBe('::1');
    } finally {
      dns.lookup = lookup;
    }
  });
});

describe('memberships', () => {
  const group = 'ff02::fd';

  test('on several interfaces are left one by one', async () => {
    const [tunnel] = await pair();
    const socket = await bound(tunnel);
    socket.addMembership(group, '::%eth0');
    socket.addMembership(group, '::%eth1');
    expect(() => socket.addMembership(group, 'fe80::1%eth1')).toThrow(/EADDRINUSE/);
    socket.dropMembership(group, '::%eth0');
    const arrival = nextMessage(socket);
    socket.send('still there?', socket.address().port, group);
    expect((await arrival)[0]).toBe('still there?');
    socket.dropMembership(group, '::%eth1');
    socket.send('and now?', socket.address().port, group);
    await sleep(20);
    expect(socket.statistics().datagramsReceived).toBe(1);
    expect(() => socket.dropMembership(group, '::%eth1')).toThrow(/EADDRNOTAVAIL/);
  });

  test('for sources are left one by one, or all with the group', async () => {
    const [tunnel] = await pair();
    const socket = await bound(tunnel);
    const [one, other] = ['2001:db8::1', '2001:db8::2'];
    socket.addSourceSpecificMembership(one, group);
    expect(() => socket.addSourceSpecificMembership(one, group)).toThrow(/EADDRNOTAVAIL/);
    socket.addSourceSpecificMembership(other, group);
    socket.dropSourceSpecificMembership(one, group);
    expect(() => socket.dropSourceSpecificMembership(one, group)).toThrow(/EADDRNOTAVAIL/);
    socket.dropMembership(group);
    expect(() => socket.dropSourceSpecificMembership(other, group)).toThrow(/EINVAL/);
  });

  test('of a socket that is bound in the turn of the send receive it', async () => {
    const [tunnel] = await pair();
    const sender = await bound(tunnel);
    const late = tunnel.createSocket({ type: 'udp6', reuseAddr: true });
    late.addMembership(group);
    late.bind(1234);
    const arrival = nextMessage(late);
    sender.send('hello', 1234, group);
    expect((await arrival)[0]).toBe('hello');
  });
});

describe('an exception of a listener', () => {
  test('does not cost other sockets their messages', async () => {
    const [left, right] = await pair();
    const [bad, good] = [await bound(right, 1000), await bound(right, 2000)];
    bad.on('message', () => {
      throw new Error('a bug of the application');
    });
    const caught: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => caught.push(error.message));
    const sender = await bound(left);
    const arrival = nextMessage(good);
    sender.send('x', 1000, right.address!);
    sender.send('y', 2000, right.address!);
    expect((await arrival)[0]).toBe('y');
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
    expect(caught).toEqual(['a bug of the application']);
  });
});

describe('a tunnel in its process', () => {
  test('closes its sockets with it', async () => {
    const [left] = await pair();
    const socket = await bound(left);
    const closed = once(socket, 'close');
    await left.close();
    await closed;
    expect(() => left.createSocket('udp6')).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' }),
    );
    await left.close();
  });

  const PROGRAM = `
    import { memoryNetwork, openTunnel, startRouter } from '@6bed4/node';
    const router = await startRouter({ listen: '127.0.0.1', port: 0 });
    const tunnel = await openTunnel({ routers: router.endpoint, listen: '127.0.0.1' });
    const socket = tunnel.createSocket('udp6');
    await new Promise((resolve) => socket.bind(resolve));
    await router.close();
    console.log('open');
  `;

  async function start(more: string): Promise<RunningProgram> {
    requireBuild();
    const args = ['--input-type=module', '-e', PROGRAM + more];
    const program = new RunningProgram(process.execPath, args, 'the program');
    await program.waitForLine(/^open$/);
    return program;
  }

  test.each([
    ['while a socket is bound', ''],
    ['after tunnel.ref()', 'socket.close(); tunnel.ref()'],
  ])('keeps the process alive %s', async (_title, more) => {
    const program = await start(more);
    await sleep(1_000);
    expect(program.running).toBe(true);
    await program.stop();
  });

  test.each(['socket.unref()', 'socket.close()'])('lets the process end after %s', async (more) => {
    expect(await (await start(more)).ended).toEqual({ code: 0, signal: null });
  });
});
