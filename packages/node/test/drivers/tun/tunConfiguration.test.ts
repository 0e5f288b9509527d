import { parsePrefix } from '@6bed4/codec';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addressMessage } from '../../../src/drivers/kernel/addressMessages.js';
import { AF_NETLINK } from '../../../src/drivers/kernel/constants.js';
import {
  labelMessage,
  routeMessage,
  ruleMessage,
} from '../../../src/drivers/kernel/routingMessages.js';
import { EMPTY_PLAN, type InterfacePlan } from '../../../src/drivers/ports/interfacePlan.js';
import { TunConfiguration } from '../../../src/drivers/tun/tunConfiguration.js';
import type { InterfaceReport, StartError } from '../../../src/index.js';
import { FakeKernel } from '../../support/fakeKernel.js';

const INDEX = 77;
const PLAN: InterfacePlan = {
  addresses: ['fc64::1/114'],
  deprecated: [],
  routes: [
    { prefix: 'fc64::/16', metric: 1052, table: 'main', source: null },
    { prefix: '2000::/3', metric: 1052, table: 'own', source: 'fc64::1' },
  ],
  rules: [
    { priority: 5210, from: 'fc64::/114' },
    { priority: 32_800, from: null },
  ],
  labels: ['fc64::/16'],
};
const RULES = ['rule 5210 from fc64::/114 table 6bed004d', 'rule 32800 from all table 6bed004d'];
const MAIN_ROUTE = 'route fc64::/16 dev 77 table main metric 1052';
const OWN_ROUTE = 'route 2000::/3 dev 77 table 6bed004d metric 1052 src fc64::1';
const ADDRESS = 'address fc64::1/114 dev 77';
const LABEL = 'label fc64::/16 dev 77 6bed';
const ANY_ROUTE = {
  destination: parsePrefix('fd00::/8'),
  table: 254,
  metric: 1,
  source: null,
  interfaceIndex: INDEX,
};
const OWN_ROUTE_IN_KERNEL = {
  ...ANY_ROUTE,
  destination: parsePrefix('2000::/3'),
  table: 0x6bed0000 + INDEX,
  metric: 1052,
};
const ALL = [ADDRESS, ...RULES, MAIN_ROUTE, OWN_ROUTE, LABEL];

let kernel: FakeKernel;
let warnings: StartError[];
let reports: InterfaceReport[];
let opened: TunConfiguration[];

beforeEach(() => {
  kernel = new FakeKernel(INDEX);
  warnings = [];
  reports = [];
  opened = [];
});
afterEach(() => {
  for (const configuration of opened) configuration.close();
});

function open(created = true): TunConfiguration {
  const configuration = TunConfiguration.open(kernel.libc, 'tun-test', created, {
    onWarning: (error) => warnings.push(error),
    onInterface: () => reports.push(configuration.report),
  });
  opened.push(configuration);
  return configuration;
}

/** The requests that change something. */
const changes = (): number =>
  kernel.libc.requests.filter((request) => request[4]! % 4 !== 2).length;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function messages(): Promise<string[]> {
  await turn();
  return warnings.map(({ message }) => message);
}

