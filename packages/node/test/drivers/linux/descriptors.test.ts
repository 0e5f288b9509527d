import { beforeEach, describe, expect, test } from 'vitest';
import {
  IFF_MULTI_QUEUE,
  IFF_TUN_EXCL,
  IFF_VNET_HDR,
  IFLA_GSO_MAX_SEGS,
  IFLA_IFNAME,
  IFLA_TXQLEN,
  RTM_SETLINK,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOL_SOCKET,
  SOL_UDP,
  TUN_F_USO6,
  TUNSETIFF,
  TUNSETOFFLOAD,
  UDP_GRO,
  UDP_SEGMENT,
} from '../../../src/drivers/kernel/constants.js';
import { viewOf } from '../../../src/drivers/kernel/native.js';
import {
  readAttributes,
  readMessages,
  readNumber,
} from '../../../src/drivers/kernel/netlinkMessages.js';
import { LinuxTun } from '../../../src/drivers/linux/linuxTun.js';
import { LinuxUdp } from '../../../src/drivers/linux/linuxUdp.js';
import { FakeLibc } from '../../support/fakeLibc.js';

let libc: FakeLibc;

beforeEach(() => {
  libc = new FakeLibc();
});

/** Flags with which interfaces were requested. */
function flagsAskedFor(): number[] {
  return libc.ioctls
    .filter(({ request }) => request === TUNSETIFF)
    .map(({ argument }) => new DataView(argument.buffer).getUint16(16, true));
}

/** Names of interfaces, and the values of an attribute that were set there. */
function valuesSet(attribute: number): [string, number][] {
  return libc.requests
    .flatMap((bytes) => readMessages(viewOf(bytes), bytes.length))
    .filter(({ type }) => type === RTM_SETLINK)
    .flatMap((message) => {
      const attributes = readAttributes(message, 16);
      const name = attributes.get(IFLA_IFNAME)!;
      const text = Buffer.from(name.buffer, name.byteOffset, name.byteLength - 1).toString();
      const value = readNumber(attributes.get(attribute));
      return value === null ? [] : [[text, value]];
    });
}

const limitsSet = () => valuesSet(IFLA_GSO_MAX_SEGS);

