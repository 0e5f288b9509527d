import { parsePrefix } from '@6bed4/codec';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AF_NETLINK } from '../../../src/drivers/kernel/constants.js';
import {
  labelMessage,
  routeMessage,
  ruleMessage,
} from '../../../src/drivers/kernel/routingMessages.js';
import { EMPTY_PLAN, type InterfacePlan } from '../../../src/drivers/ports/interfacePlan.js';
import { TunConfiguration } from '../../../src/drivers/tun/tunConfiguration.js';
import type { StartError } from '../../../src/index.js';
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
const ALL = [ADDRESS, ...RULES, MAIN_ROUTE, OWN_ROUTE, LABEL];

let kernel: FakeKernel;
let warnings: StartError[];
let opened: TunConfiguration[];

beforeEach(() => {
  kernel = new FakeKernel(INDEX);
  warnings = [];
  opened = [];
});
afterEach(() => {
  for (const configuration of opened) configuration.close();
});

function open(created = true): TunConfiguration {
  const configuration = TunConfiguration.open(kernel.libc, 'tun-test', created, (error) => {
    warnings.push(error);
  });
  opened.push(configuration);
  return configuration;
}

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
    const requests = kernel.libc.requests.length;
    configuration.configure(PLAN);
    // Removed, and not preferred before.
    expect(kernel.libc.requests.length - requests).toBe(1);
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
    const requests = kernel.libc.requests.length;
    configuration.configure({
      ...PLAN,
      routes: [PLAN.routes[0]!],
      labels: [...PLAN.labels, 'fd00::/8'],
    });
    expect(kernel.objects).toEqual([
      ...[ADDRESS, ...RULES, MAIN_ROUTE, LABEL],
      'label fd00::/8 dev 77 6bed',
    ]);
    expect(kernel.libc.requests).toHaveLength(requests + 2);
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

  test('without privileges, warns once, and throws only for an address', async () => {
    kernel.refuse = (what) => (what.startsWith('add address') ? null : 'EPERM');
    const configuration = open();
    configuration.configure(PLAN);
    expect(await messages()).toEqual([
      'setting routes, routing rules and address labels of tun-test needs root or CAP_NET_ADMIN',
    ]);
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
  const route = (interfaceIndex: number, table: number) =>
    routeMessage('add', {
      destination: parsePrefix('2000::/3'),
      table,
      metric: 1052,
      source: null,
      interfaceIndex,
    });

  test('for interfaces that are no more, or for this one, is removed', () => {
    kernel.add(rule(0x6bed0000 + 5));
    kernel.add(rule(0x6bed0000 + 5, 32_800));
    kernel.add(rule(0x6bed0000 + INDEX));
    kernel.add(rule(0x6bed0000 + 0xffffff));
    kernel.add(label(5));
    kernel.add(label(INDEX));
    kernel.add(route(INDEX, 0x6bed0000 + INDEX));
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
    kernel.add(route(INDEX, 254));
    kernel.add(route(6, 0x6bed0000 + 6));
    const before = kernel.objects;
    open();
    const own = 'rule 5210 from fc64::/114 table 6bed004d';
    expect(kernel.objects).toEqual(before.filter((each) => each !== own));
  });

  test('stays where the kernel refuses', async () => {
    kernel.add(rule(0x6bed0000 + 5));
    kernel.refuse = () => 'EPERM';
    open();
    expect(kernel.objects).toHaveLength(1);
    expect(await messages()).toEqual([]);
  });
});

test('everything is set again when the interface was down', async () => {
  open().configure(PLAN);
  const down = Uint8Array.from([...linkMessage(false), ...linkMessage(true)]);
  kernel.refuse = () => null;
  const before = kernel.libc.requests.length;
  kernel.libc.toRead.push(down);
  for (const callback of kernel.libc.watched.values()) callback();
  await turn();
  await turn();
  expect(kernel.libc.requests.length - before).toBe(ALL.length);
  expect(await messages()).toEqual([]);
});

function linkMessage(isUp: boolean): Uint8Array {
  const message = new Uint8Array(32);
  const view = new DataView(message.buffer);
  const LE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  view.setUint32(0, message.length, LE);
  view.setUint16(4, 16, LE);
  view.setInt32(20, INDEX, LE);
  view.setUint32(24, isUp ? 1 : 0, LE);
  return message;
}