describe('configure', () => {
  test('sets routes, rules and labels', async () => {
    open().configure(PLAN);
    expect(kernel.objects).toEqual(ALL);
    expect(await messages()).toEqual([]);
  });

  test('deprecates addresses, and prefers them again', async () => {
    const configuration = open();
    const two = { ...PLAN, addresses: [...PLAN.addresses, 'fc64::2/114'] };
    configuration.configure({ ...two, deprecated: ['fc64::2/114'] });
    expect([...kernel.deprecated]).toEqual(['address fc64::2/114 dev 77']);
    configuration.configure({ ...two, deprecated: ['fc64::1/114'] });
    expect([...kernel.deprecated]).toEqual([ADDRESS]);
    configuration.configure(two);
    expect([...kernel.deprecated]).toEqual([]);
    configuration.configure({ ...two, deprecated: ['fc64::2/114'] });
    const before = changes();
    configuration.configure(PLAN);
    // Removed, and not preferred before.
    expect(changes() - before).toBe(1);
    expect(await messages()).toEqual([]);
  });

  test('ends the connections from addresses that it removes, and from no others', () => {
    const configuration = open();
    const diagnoses = (): number => kernel.libc.diagnoses.length;
    configuration.configure({ ...PLAN, addresses: ['fc64::1/114', 'fc64::8001/114'] });
    expect(diagnoses()).toBe(0);
    configuration.configure(PLAN);
    expect(diagnoses()).toBe(1);
    // The address is still the same for the next process.
    configuration.close();
    expect(diagnoses()).toBe(1);
  });

  test('changes only what differs', () => {
    const configuration = open();
    configuration.configure(PLAN);
    const before = changes();
    configuration.configure({
      ...PLAN,
      routes: [PLAN.routes[0]!],
      labels: [...PLAN.labels, 'fd00::/8'],
    });
    expect(kernel.objects).toEqual([
      ...[ADDRESS, ...RULES, MAIN_ROUTE, LABEL],
      'label fd00::/8 dev 77 6bed',
    ]);
    expect(changes()).toBe(before + 2);
    configuration.configure(EMPTY_PLAN);
    expect(kernel.objects).toEqual([]);
  });

  test('accepts what is there already, and what is gone already', async () => {
    const configuration = open();
    kernel.add(
      routeMessage('add', {
        destination: parsePrefix('fc64::/16'),
        table: 254,
        metric: 1052,
        source: null,
        interfaceIndex: INDEX,
      }),
    );
    configuration.configure(PLAN);
    kernel.refuse = () => 'ENODEV';
    configuration.configure(EMPTY_PLAN);
    expect(await messages()).toEqual([]);
  });

  test('warns of a failure to add a route as a route that packets will not take', async () => {
    kernel.refuse = (what) => (what.includes('fc64::/16 dev 77 table') ? 'EINVAL' : null);
    open().configure(PLAN);
    expect(await messages()).toEqual([
      'cannot add route fc64::/16 dev tun-test: EINVAL; packets to it will not use the tunnel',
    ]);
    expect(warnings[0]!.code).toBe('EINVAL');
    expect(kernel.objects).toEqual([ADDRESS, ...RULES, OWN_ROUTE, LABEL]);
  });

  test('warns of a failure to set a label or to remove something', async () => {
    kernel.refuse = (what) => (/^add label|^remove rule/.test(what) ? 'EINVAL' : null);
    const configuration = open();
    configuration.configure(PLAN);
    configuration.configure(EMPTY_PLAN);
    expect(await messages()).toEqual([
      'cannot label addresses under fc64::/16: EINVAL; they may precede native ones',
      'removing a routing rule of tun-test failed: EINVAL',
    ]);
  });

  test.each([
    ['the first', 'add rule 5210'],
    ['the last', 'add rule 32800'],
  ])(
    'without rules, sets no route of its own table when the kernel refuses %s',
    async (_, start) => {
      kernel.refuse = (what) => (what.startsWith(start) ? 'EAFNOSUPPORT' : null);
      const configuration = open();
      configuration.configure(PLAN);
      expect(await messages()).toEqual([
        'the kernel refuses routing rules: EAFNOSUPPORT; what routers offer will not be used',
      ]);
      expect(kernel.objects).not.toContain(OWN_ROUTE);
      expect(kernel.objects).toContain(MAIN_ROUTE);
      // Such a kernel takes any table for the main one.
      const route = { prefix: '2001:db8::/32', metric: 1052, table: 'own', source: null } as const;
      configuration.configure({ ...PLAN, routes: [...PLAN.routes, route] });
      configuration.configure(EMPTY_PLAN);
      const changed = kernel.libc.requests.map((each) => Buffer.from(each).toString('hex'));
      expect(changed.filter((each) => each.includes('140001002000'))).toEqual([]);
      expect(changed.filter((each) => each.includes('1400010020010db8'))).toEqual([]);
      expect(kernel.objects).toEqual([]);
    },
  );

  test('without privileges, tells each command, and throws only for an address', async () => {
    kernel.link = { name: 'tun-test', mtu: 1280, isUp: true };
    kernel.refuse = (what) => (what.startsWith('add address') ? null : 'EPERM');
    const configuration = open();
    configuration.configure(PLAN);
    // The device has the index 77, and a table of its own by that.
    expect(await messages()).toEqual(
      [
        'ip -6 rule add from fc64::/114 lookup 1810694221 priority 5210',
        'ip -6 rule add from all lookup 1810694221 priority 32800',
        'ip -6 route add fc64::/16 dev tun-test metric 1052',
        'ip addrlabel add prefix fc64::/16 dev tun-test label 27629',
      ].map((line) => `routing needs root or CAP_NET_ADMIN: run "${line}"`),
    );
    kernel.refuse = (what) => (what.startsWith('add address') ? 'EPERM' : null);
    const other = { ...PLAN, addresses: ['fc64::2/114'], labels: ['fd00::/8'] };
    expect(() => configuration.configure(other)).toThrow(/needs root or CAP_NET_ADMIN/);
    expect(kernel.objects).toContain('label fd00::/8 dev 77 6bed');
  });

  test('warns where the kernel has no netlink', async () => {
    kernel.libc.onSocket = (domain) => (domain === AF_NETLINK ? 'EPROTONOSUPPORT' : null);
    expect(() => open().configure(PLAN)).toThrow(
      'adding an address to tun-test failed: EPROTONOSUPPORT',
    );
    expect((await messages()).join()).toMatch(/refuses routing rules: EPROTONOSUPPORT/);
  });
});