describe('LinuxTun', () => {
  test('enables the offloads of TCP and UDP', () => {
    const tun = LinuxTun.open(libc, '6bed4', 1, true);
    expect(tun.features).toEqual({ virtioHeader: true, udpSegmentation: true });
    expect(tun.queues).toEqual([100]);
    expect(flagsAskedFor()).toEqual([0x1001 | IFF_VNET_HDR | IFF_TUN_EXCL]);
    expect(libc.ioctlValues).toEqual([
      { fd: 100, request: TUNSETOFFLOAD, value: 0x01 | 0x04 | 0x08 | 0x20 | 0x40 },
    ]);
  });

  test('enables the offloads of TCP only, where the kernel has none of UDP', () => {
    libc.onIoctlValue = (_, value) => ((value & TUN_F_USO6) !== 0 ? 'EINVAL' : null);
    const tun = LinuxTun.open(libc, '6bed4', 1, true);
    expect(tun.features).toEqual({ virtioHeader: true, udpSegmentation: false });
  });

  test('enables no offloads when they are switched off', () => {
    const tun = LinuxTun.open(libc, '6bed4', 1, false);
    expect(tun.features).toEqual({ virtioHeader: false, udpSegmentation: false });
    expect(flagsAskedFor()).toEqual([0x1001 | IFF_TUN_EXCL]);
    expect(libc.ioctlValues).toEqual([]);
  });

  test('opens a queue for each thread', () => {
    const tun = LinuxTun.open(libc, '6bed4', 3, true);
    expect(tun.queues).toEqual([100, 101, 102]);
    const flags = 0x1001 | IFF_VNET_HDR | IFF_MULTI_QUEUE;
    expect(flagsAskedFor()).toEqual([flags | IFF_TUN_EXCL, flags, flags]);
    tun.close();
    // 103 has set the limit of segments.
    expect(libc.closed).toEqual([103, 100, 101, 102]);
  });

  test('limits packets before segmentation to what one message of UDP_SEGMENT carries', () => {
    const tun = LinuxTun.open(libc, '6bed4', 1, true);
    expect(51 * 1280).toBeLessThanOrEqual(65_507);
    expect(52 * 1280).toBeGreaterThan(65_507);
    expect(limitsSet()).toEqual([['6bed4', 51]]);
    tun.close();
    expect(limitsSet()).toEqual([['6bed4', 51]]);
  });

  test('sets no limit without offloads, and needs none', () => {
    LinuxTun.open(libc, '6bed4', 1, false);
    expect(limitsSet()).toEqual([]);
    libc.onRequest = () => 'EPERM';
    expect(LinuxTun.open(libc, '6bed4', 1, true).features.virtioHeader).toBe(true);
  });

  test('gives an interface of its own a longer queue, with offloads and without', () => {
    LinuxTun.open(libc, 'one', 1, true);
    LinuxTun.open(libc, 'two', 1, false);
    expect(valuesSet(IFLA_TXQLEN)).toEqual([
      ['one', 1000],
      ['two', 1000],
    ]);
  });

  test('opens one queue of an interface that was prepared with one, and disables offloads when it closes', () => {
    libc.onIoctl = (request, argument) => {
      if (request !== TUNSETIFF) return null;
      const flags = new DataView(argument.buffer).getUint16(16, true);
      if ((flags & IFF_TUN_EXCL) !== 0) return 'EBUSY';
      return (flags & IFF_MULTI_QUEUE) !== 0 ? 'EINVAL' : null;
    };
    const tun = LinuxTun.open(libc, 'prepared', 3, true);
    expect(tun.created).toBe(false);
    expect(tun.queues).toHaveLength(1);
    tun.close();
    expect(libc.ioctlValues.at(-1)).toMatchObject({ request: TUNSETOFFLOAD, value: 0 });
    expect(limitsSet()).toEqual([
      ['prepared', 51],
      ['prepared', 65_535],
    ]);
    // The administrator decides on the length of its queue.
    expect(valuesSet(IFLA_TXQLEN)).toEqual([]);
  });

  test('opens one queue of an interface that was prepared with several', () => {
    libc.onIoctl = (request, argument) => {
      if (request !== TUNSETIFF) return null;
      const flags = new DataView(argument.buffer).getUint16(16, true);
      if ((flags & IFF_TUN_EXCL) !== 0) return 'EBUSY';
      return (flags & IFF_MULTI_QUEUE) === 0 ? 'EINVAL' : null;
    };
    expect(LinuxTun.open(libc, 'prepared', 1, true).queues).toHaveLength(1);
    const flags = 0x1001 | IFF_VNET_HDR;
    expect(flagsAskedFor()).toEqual([flags | IFF_TUN_EXCL, flags, flags | IFF_MULTI_QUEUE]);
  });

  test('closes all queues when one cannot be opened', () => {
    let attempts = 0;
    libc.onIoctl = (request) => (request === TUNSETIFF && ++attempts === 3 ? 'E2BIG' : null);
    expect(() => LinuxTun.open(libc, '6bed4', 3, true)).toThrow(/cannot be created: E2BIG/);
    expect([...libc.closed].sort()).toEqual([100, 101, 102]);
  });
});

const WHERE = { address: '192.0.2.1', port: 25_790, even: false, sockets: 1, offloads: true };

