import { draft01Profile, draft02Profile, parsePrefix, reference2020 } from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';
import { describe, expect, test } from 'vitest';
import {
  type InterfacePlan,
  planOfPeer,
  planOfRouter,
} from '../../../src/drivers/ports/interfacePlan.js';

const ADDRESS = 'fc64:bed:c633:6401:c433:6402:e49e:8001';
const PREFIX = 'fc64:bed:c633:6401:c433:6402:e49e:8000/114';
const LEASE: AddressLease = {
  router: { address: '198.51.100.1', port: 25790 },
  address: ADDRESS,
  prefix: PREFIX,
  publicEndpoint: { address: '198.51.100.2', port: 58526 },
  temporary: false,
  routes: ['2001:db8:beef::/64'],
  defaultRouter: true,
};
const OTHER: AddressLease = {
  ...LEASE,
  address: 'fc64:bed:c633:6409:c433:6402:e49e:8001',
  prefix: 'fc64:bed:c633:6409:c433:6402:e49e:8000/114',
};
const NATIVE: AddressLease = {
  ...LEASE,
  address: '2001:db8:64:64:50f5:c6ff:fe33:6402',
  prefix: '2001:db8:64:64::/64',
  routes: [],
};
const MAIN = (prefix: string) => ({ prefix, metric: 1052, table: 'main', source: null });
const OWN = (prefix: string, source: string | null = ADDRESS) => ({
  prefix,
  metric: 1052,
  table: 'own',
  source,
});

/** Routes to what is 6bed4 by itself, for all and for packets from own addresses. */
const BOTH = [
  MAIN('fc64::/16'),
  MAIN('2001:64::/32'),
  OWN('fc64::/16', null),
  OWN('2001:64::/32', null),
];
/** The default route for packets from own addresses. */
const RETURN = (source = ADDRESS) => ({ ...OWN('::/0', source), onlyBesideNative: true });
/** Destinations of {@link BOTH} in the own table. */
const OWN_6BED4 = ['fc64::/16', '2001:64::/32'];

function plan(
  leases: readonly (AddressLease & { readonly reachable?: boolean })[],
  { defaultRoute = false, accept = [] as readonly string[], profile = reference2020 } = {},
): InterfacePlan {
  const acceptRoutes = accept.map((prefix) => parsePrefix(prefix));
  return planOfPeer(leases, profile, { defaultRoute, acceptRoutes });
}

/** Without those that are for answers only. */
const prefixesIn = ({ routes }: InterfacePlan, table: string): string[] =>
  routes
    .filter((route) => route.table === table && !route.onlyBesideNative)
    .map(({ prefix }) => prefix);

describe('planOfRouter', () => {
  test('has the address with the /64 that it serves, and routes to peers of other routers', () => {
    expect(planOfRouter('fc64:bed::1', reference2020)).toEqual({
      addresses: ['fc64:bed::1/64'],
      deprecated: [],
      routes: [...BOTH, MAIN('fc64:bed::/64'), OWN('fc64:bed::/64', null)],
      rules: [{ priority: 5210, from: 'fc64:bed::1/128' }],
      labels: ['fc64::/16', '2001:64::/32', 'fc64:bed::/64'],
    });
  });

  test('has no routes where no prefix is 6bed4 by itself', () => {
    expect(planOfRouter('2001:db8:64:64::1', draft01Profile)).toEqual({
      addresses: ['2001:db8:64:64::1/64'],
      deprecated: [],
      routes: [MAIN('2001:db8:64:64::/64'), OWN('2001:db8:64:64::/64', null)],
      rules: [{ priority: 5210, from: '2001:db8:64:64::1/128' }],
      labels: ['2001:db8:64:64::/64'],
    });
  });
});