describe('close', () => {
  test('removes rules and labels of an interface that the kernel removes, and no more', () => {
    const configuration = open();
    configuration.configure(PLAN);
    configuration.close();
    configuration.close();
    expect(kernel.objects).toEqual([ADDRESS, MAIN_ROUTE, OWN_ROUTE]);
  });

  test('removes everything of an interface that stays', () => {
    const configuration = open(false);
    configuration.configure(PLAN);
    configuration.close();
    expect(kernel.objects).toEqual([]);
  });

  test('happens by itself when the process exits', () => {
    const listeners = process.listeners('exit').length;
    const configuration = open();
    configuration.configure(PLAN);
    const onExit = process.listeners('exit').at(-1)!;
    onExit(0);
    expect(kernel.objects).toEqual([ADDRESS, MAIN_ROUTE, OWN_ROUTE]);
    expect(process.listeners('exit')).toHaveLength(listeners);
  });

  test('goes on whatever the kernel refuses', () => {
    const configuration = open(false);
    configuration.configure(PLAN);
    kernel.refuse = (what) => (what.startsWith('remove rule 5210') ? 'EINVAL' : null);
    configuration.close();
    expect(kernel.objects).toEqual([RULES[0]]);
    // The netlink sockets for changes and for link states, and the socket for addresses.
    expect(kernel.libc.closed.length).toBeGreaterThanOrEqual(3);
  });
});

