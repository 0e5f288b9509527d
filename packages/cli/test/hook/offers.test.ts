import { profileOf } from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';
import { describe, expect, test } from 'vitest';
import { offersOf } from '../../src/hook/offers.js';

const LEASE: AddressLease = {
  router: { address: '198.51.100.1', port: 25790 },
  address: 'fc64:bed:c633:6401:c433:6402:9c40:8001',
  prefix: 'fc64:bed:c633:6401:c433:6402:9c40:8000/114',
  publicEndpoint: { address: '198.51.100.2', port: 40000 },
  temporary: false,
  routes: ['2001:db8:beef::/48', '2000::/3'],
  defaultRouter: true,
};
const { layout } = profileOf('draft03');
const NET = 'fc64:bed:c633:6401:c433:6402:9c40';

describe('the offers of a peer', () => {
  test('are its addresses from 2 to 16383, and routes by its prefix', () => {
    expect(offersOf([LEASE], layout)).toEqual([
      ['add-range-offer', `${NET}:8002`, `${NET}:bfff`],
      ['add-route-offer', '2001:db8:beef::', '48', `${NET}:8000`],
      ['add-route-offer', '2000::', '3', `${NET}:8000`],
    ]);
  });

  test('leave its own address out, whichever that is', () => {
    const ranges = (address: string): unknown =>
      offersOf([{ ...LEASE, address, routes: [] }], layout).map(([, first, last]) => [first, last]);
    expect(ranges(`${NET}:8007`)).toEqual([
      [`${NET}:8001`, `${NET}:8006`],
      [`${NET}:8008`, `${NET}:bfff`],
    ]);
    expect(ranges(`${NET}:bfff`)).toEqual([[`${NET}:8001`, `${NET}:bffe`]]);
  });

  test('are those of all routers but temporary ones', () => {
    const prefix = 'fc64:bed:c000:201:c433:6402:9c40:8000/114';
    const other = { ...LEASE, prefix, address: prefix.replace('8000/114', '8001'), routes: [] };
    expect(offersOf([LEASE, other], layout)).toHaveLength(4);
    expect(offersOf([LEASE, { ...other, temporary: true }], layout)).toHaveLength(3);
    expect(offersOf([], layout)).toEqual([]);
  });

  test('have no addresses in draft01, where a peer has one', () => {
    const address = '2001:db8:64:64:429c:c6ff:fe33:6402';
    const lease = { ...LEASE, address, prefix: '2001:db8:64:64::/64', routes: ['2000::/3'] };
    expect(offersOf([lease], profileOf('draft01').layout)).toEqual([
      ['add-route-offer', '2000::', '3', '2001:db8:64:64::'],
    ]);
  });
});
