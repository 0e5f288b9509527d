import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import {
  hasPrefix,
  ipv6Routes,
  type KernelRoute,
  routeText,
  routeTo,
  udpEndpoints,
} from '../../src/health/kernelState.js';

function route(prefix: string, length: number, rest: Partial<KernelRoute> = {}): KernelRoute {
  return {
    prefix: parseIPv6(prefix),
    length,
    metric: 1024,
    isReject: false,
    device: 'eth0',
    ...rest,
  };
}

describe('routes of the kernel', () => {
  test.each([
    ['2001:db8::1', '2001:db8::', 64, true],
    ['2001:db8::1', '2001:db8:0:1::', 63, true],
    ['2001:db8::1', '2001:db8:0:1::', 64, false],
    ['fc64::1', '::', 0, true],
    ['fc64::1', 'fc64::1', 128, true],
    ['fc64::1', 'fc64::2', 127, false],
    ['fc64::2', 'fc64::3', 127, true],
  ])('%s is in %s/%i: %s', (address, prefix, length, isInside) => {
    expect(hasPrefix(parseIPv6(address), parseIPv6(prefix), length)).toBe(isInside);
  });

  test('the longest prefix counts, then the least metric', () => {
    const routes = [
      route('::', 0),
      route('2001:db8::', 32, { metric: 4, isReject: true }),
      route('2001:db8::', 32, { metric: 1, device: 'tun' }),
      route('2001:db9::', 48),
    ];
    expect(routeTo(routes, parseIPv6('2001:db8::1'))?.device).toBe('tun');
    expect(routeTo(routes, parseIPv6('2001:db9::1'))?.length).toBe(48);
    expect(routeTo(routes, parseIPv6('fc64::1'))?.length).toBe(0);
    expect(routeTo([], parseIPv6('fc64::1'))).toBeUndefined();
    expect(routes.map(routeText).slice(1, 3)).toEqual([
      'unreachable 2001:db8::/32',
      '2001:db8::/32 dev tun',
    ]);
  });
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  test('sockets are seen with their endpoints', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    expect((await udpEndpoints())!.has(`127.0.0.1:${port}`)).toBe(true);
    expect((await udpEndpoints())!.has(`127.0.0.2:${port}`)).toBe(false);
    socket.close();
    await once(socket, 'close');
    expect((await udpEndpoints())!.has(`127.0.0.1:${port}`)).toBe(false);
  });

  test('routes are seen with their devices', async () => {
    const routes = (await ipv6Routes())!;
    for (const { prefix, device } of routes) {
      expect(prefix).toHaveLength(16);
      expect(device).toMatch(/^\S+$/);
    }
  });
});
