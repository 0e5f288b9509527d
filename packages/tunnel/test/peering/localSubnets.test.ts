import { InvalidArgumentError, parseIPv4 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { LocalSubnets } from '../../src/address/localSubnets.js';

const has = (subnets: readonly string[], address: string): boolean => {
  const local = new LocalSubnets();
  local.set(subnets);
  return local.hasHost(parseIPv4(address) | 0);
};

describe('local subnets', () => {
  test('have no hosts at first, and those of the last ones told after that', () => {
    const local = new LocalSubnets();
    const host = parseIPv4('192.168.1.7') | 0;
    expect(local.hasHost(host)).toBe(false);
    local.set(['10.0.0.0/8', '192.168.1.0/24']);
    expect(local.hasHost(host)).toBe(true);
    local.set(['10.0.0.0/8']);
    expect(local.hasHost(host)).toBe(false);
    local.set([]);
    expect(local.hasHost(parseIPv4('10.0.0.7') | 0)).toBe(false);
  });

  test.each([
    ['192.168.1.0/24', ['192.168.1.1', '192.168.1.254'], ['192.168.0.255', '192.168.2.1']],
    ['192.168.1.77/24', ['192.168.1.1', '192.168.1.254'], ['192.168.1.0', '192.168.1.255']],
    ['10.0.0.0/8', ['10.0.0.1', '10.255.255.254'], ['10.0.0.0', '10.255.255.255', '11.0.0.1']],
    ['172.16.0.0/12', ['172.16.0.1', '172.31.255.254'], ['172.32.0.1', '172.15.255.255']],
    ['169.254.0.0/16', ['169.254.0.1'], ['169.255.0.1', '169.253.0.1']],
    ['192.168.1.4/30', ['192.168.1.5', '192.168.1.6'], ['192.168.1.4', '192.168.1.7']],
    ['192.168.1.4/31', ['192.168.1.4', '192.168.1.5'], ['192.168.1.3', '192.168.1.6']],
    ['192.168.1.4/32', ['192.168.1.4'], ['192.168.1.3', '192.168.1.5']],
    ['0.0.0.0/0', ['10.0.0.1', '192.168.1.1'], []],
  ])('%s has the hosts %j and not %j', (subnet, inside, outside) => {
    for (const address of inside) expect(has([subnet], address), address).toBe(true);
    for (const address of outside) expect(has([subnet], address), address).toBe(false);
  });

  test('have no hosts with public addresses, nor with those that a carrier shares', () => {
    const everywhere = ['0.0.0.0/0', '100.64.0.0/10', '192.0.2.0/24'];
    for (const address of ['100.64.0.1', '100.127.255.254', '192.0.2.1', '8.8.8.8', '127.0.0.1']) {
      expect(has(everywhere, address), address).toBe(false);
    }
  });

  test.each([
    '192.168.1.0',
    '192.168.1.0/',
    '192.168.1.0/33',
    '192.168.1.0/99',
    '192.168.1.0/024',
    '192.168.1.0/-1',
    '192.168.1/24',
    '192.168.1.256/24',
    'fd00::/8',
    '/24',
    ' 192.168.1.0/24',
  ])('refuse %j, and stay as they were', (text) => {
    const local = new LocalSubnets();
    local.set(['192.168.1.0/24']);
    expect(() => local.set(['10.0.0.0/8', text])).toThrow(InvalidArgumentError);
    expect(() => local.set([text])).toThrow(/localSubnets/);
    expect(local.hasHost(parseIPv4('192.168.1.7') | 0)).toBe(true);
    expect(local.hasHost(parseIPv4('10.0.0.7') | 0)).toBe(false);
  });
});