describe('planOfPeer', () => {
  test('is empty before there is an address', () => {
    const nothing = { addresses: [], deprecated: [], routes: [], rules: [], labels: [] };
    expect(plan([], { defaultRoute: true, accept: ['::/0'] })).toEqual(nothing);
  });

  test('has routes to 6bed4 prefixes for all, and offered ones in a table of its own', () => {
    expect(plan([LEASE])).toEqual({
      addresses: [`${ADDRESS}/114`],
      deprecated: [],
      routes: [...BOTH, OWN('2001:db8:beef::/64'), RETURN()],
      rules: [
        { priority: 5210, from: PREFIX },
        { priority: 32_800, from: null },
      ],
      labels: ['fc64::/16', '2001:64::/32'],
    });
  });

  test('has a rule for own addresses only where nothing is offered that 6bed4 prefixes do not contain', () => {
    const { routes, rules } = plan([{ ...LEASE, routes: ['fc64:77::/32', '2001:64:1::/48'] }]);
    expect(routes).toEqual([...BOTH, RETURN()]);
    expect(rules).toEqual([{ priority: 5210, from: PREFIX }]);
  });

  test('has what contains a 6bed4 prefix, but not for all', () => {
    const found = plan([{ ...LEASE, routes: ['fc00::/7', '2001::/16'] }]);
    expect(prefixesIn(found, 'own')).toEqual([...OWN_6BED4, 'fc00::/7', '2001::/16']);
    expect(prefixesIn(found, 'main')).toEqual(['fc64::/16', '2001:64::/32']);
  });

  test('has offered routes for all within the prefixes that the user accepts', () => {
    const routes = [
      '2001:db8:beee::/47',
      '2001:db8:beee::/48',
      '2001:db8:beef::/48',
      '2001:db8:beef:1::/64',
      '2001:db8:bef0::/48',
    ];
    const found = plan([{ ...LEASE, routes }], { accept: ['2001:db8:beef::/48', 'fd00::/8'] });
    const accepted = ['2001:db8:beef::/48', '2001:db8:beef:1::/64'];
    expect(prefixesIn(found, 'main')).toEqual(['fc64::/16', '2001:64::/32', ...accepted]);
    expect(found.routes).toContainEqual({ ...MAIN(accepted[0]!), source: ADDRESS });
    expect(prefixesIn(found, 'own')).toEqual([...OWN_6BED4, ...routes]);
  });

  test('has for all the part that the user accepts of a wider route', () => {
    const routes = ['2000::/3', '2001:db8:beef::/48'];
    const found = plan([{ ...LEASE, routes }], { accept: ['2001:4860::/32', '2001:db8::/128'] });
    const accepted = ['2001:4860::/32', '2001:db8::/128'];
    expect(prefixesIn(found, 'main')).toEqual(['fc64::/16', '2001:64::/32', ...accepted]);
    expect(prefixesIn(found, 'own')).toEqual([...OWN_6BED4, ...routes]);
  });

  test('has a default route only when the user demands it, whatever is offered and accepted', () => {
    const greedy = { ...LEASE, routes: ['::/0', '::/1'] };
    const found = plan([greedy], { accept: ['::/0'] });
    expect(found.routes.filter(({ prefix }) => prefix === '::/0')).toEqual([RETURN()]);
    expect(prefixesIn(found, 'main')).toContain('::/1');
    for (const lease of [greedy, LEASE]) {
      const { routes, rules } = plan([lease], { defaultRoute: true });
      expect(routes.filter(({ prefix }) => prefix === '::/0')).toEqual([
        { prefix: '::/0', metric: 1042, table: 'main', source: ADDRESS },
        OWN('::/0'),
      ]);
      expect(rules).toContainEqual({ priority: 5210, from: PREFIX });
    }
  });

  test('has no default route through a router that is none for everywhere', () => {
    const lasting = { ...OTHER, defaultRouter: true };
    const none = { ...LEASE, defaultRouter: false, routes: ['::/0'] };
    const without = plan([none], { defaultRoute: true }).routes;
    expect(without.filter(({ prefix }) => prefix === '::/0')).toEqual([]);
    expect(plan([none, lasting], { defaultRoute: true }).routes).toContainEqual(
      OWN('::/0', OTHER.address),
    );
  });

  test('has once whatever two routers have in common, for the first one', () => {
    const both = plan([LEASE, { ...OTHER, routes: ['2001:db8:beef::/64', '2000::/3'] }]);
    expect(both.addresses).toEqual([`${ADDRESS}/114`, `${OTHER.address}/114`]);
    expect(both.routes.slice(BOTH.length)).toEqual([
      OWN('2001:db8:beef::/64'),
      OWN('2000::/3', OTHER.address),
      RETURN(),
    ]);
    expect(both.rules.map(({ from }) => from)).toEqual([PREFIX, OTHER.prefix, null]);
  });

  test('has nothing but the address and its rule from a temporary lease', () => {
    const temporary = { ...OTHER, temporary: true, routes: ['2000::/3', '::/0'] };
    const found = plan([LEASE, temporary], { defaultRoute: true, accept: ['::/0'] });
    expect(found.addresses).toEqual([`${ADDRESS}/114`, `${OTHER.address}/114`]);
    expect(found.routes).toEqual(plan([LEASE], { defaultRoute: true, accept: ['::/0'] }).routes);
    expect(found.rules.map(({ from }) => from)).toEqual([PREFIX, OTHER.prefix, null]);
    expect(plan([temporary], { defaultRoute: true })).toMatchObject({
      routes: BOTH,
      rules: [{ priority: 5210, from: OTHER.prefix }],
    });
  });

  test('has a native /64 in its own table, and the address without it', () => {
    expect(plan([NATIVE], { profile: draft01Profile })).toEqual({
      addresses: [`${NATIVE.address}/128`],
      deprecated: [],
      routes: [OWN('2001:db8:64:64::/64', NATIVE.address), RETURN(NATIVE.address)],
      rules: [
        { priority: 5210, from: `${NATIVE.address}/128` },
        { priority: 32_800, from: null },
      ],
      labels: ['2001:db8:64:64::/64'],
    });
  });

  test('has a native /64 for all when the user accepts it', () => {
    const options = { profile: draft01Profile, accept: ['2001:db8:64:64::/64'] };
    expect(plan([NATIVE], options).routes).toEqual([
      { ...MAIN('2001:db8:64:64::/64'), source: NATIVE.address },
      OWN('2001:db8:64:64::/64', NATIVE.address),
      RETURN(NATIVE.address),
    ]);
  });

  test('has the /64 of another deployment in its own table', () => {
    const found = plan([LEASE], { profile: draft02Profile });
    expect(prefixesIn(found, 'main')).toEqual(['2001:64::/32']);
    expect(prefixesIn(found, 'own')).toEqual([
      '2001:64::/32',
      'fc64:bed:c633:6401::/64',
      '2001:db8:beef::/64',
    ]);
    expect(found.labels).toEqual(['2001:64::/32', 'fc64:bed:c633:6401::/64']);
  });

  describe('with a router that does not answer', () => {
    const SILENT = { ...LEASE, reachable: false };
    const REACHABLE = { ...OTHER, reachable: true };

    test('deprecates its address, and routes come with that of another', () => {
      const both = plan([SILENT, REACHABLE]);
      expect(new Set(both.addresses)).toEqual(new Set([`${OTHER.address}/114`, `${ADDRESS}/114`]));
      expect(both.deprecated).toEqual([`${ADDRESS}/114`]);
      expect(both.routes).toContainEqual(OWN('2001:db8:beef::/64', OTHER.address));
      expect(plan([LEASE, OTHER]).routes).toContainEqual(OWN('2001:db8:beef::/64', ADDRESS));
    });

    test('deprecates nothing where there is no better address', () => {
      expect(plan([SILENT]).deprecated).toEqual([]);
      expect(plan([SILENT, { ...REACHABLE, reachable: false }]).deprecated).toEqual([]);
      expect(plan([SILENT, { ...REACHABLE, temporary: true }]).deprecated).toEqual([]);
    });
  });
});
