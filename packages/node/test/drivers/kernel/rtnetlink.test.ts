import { endianness } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { netlinkMessage } from '../../../src/drivers/kernel/netlinkMessages.js';
import { dumpMessage } from '../../../src/drivers/kernel/routingMessages.js';
import { Rtnetlink } from '../../../src/drivers/kernel/rtnetlink.js';
import { FakeLibc } from '../../support/fakeLibc.js';

const LE = endianness() === 'LE';
const NOTHING = new Uint8Array(12);

const answer = (type: number, number = 0): Uint8Array =>
  netlinkMessage(type, 2, Uint8Array.of(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), []);
const DONE = answer(3);

function concatenate(...messages: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(messages.flatMap((message) => [...message]));
}

describe('Rtnetlink', () => {
  test('numbers its requests, and reports what the kernel answers', () => {
    const libc = new FakeLibc();
    const netlink = new Rtnetlink(libc);
    const request = () => netlink.request(netlinkMessage(24, 5, NOTHING, []));
    expect(request()).toBeNull();
    libc.onRequest = () => 'EPERM';
    expect(request()).toBe('EPERM');
    libc.onRequest = () => null;
    expect(request()).toBeNull();
    const sequences = libc.requests.map((each) => new DataView(each.buffer).getUint32(8, LE));
    expect(sequences).toEqual([1, 2, 3]);
  });

  test('hands over all that a dump consists of, in however many pieces', () => {
    const libc = new FakeLibc();
    const netlink = new Rtnetlink(libc);
    const found: number[] = [];
    libc.onRequest = () => [concatenate(answer(32, 1), answer(32, 2)), answer(32, 3), DONE];
    const failure = netlink.request(dumpMessage(34), ({ view, body }) => {
      found.push(view.getUint8(body));
    });
    expect(failure).toBeNull();
    expect(found).toEqual([1, 2, 3]);
  });

  test('takes the first object of a dump that suits, and reads no further', () => {
    const libc = new FakeLibc();
    const netlink = new Rtnetlink(libc);
    const seen: number[] = [];
    const find = (wanted: number) =>
      netlink.find(dumpMessage(34), ({ view, body }) => {
        const number = view.getUint8(body);
        seen.push(number);
        return number === wanted ? `number ${number}` : null;
      });
    libc.onRequest = () => [concatenate(answer(32, 1), answer(32, 2)), answer(32, 3), DONE];
    const read = vi.spyOn(libc, 'read');
    expect(find(1)).toBe('number 1');
    expect(seen).toEqual([1]);
    expect(read).toHaveBeenCalledTimes(1);
    expect(find(9)).toBeNull();
    expect(seen).toEqual([1, 1, 2, 3]);
    libc.onRequest = () => 'EPERM';
    expect(find(1)).toBeNull();
  });

  test('ignores the answer to another request', () => {
    const libc = new FakeLibc();
    const netlink = new Rtnetlink(libc);
    const late = answer(32, 7);
    new DataView(late.buffer).setUint32(8, 99, LE);
    libc.onRequest = () => [concatenate(late, answer(32, 1)), DONE];
    const found: number[] = [];
    netlink.request(dumpMessage(34), ({ view, body }) => found.push(view.getUint8(body)));
    expect(found).toEqual([1]);
  });

  test('reports the error with which a dump is refused', () => {
    const libc = new FakeLibc();
    libc.onRequest = () => 'EPERM';
    expect(new Rtnetlink(libc).request(dumpMessage(34), () => {})).toBe('EPERM');
  });

  test('reports that it cannot be opened, written or read', () => {
    const without = new FakeLibc();
    without.onSocket = () => 'EACCES';
    expect(new Rtnetlink(without).request(dumpMessage(34))).toBe('EACCES');

    const libc = new FakeLibc();
    const netlink = new Rtnetlink(libc);
    libc.onRequest = () => [];
    expect(netlink.request(dumpMessage(34))).toBe('EAGAIN');
    libc.onWrite = () => 'ENOBUFS';
    expect(netlink.request(dumpMessage(34))).toBe('ENOBUFS');
  });

  test('closes its socket once, and answers nothing afterwards', () => {
    const libc = new FakeLibc();
    const netlink = new Rtnetlink(libc);
    netlink.close();
    netlink.close();
    expect(libc.closed).toEqual([100]);
    expect(netlink.request(dumpMessage(34))).toBe('EBADF');
  });
});
