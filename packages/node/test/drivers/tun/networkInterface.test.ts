import { parsePrefix } from '@6bed4/codec';
import { beforeEach, describe, expect, test } from 'vitest';
import { addressMessage } from '../../../src/drivers/kernel/addressMessages.js';
import { NetworkInterface } from '../../../src/drivers/tun/networkInterface.js';
import { FakeKernel } from '../../support/fakeKernel.js';
import { FakeLibc } from '../../support/fakeLibc.js';

const INDEX = 77;
const ADDRESS = { ...parsePrefix('fc64::1/128'), length: 114 };

let kernel: FakeKernel;
let device: NetworkInterface;

beforeEach(() => {
  kernel = new FakeKernel(INDEX);
  device = NetworkInterface.open(kernel.libc, 'tun-test');
});

describe('NetworkInterface', () => {
  test('finds the index of an interface by its name', () => {
    expect(device.index).toBe(INDEX);
    const { argument } = kernel.libc.ioctls[0]!;
    expect(new TextDecoder().decode(argument.subarray(0, 9))).toBe('tun-test\0');
  });

  test('adds and removes an address', () => {
    device.addAddress(ADDRESS);
    expect(kernel.objects).toEqual(['address fc64::1/114 dev 77']);
    expect(device.addresses()).toMatchObject([{ address: ADDRESS, isUsable: true }]);
    device.removeAddress(ADDRESS);
    expect(kernel.objects).toEqual([]);
  });

  test('replaces an address that is a duplicate by one that can be used', () => {
    const message = addressMessage('add', { address: ADDRESS, interfaceIndex: INDEX });
    kernel.add(message);
    kernel.duplicates.add('address fc64::1/114 dev 77');
    expect(device.addresses()).toMatchObject([{ isUsable: false }]);
    const before = kernel.libc.requests.length;
    device.addAddress(ADDRESS);
    const types = kernel.libc.requests.slice(before).map((request) => request[4]! + request[5]!);
    expect(types).toEqual([20, 21, 20]);
  });

  test('sets the MTU and IFF_UP', () => {
    expect(device.link()).toMatchObject({ mtu: 1500, isUp: false });
    device.setMtu(1280);
    expect(device.link()).toMatchObject({ mtu: 1280, isUp: false });
    device.bringUp();
    expect(device.link()).toMatchObject({ mtu: 1280, isUp: true });
  });

  test('knows the name that others have given it', () => {
    kernel.link!.name = 'renamed';
    expect(device.name).toBe('tun-test');
    device.link();
    expect(device.name).toBe('renamed');
    kernel.link = null;
    expect(device.isGone).toBe(false);
    expect(device.link()).toBeNull();
    expect(device.isGone).toBe(true);
    expect(device.name).toBe('renamed');
  });

  test('accepts that an address was removed already', () => {
    device.removeAddress(ADDRESS);
    expect(kernel.objects).toEqual([]);
  });

  test.each([
    ['EPERM', /^adding an address to tun-test needs root or CAP_NET_ADMIN: run "ip address add /],
    ['EACCES', /IPv6 is disabled there: run "sysctl net.ipv6.conf.tun-test.disable_ipv6=0"$/],
    ['ENOBUFS', /^adding an address to tun-test failed: ENOBUFS$/],
  ])('describes the failure %s', (code, message) => {
    kernel.refuse = () => code;
    expect(() => device.addAddress(ADDRESS)).toThrow(message);
  });

  test.each([
    [
      'setting the MTU of tun-test to 1280',
      'ip link set tun-test mtu 1280',
      () => device.setMtu(1280),
    ],
    ['bringing tun-test up', 'ip link set tun-test up', () => device.bringUp()],
  ])('tells what to run where %s needs privileges', (doing, remedy, action) => {
    kernel.refuse = () => 'EPERM';
    expect(action).toThrow(`${doing} needs root or CAP_NET_ADMIN: run "${remedy}"`);
  });

  test('reports that the kernel has no IPv6', () => {
    const libc = new FakeLibc();
    libc.onSocket = () => 'EAFNOSUPPORT';
    expect(() => NetworkInterface.open(libc, 'tun-test')).toThrow(
      'this kernel has no IPv6 (EAFNOSUPPORT)',
    );
  });

  test('closes its sockets', () => {
    device.close();
    device.close();
    expect(kernel.libc.closed).toEqual([100, 101]);
    kernel.libc.onIoctl = () => 'ENODEV';
    expect(() => NetworkInterface.open(kernel.libc, 'gone')).toThrow(
      'looking up gone failed: ENODEV',
    );
    expect(kernel.libc.closed).toHaveLength(3);
  });
});
