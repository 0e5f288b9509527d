import { draft01Profile, reference2020 } from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';
import { describe, expect, test } from 'vitest';
import { planOfPeer, planOfRouter } from '../../../src/drivers/ports/interfacePlan.js';

const LEASE: AddressLease = {
  router: { address: '198.51.100.1', port: 25790 },
  address: 'fc64:bed:c633:6401:c433:6402:e49e:8001',
  prefix: 'fc64:bed:c633:6401:c433:6402:e49e:8000/114',
  publicEndpoint: { address: '198.51.100.2', port: 58526 },
  temporary: false,
  routes: ['2001:db8:beef::/64'],
  defaultRouter: true,
};

describe('planOfRouter', () => {
  test('has the address with the /64 that the router serves', () => {
    expect(planOfRouter('fc64::1')).toEqual({ addresses: ['fc64::1/64'], routes: [] });
  });
});

describe('planOfPeer', () => {
  test('is empty before there is an address', () => {
    expect(planOfPeer([], reference2020, true)).toEqual({ addresses: [], routes: [] });
  });

  test('has the address, and routes to all 6bed4 prefixes and those that were offered', () => {
    expect(planOfPeer([LEASE], reference2020, false)).toEqual({
      addresses: ['fc64:bed:c633:6401:c433:6402:e49e:8001/114'],
      routes: [
        { prefix: 'fc64:bed:c633:6401::/64', metric: 1052 },
        { prefix: 'fc64::/16', metric: 1052 },
        { prefix: '2001:64::/32', metric: 1052 },
        { prefix: '2001:db8:beef::/64', metric: 1052 },
      ],
    });
  });

  test('has a default route only when options demand it, whatever the router offers', () => {
    const greedy = { ...LEASE, routes: ['::/0'] };
    const defaultsOf = (wanted: boolean) =>
      planOfPeer([greedy], reference2020, wanted).routes.filter(({ prefix }) => prefix === '::/0');
    expect(defaultsOf(false)).toEqual([]);
    expect(defaultsOf(true)).toEqual([{ prefix: '::/0', metric: 1042 }]);
  });

  test('has once whatever two routers have in common', () => {
    const other = {
      ...LEASE,
      address: 'fc64:bed:c633:6409:c433:6402:e49e:8001',
      prefix: 'fc64:bed:c633:6409:c433:6402:e49e:8000/114',
    };
    const { addresses, routes } = planOfPeer([LEASE, other], reference2020, false);
    expect(addresses).toHaveLength(2);
    expect(routes.map(({ prefix }) => prefix)).toEqual([
      'fc64:bed:c633:6401::/64',
      'fc64:bed:c633:6409::/64',
      'fc64::/16',
      '2001:64::/32',
      '2001:db8:beef::/64',
    ]);
  });

  test('has no route of its own for an on-link /64', () => {
    const lease = {
      ...LEASE,
      address: '2001:db8:64:64:50f5:c6ff:fe33:6402',
      prefix: '2001:db8:64:64::/64',
      routes: [],
    };
    expect(planOfPeer([lease], draft01Profile, false)).toEqual({
      addresses: ['2001:db8:64:64:50f5:c6ff:fe33:6402/64'],
      routes: [],
    });
  });
});
