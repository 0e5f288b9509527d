import { parsePrefix } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { addressMessage } from '../../../src/drivers/kernel/addressMessages.js';
import { bringUpMessage } from '../../../src/drivers/kernel/linkMessages.js';
import { viewOf } from '../../../src/drivers/kernel/native.js';
import {
  type Change,
  routeMessage,
  ruleMessage,
} from '../../../src/drivers/kernel/routingMessages.js';
import { watchInterface } from '../../../src/drivers/tun/watchInterface.js';
import { FakeLibc } from '../../support/fakeLibc.js';

const OWN = 7;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function route(change: Change, interfaceIndex: number, destination = '2001:db8::/32'): Uint8Array {
  return routeMessage(change, {
    destination: parsePrefix(destination),
    table: 254,
    metric: 1024,
    source: null,
    interfaceIndex,
  });
}
const address = (change: Change, interfaceIndex: number): Uint8Array =>
  addressMessage(change, { address: parsePrefix('fc64::1/128'), interfaceIndex });
const rule = (change: Change): Uint8Array =>
  ruleMessage(change, { priority: 5210, from: null, table: 254 });

/** RTM_NEWLINK or RTM_DELLINK. */
function link(index: number, type = 16): Uint8Array {
  const message = bringUpMessage(index);
  viewOf(message).setUint16(4, type, true);
  return message;
}

/** How often a change is reported, after the kernel has sent these. */
async function changesAfter(...reads: readonly (Uint8Array | string)[]): Promise<number> {
  const libc = new FakeLibc();
  let changes = 0;
  const monitor = watchInterface(libc, OWN, () => changes++);
  libc.toRead.push(...reads);
  libc.watched.get(100)!();
  await turn();
  monitor?.close();
  expect(libc.watched.size).toBe(0);
  return changes;
}

describe('the watch of an interface', () => {
  test.each([
    ['its state', link(OWN)],
    ['its removal', link(OWN, 17)],
    ['an address of it that is gone', address('remove', OWN)],
    ['an address of it that is new', address('add', OWN)],
    ['a route through it that is gone', route('remove', OWN)],
    ['a route through it that is new', route('add', OWN)],
    ['any rule that is gone', rule('remove')],
    ['a default route that is new', route('add', 8, '::/0')],
    ['one of the shortest default routes', route('remove', 8, '2000::/3')],
  ])('reports %s', async (_, message) => {
    expect(await changesAfter(message)).toBe(1);
  });

  test.each([
    ['the state of another interface', link(8)],
    ['an address of another interface', address('remove', 8)],
    ['a route through another interface', route('remove', 8)],
    ['a route of 4 bits through another interface', route('remove', 8, '2000::/4')],
    ['a rule that is new', rule('add')],
    ['what is no message', Uint8Array.of(1, 2, 3)],
  ])('does not report %s', async (_, message) => {
    expect(await changesAfter(message)).toBe(0);
  });

  test('reports several changes at once', async () => {
    expect(await changesAfter(link(OWN), address('remove', 8), address('remove', OWN))).toBe(1);
  });

  test('takes lost messages for a change', async () => {
    expect(await changesAfter('ENOBUFS', address('remove', 8))).toBe(1);
  });

  test('is null where the kernel has no netlink', () => {
    const libc = new FakeLibc();
    libc.onSocket = () => 'EPROTONOSUPPORT';
    expect(watchInterface(libc, OWN, () => {})).toBeNull();
    const refusing = new FakeLibc();
    refusing.onBind = () => 'EPERM';
    expect(watchInterface(refusing, OWN, () => {})).toBeNull();
    expect(refusing.closed).toEqual([100]);
  });
});
