import { endianness } from 'node:os';
import { describe, expect, test } from 'vitest';
import { LinkMonitor } from '../../../src/drivers/tun/linkMonitor.js';
import { FakeLibc } from '../../support/fakeLibc.js';

const LE = endianness() === 'LE';
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A message of the kernel that an interface is up or down now (rtnetlink(7)). */
function linkMessage(index: number, isUp: boolean, type = 16): Uint8Array {
  const message = new Uint8Array(48);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length, LE);
  view.setUint16(4, type, LE);
  view.setInt32(20, index, LE);
  view.setUint32(24, isUp ? 0x1091 : 0x1090, LE);
  return message;
}

function concatenate(...messages: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(messages.flatMap((message) => [...message]));
}

async function upsAfter(...reads: readonly Uint8Array[]): Promise<number> {
  const libc = new FakeLibc();
  let ups = 0;
  const monitor = LinkMonitor.open(libc, 7, () => ups++);
  libc.toRead.push(...reads);
  libc.watched.get(100)!();
  await turn();
  monitor?.close();
  expect(libc.watched.size).toBe(0);
  return ups;
}

describe('LinkMonitor', () => {
  test('detects that the interface comes up after it was down', async () => {
    expect(await upsAfter(linkMessage(7, false), linkMessage(7, true))).toBe(1);
    expect(await upsAfter(concatenate(linkMessage(7, false), linkMessage(7, true)))).toBe(1);
  });

  test('ignores all other messages', async () => {
    expect(await upsAfter(linkMessage(7, true), linkMessage(7, true))).toBe(0);
    expect(await upsAfter(linkMessage(7, false))).toBe(0);
    expect(await upsAfter(linkMessage(8, false), linkMessage(8, true))).toBe(0);
    expect(await upsAfter(linkMessage(7, false), linkMessage(7, true, 17))).toBe(0);
  });

  test.each([0, 8, 4096])('ignores a message whose length field is %i', async (size) => {
    const broken = linkMessage(7, true);
    new DataView(broken.buffer).setUint32(0, size, LE);
    expect(await upsAfter(linkMessage(7, false), broken)).toBe(0);
  });

  test('is null where the kernel has no netlink', () => {
    const libc = new FakeLibc();
    libc.onSocket = () => 'EPROTONOSUPPORT';
    expect(LinkMonitor.open(libc, 7, () => {})).toBeNull();
  });
});