describe('LinuxUdp', () => {
  test('binds its sockets, and enables the offloads of the kernel', () => {
    libc.boundPorts.push(25_790);
    const udp = LinuxUdp.open(libc, WHERE);
    expect(udp.endpoint).toEqual({ address: '192.0.2.1', port: 25_790 });
    expect([...libc.bound[0]!.subarray(2, 8)]).toEqual([0x64, 0xbe, 192, 0, 2, 1]);
    expect(udp.features).toEqual({ send: true, receive: true });
    expect(libc.options).toContainEqual({ fd: 100, level: SOL_UDP, name: UDP_GRO, value: 1 });
    udp.close();
    expect(libc.closed).toEqual([100]);
  });

  test('works without the offloads that the kernel does not have', () => {
    libc.onSetsockopt = (level, name) =>
      level === SOL_UDP && name === UDP_GRO ? 'ENOPROTOOPT' : null;
    expect(LinuxUdp.open(libc, WHERE).features).toEqual({ send: true, receive: false });
    libc.onSetsockopt = (level, name) =>
      level === SOL_UDP && name === UDP_SEGMENT ? 'ENOPROTOOPT' : null;
    expect(LinuxUdp.open(libc, WHERE).features).toEqual({ send: false, receive: true });
  });

  test('enables no offloads when they are switched off', () => {
    expect(LinuxUdp.open(libc, { ...WHERE, offloads: false }).features).toEqual({
      send: false,
      receive: false,
    });
    expect(libc.options.filter(({ level }) => level === SOL_UDP)).toEqual([]);
  });

  test('binds several sockets to one port that nobody else uses', () => {
    const udp = LinuxUdp.open(libc, { ...WHERE, sockets: 3 });
    expect(udp.sockets).toEqual([101, 102, 103]);
    expect(libc.closed).toEqual([100]);
    const sharing = libc.options.filter(
      ({ level, name }) => level === SOL_SOCKET && name === SO_REUSEPORT,
    );
    expect(sharing.map(({ fd }) => fd)).toEqual([101, 102, 103]);
    udp.keep(1);
    expect(udp.sockets).toEqual([101]);
    expect(libc.closed).toEqual([100, 102, 103]);
  });

  test('searches for an even port', () => {
    libc.boundPorts.push(50_001, 50_003, 50_004);
    const udp = LinuxUdp.open(libc, { ...WHERE, port: 0, even: true });
    expect(udp.endpoint.port).toBe(50_004);
    expect(libc.closed).toEqual([100, 101]);
  });

  test('rebinds to another port, and closes the previous sockets on request', () => {
    libc.boundPorts.push(50_001, 50_004);
    const udp = LinuxUdp.open(libc, { ...WHERE, port: 0 });
    const leave = udp.rebind(true);
    expect(udp.endpoint.port).toBe(50_004);
    expect(udp.sockets).toEqual([101]);
    expect(libc.closed).toEqual([]);
    leave();
    expect(libc.closed).toEqual([100]);
  });

  test('joins the group of all hosts on the local network', () => {
    const udp = LinuxUdp.open(libc, WHERE);
    expect(udp.openLan(25_790)).toBe(101);
    expect([...libc.bound[1]!.subarray(2, 8)]).toEqual([0x64, 0xbe, 224, 0, 0, 1]);
    expect(libc.options).toContainEqual({
      fd: 101,
      level: SOL_SOCKET,
      name: SO_REUSEADDR,
      value: 1,
    });
    udp.close();
    expect(libc.closed).toEqual([100, 101]);
  });

  test.each([
    ['EADDRINUSE', 'EADDRINUSE', 'UDP port 25790 of 192.0.2.1 is in use'],
    ['EADDRNOTAVAIL', 'EADDRNOTAVAIL', '192.0.2.1 is not an address of this computer'],
    ['EACCES', 'EPERM', 'listening on UDP 192.0.2.1:25790 is not permitted'],
    ['ENOMEM', 'ENOMEM', 'listening on UDP 192.0.2.1:25790 failed: ENOMEM'],
  ])('describes a failure to bind with %s', (failure, code, message) => {
    libc.onBind = () => failure;
    expect(() => LinuxUdp.open(libc, WHERE)).toThrow(expect.objectContaining({ code, message }));
    expect(libc.closed).toEqual([100]);
  });
});
