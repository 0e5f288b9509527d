import { endianness } from 'node:os';
import { parsePrefix } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import {
  SIOCGIFFLAGS,
  SIOCGIFINDEX,
  SIOCGIFMTU,
  SIOCSIFFLAGS,
  SIOCSIFMTU,
} from '../../../src/drivers/kernel/constants.js';
import { addressMessage } from '../../../src/drivers/kernel/routingMessages.js';
import { NetworkInterface } from '../../../src/drivers/tun/networkInterface.js';
import { FakeLibc } from '../../support/fakeLibc.js';

const LE = endianness() === 'LE';
const INDEX = 77;

/** A kernel with the interface `tun-test`, of that MTU and those flags. */
function build(mtu = 1500, flags = 0x1090): [FakeLibc, NetworkInterface] {
  const libc = new FakeLibc();
  libc.onIoctl = (request, argument) => {
    const view = new DataView(argument.buffer);
    if (request === SIOCGIFINDEX) view.setInt32(16, INDEX, LE);
    if (request === SIOCGIFMTU) view.setInt32(16, mtu, LE);
    if (request === SIOCGIFFLAGS) view.setUint16(16, flags, LE);
    return null;
  };
  return [libc, NetworkInterface.open(libc, 'tun-test')];
}

function withoutSequence(request: Uint8Array): Uint8Array {
  return request.slice().fill(0, 8, 12);
}

function lastCall(libc: FakeLibc): { request: number; view: DataView; argument: Uint8Array } {
  const { request, argument } = libc.ioctls.at(-1)!;
  return { request, argument, view: new DataView(argument.buffer) };
}

describe('NetworkInterface', () => {
  test('finds the index of an interface by its name', () => {
    const [libc, device] = build();
    expect(device.index).toBe(INDEX);
    expect(new TextDecoder().decode(libc.ioctls[0]!.argument.subarray(0, 9))).toBe('tun-test\0');
  });

  test('adds and removes an address', () => {
    const [libc, device] = build();
    const address = { ...parsePrefix('fc64::1/128'), length: 114 };
    device.addAddress(address);
    device.removeAddress(address);
    expect(libc.requests.map(withoutSequence)).toEqual([
      addressMessage('add', { address, interfaceIndex: INDEX }),
      addressMessage('remove', { address, interfaceIndex: INDEX }),
    ]);
  });

  test('sets the MTU and IFF_UP, unless they are set already', () => {
    const [libc, device] = build();
    device.setMtu(1280);
    expect(lastCall(libc)).toMatchObject({ request: SIOCSIFMTU });
    expect(lastCall(libc).view.getInt32(16, LE)).toBe(1280);
    device.bringUp();
    expect(lastCall(libc)).toMatchObject({ request: SIOCSIFFLAGS });
    expect(lastCall(libc).view.getUint16(16, LE)).toBe(0x1091);

    const [again, ready] = build(1280, 0x1091);
    ready.setMtu(1280);
    ready.bringUp();
    const requests = again.ioctls.map(({ request }) => request);
    expect(requests).toEqual([SIOCGIFINDEX, SIOCGIFMTU, SIOCGIFFLAGS]);
  });

  test('accepts that an address exists already, or was removed already', () => {
    const [libc, device] = build();
    const address = parsePrefix('fc64::/16');
    libc.onRequest = () => 'EEXIST';
    device.addAddress(address);
    libc.onRequest = () => 'EADDRNOTAVAIL';
    device.removeAddress(address);
  });

  test.each([
    ['EPERM', 'adding an address to tun-test needs root or CAP_NET_ADMIN'],
    ['EACCES', /IPv6 is disabled there: run "sysctl net.ipv6.conf.tun-test.disable_ipv6=0"$/],
    ['ENOBUFS', 'adding an address to tun-test failed: ENOBUFS'],
  ])('describes the failure %s', (code, message) => {
    const [libc, device] = build();
    libc.onRequest = () => code;
    expect(() => device.addAddress(parsePrefix('fc64::/16'))).toThrow(message);
  });

  test('reports that the kernel has no IPv6', () => {
    const libc = new FakeLibc();
    libc.onSocket = () => 'EAFNOSUPPORT';
    expect(() => NetworkInterface.open(libc, 'tun-test')).toThrow(
      'this kernel has no IPv6 (EAFNOSUPPORT)',
    );
  });

  test('closes its socket', () => {
    const [libc, device] = build();
    device.close();
    device.close();
    expect(libc.closed).toEqual([100, 101]);
    libc.onIoctl = () => 'ENODEV';
    expect(() => NetworkInterface.open(libc, 'gone')).toThrow('looking up gone failed: ENODEV');
    expect(libc.closed).toHaveLength(3);
  });
});