describe('what a killed process left', () => {
  const rule = (table: number, priority = 5210) =>
    ruleMessage('add', { priority, from: parsePrefix('fc64::/114'), table });
  const label = (interfaceIndex: number, value = 0x6bed) =>
    labelMessage('add', { prefix: parsePrefix('fc64::/16'), interfaceIndex, label: value });
  const route = (interfaceIndex: number, table: number, metric = 1052) =>
    routeMessage('add', {
      destination: parsePrefix('2000::/3'),
      table,
      metric,
      source: null,
      interfaceIndex,
    });
  const address = (text: string) =>
    addressMessage('add', { address: parsePrefix(text), interfaceIndex: INDEX });

  test('for interfaces that are no more, or for this one, is removed', () => {
    kernel.add(rule(0x6bed0000 + 5));
    kernel.add(rule(0x6bed0000 + 5, 32_800));
    kernel.add(rule(0x6bed0000 + INDEX));
    kernel.add(rule(0x6bed0000 + 0xffffff));
    kernel.add(label(5));
    kernel.add(label(INDEX));
    kernel.add(route(INDEX, 0x6bed0000 + INDEX));
    kernel.add(route(INDEX, 254));
    kernel.add(route(INDEX, 254, 1042));
    kernel.add(address('fc64::77/128'));
    open(false);
    expect(kernel.objects).toEqual([]);
  });

  test('is told from what belongs to others', () => {
    kernel.interfaces.add(6);
    kernel.add(rule(0x6bed0000 + 6));
    kernel.add(rule(0x6bed0000 + 6, 32_800));
    kernel.add(rule(0x6bed0000 + 5, 5211));
    kernel.add(rule(0x6bed0000));
    kernel.add(rule(0x6bed0000 - 1));
    kernel.add(rule(0x6bed0000 + 2 ** 24));
    kernel.add(rule(254));
    kernel.add(rule(0x6bed0000 + INDEX));
    kernel.add(label(6));
    kernel.add(label(0));
    kernel.add(label(5, 0x6bec));
    kernel.add(route(INDEX, 254, 1024));
    kernel.add(route(6, 0x6bed0000 + 6));
    kernel.add(route(6, 254));
    kernel.add(address('fc65::77/128'));
    const before = kernel.objects;
    open();
    const own = 'rule 5210 from fc64::/114 table 6bed004d';
    expect(kernel.objects).toEqual(before.filter((each) => each !== own));
  });

  test('is not looked for in addresses and routes where no rules are left', () => {
    kernel.add(route(INDEX, 254));
    kernel.add(address('fc64::77/128'));
    const before = kernel.objects;
    open(false);
    expect(kernel.objects).toEqual(before);
  });

  test('stays where the kernel refuses', async () => {
    kernel.add(rule(0x6bed0000 + 5));
    kernel.refuse = () => 'EPERM';
    open();
    expect(kernel.objects).toHaveLength(1);
    expect(await messages()).toEqual([]);
  });
});

