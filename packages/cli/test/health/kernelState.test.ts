import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { hasPrefix, routeText, udpEndpoints } from '../../src/health/kernelState.js';

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

  test('have names', () => {
    const route = { prefix: parseIPv6('2001:db8::'), length: 32 };
    expect(routeText({ ...route, device: 'tun' })).toBe('2001:db8::/32 dev tun');
    expect(routeText({ ...route, device: null })).toBe('2001:db8::/32 by several interfaces');
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
});
