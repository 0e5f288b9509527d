import { networkInterfaces } from 'node:os';
import { beforeEach, expect, test, vi } from 'vitest';
import { localSubnets } from '../../../src/drivers/udp/localSubnets.js';

vi.mock(import('node:os'), async (original) => ({
  ...(await original()),
  networkInterfaces: vi.fn(),
}));

const found = vi.mocked(networkInterfaces);

function address(cidr: string | null, family: 'IPv4' | 'IPv6' = 'IPv4', internal = false): object {
  return { address: '', netmask: '', mac: '', family, internal, cidr, scopeid: 0 };
}

beforeEach(() => {
  found.mockReset();
});

test('are those of all interfaces with IPv4, each once', () => {
  found.mockReturnValue({
    lo: [address('127.0.0.1/8', 'IPv4', true), address('::1/128', 'IPv6', true)],
    wlan0: [address('192.168.1.7/24'), address('fe80::1/64', 'IPv6'), address('10.0.0.7/8')],
    eth0: [address('192.168.1.7/24'), address(null)],
    down: undefined,
  } as ReturnType<typeof networkInterfaces>);
  expect(localSubnets(null)).toEqual(['10.0.0.7/8', '192.168.1.7/24']);
});

test('leave out the interface of the tunnel', () => {
  found.mockReturnValue({
    '6bed4': [address('192.168.2.1/24')],
    eth0: [address('192.168.1.7/24')],
  } as ReturnType<typeof networkInterfaces>);
  expect(localSubnets('6bed4')).toEqual(['192.168.1.7/24']);
});

test('are none where the system does not tell', () => {
  found.mockImplementation(() => {
    throw new Error('not permitted');
  });
  expect(localSubnets(null)).toEqual([]);
});