describe('what others change', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => vi.useRealTimers());

  /** Lets the kernel tell that something about the interface changed, and time pass. */
  async function tell(milliseconds = 100): Promise<void> {
    kernel.libc.toRead.push(routeMessage('remove', ANY_ROUTE));
    for (const callback of kernel.libc.watched.values()) callback();
    await turn();
    await pass(milliseconds);
  }

  async function pass(milliseconds: number): Promise<void> {
    vi.advanceTimersByTime(milliseconds);
    await turn();
  }

  test.each([
    ['an address', /^address/],
    ['a rule', /^rule 5210/],
    ['a route in the main table', /table main/],
    ['a route in the own table', /^route.*6bed004d/],
    ['everything', /./],
  ])('is put back: %s', async (_, pattern) => {
    const configuration = open();
    configuration.configure(PLAN);
    kernel.lose(pattern);
    await tell(99);
    expect(kernel.objects).not.toHaveLength(ALL.length);
    await pass(1);
    expect([...kernel.objects].sort()).toEqual([...ALL].sort());
    expect(configuration.report).toMatchObject({ missing: [], disputed: [] });
    expect(configuration.report.restorations).toBeGreaterThan(0);
    expect([warnings, reports]).toEqual([[], []]);
  });

  test('is put back: MTU, IFF_UP, and a usable address in place of a duplicate', async () => {
    open().configure(PLAN);
    expect(kernel.link).toMatchObject({ mtu: 1280, isUp: true });
    Object.assign(kernel.link!, { mtu: 1400, isUp: false });
    kernel.duplicates.add(ADDRESS);
    const before = changes();
    await tell();
    expect(kernel.link).toMatchObject({ mtu: 1280, isUp: true });
    expect(changes() - before).toBe(5);
  });

  test('is put back: the source of a route', async () => {
    open().configure(PLAN);
    kernel.lose(/src fc64::1/);
    kernel.add(routeMessage('add', { ...OWN_ROUTE_IN_KERNEL, source: null }));
    await tell();
    expect(kernel.objects).toContain(OWN_ROUTE);
  });

  test('is put back without a message of the kernel within 10 s: a label', async () => {
    open().configure(PLAN);
    kernel.lose(/^label/);
    await pass(9_999);
    expect(kernel.objects).not.toContain(LABEL);
    await pass(1);
    expect(kernel.objects).toContain(LABEL);
  });

  test('is not put back when the interface itself is gone', async () => {
    open().configure(PLAN);
    kernel.lose(/./);
    kernel.link = null;
    kernel.refuse = () => 'ENODEV';
    const before = changes();
    await tell(60_000);
    expect(changes()).toBe(before);
    expect([warnings, reports]).toEqual([[], []]);
  });

  test('is left alone after the end', async () => {
    const configuration = open();
    configuration.configure(PLAN);
    configuration.close();
    kernel.lose(/./);
    await pass(60_000);
    expect(kernel.objects).toEqual([]);
  });

  test('is warned of once and tried again when it cannot be put back', async () => {
    const configuration = open();
    configuration.configure(PLAN);
    kernel.lose(/^address/);
    kernel.refuse = (what) => (what.startsWith('add address') ? 'EACCES' : null);
    await tell();
    const { reason } = configuration.report.missing[0]!;
    expect(configuration.report.missing).toEqual([{ part: 'address fc64::1', reason }]);
    expect(reason).toMatch(/IPv6 is disabled there/);
    for (let second = 0; second < 60; second++) await pass(1_000);
    expect(await messages()).toEqual([reason]);
    kernel.refuse = () => null;
    await pass(10_000);
    expect(kernel.objects).toContain(ADDRESS);
    expect(reports.map(({ missing }) => missing.length)).toEqual([1, 0]);
    expect(warnings).toHaveLength(1);
  });

  test('is put back at most 10 times a minute, and then less often with one warning', async () => {
    const configuration = open();
    configuration.configure(PLAN);
    const steal = async (): Promise<boolean> => {
      kernel.lose(/^address/);
      await tell(1_000);
      return kernel.objects.includes(ADDRESS);
    };
    const stolen: boolean[] = [];
    for (let count = 0; count < 20; count++) stolen.push(await steal());
    expect(stolen.filter(Boolean)).toHaveLength(11);
    expect(stolen.slice(11)).not.toContain(true);
    expect(configuration.report).toMatchObject({
      missing: [{ part: 'address fc64::1' }],
      disputed: ['address fc64::1'],
      restorations: 11,
    });
    for (let second = 0; second < 60; second++) await steal();
    expect(configuration.report.restorations).toBeLessThanOrEqual(14);
    expect(await messages()).toEqual([
      'someone keeps removing from tun-test: address fc64::1; it is put back less often now',
    ]);
    for (let second = 0; second < 600; second++) await pass(1_000);
    expect(configuration.report).toMatchObject({ missing: [], disputed: [] });
  });
});

describe('the default route beside a native one', () => {
  const route = {
    prefix: '::/0',
    metric: 1052,
    table: 'own',
    source: 'fc64::1',
    onlyBesideNative: true,
  } as const;
  const name = 'route ::/0 dev 77 table 6bed004d metric 1052 src fc64::1';
  const plan = { ...PLAN, routes: [...PLAN.routes, route] };

  test('is there as long as that is', () => {
    const configuration = open();
    configuration.configure(plan);
    expect(kernel.objects).not.toContain(name);
    kernel.nativeDefault = 8;
    configuration.configure(plan);
    expect(kernel.objects).toContain(name);
    kernel.nativeDefault = null;
    configuration.configure(plan);
    expect(kernel.objects).not.toContain(name);
    expect(configuration.report.missing).toEqual([]);
  });

  test('is not there because of itself', () => {
    kernel.nativeDefault = INDEX;
    open().configure(plan);
    expect(kernel.objects).not.toContain(name);
  });
});

test('what cannot be set at first is tried again, and then warned of', async () => {
  kernel.refuse = (what) => (what.startsWith('set') ? 'EPERM' : null);
  const configuration = open(false);
  expect(configuration.report.missing.map(({ part }) => part)).toEqual(['MTU 1280', 'up']);
  expect(await messages()).toEqual([]);
  configuration.configure(PLAN);
  expect((await messages()).join()).toMatch(
    /ip link set tun-test mtu 1280.*ip link set tun-test up/,
  );
  expect([...kernel.objects].sort()).toEqual([...ALL].sort());
});
