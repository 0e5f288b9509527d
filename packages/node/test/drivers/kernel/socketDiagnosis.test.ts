import { endianness } from 'node:os';
import { parsePrefix } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { viewOf } from '../../../src/drivers/kernel/native.js';
import {
  netlinkMessage,
  readAttributes,
  readMessages,
} from '../../../src/drivers/kernel/netlinkMessages.js';
import { endConnectionsFrom } from '../../../src/drivers/kernel/socketDiagnosis.js';
import { FakeLibc } from '../../support/fakeLibc.js';

const LE = endianness() === 'LE';
const [LIST, END, TCP, AF_INET6] = [20, 21, 6, 10] as const;
const SOURCE = parsePrefix('fc64:bed::/114');
const DONE = netlinkMessage(3, 0, new Uint8Array(4), []);

/** A connection as the kernel lists it; its identity consists of this number. */
function connection(number: number): Uint8Array {
  const body = new Uint8Array(72).fill(number, 4, 52);
  return netlinkMessage(LIST, 0, body, []);
}

function typeOf(message: Uint8Array): number {
  return viewOf(message).getUint16(4, LE);
}

function kernelWith(...connections: Uint8Array[]): FakeLibc {
  const libc = new FakeLibc();
  libc.onDiagnosis = (message) => (typeOf(message) === LIST ? [...connections, DONE] : null);
  return libc;
}

describe('connections from a prefix', () => {
  test('are asked for by family, protocol, state and source', () => {
    const libc = kernelWith();
    expect(endConnectionsFrom(libc, SOURCE)).toBe(0);
    const request = libc.diagnoses[0]!;
    const [message] = readMessages(viewOf(request), request.length);
    const { view, body } = message!;
    expect([view.getUint8(body), view.getUint8(body + 1)]).toEqual([AF_INET6, TCP]);
    const states = view.getUint32(body + 4, LE);
    const has = (state: number): boolean => (states & (1 << state)) !== 0;
    // linux/tcp_states.h: ESTABLISHED, SYN_SENT, FIN_WAIT1, CLOSE_WAIT; TIME_WAIT, CLOSE, LISTEN.
    expect([1, 2, 4, 8].every(has)).toBe(true);
    expect([6, 7, 10].some(has)).toBe(false);
    const filter = readAttributes(message!, 56).get(1)!;
    expect(filter.byteLength).toBe(28);
    expect([filter.getUint8(0), filter.getUint8(1), filter.getUint16(2, LE)]).toEqual([7, 28, 32]);
    expect([filter.getUint8(4), filter.getUint8(5), filter.getInt32(8, LE)]).toEqual([
      AF_INET6,
      114,
      -1,
    ]);
    expect(filter.getUint32(12)).toBe(0xfc64_0bed);
  });

  test('are ended one by one', () => {
    const libc = kernelWith(connection(1), connection(2));
    expect(endConnectionsFrom(libc, SOURCE)).toBe(2);
    const ends = libc.diagnoses.filter((message) => typeOf(message) === END);
    for (const [index, message] of ends.entries()) {
      const body = message.subarray(16);
      expect([body[0], body[1], body.length]).toEqual([AF_INET6, TCP, 56]);
      expect([...body.subarray(8)]).toEqual(new Array(48).fill(index + 1));
    }
    expect(libc.closed).toHaveLength(1);
  });

  test('are left when the kernel cannot end them', () => {
    for (const code of ['EPERM', 'EOPNOTSUPP', 'ENOENT']) {
      const libc = kernelWith(connection(1));
      const list = libc.onDiagnosis;
      libc.onDiagnosis = (message) => (typeOf(message) === END ? code : list(message));
      expect(endConnectionsFrom(libc, SOURCE)).toBe(0);
      libc.onDiagnosis = () => code;
      expect(endConnectionsFrom(libc, SOURCE)).toBe(0);
    }
    const without = new FakeLibc();
    without.onSocket = () => 'EPROTONOSUPPORT';
    expect(endConnectionsFrom(without, SOURCE)).toBe(0);
  });

  test('are not read from what is too short', () => {
    expect(endConnectionsFrom(kernelWith(connection(1).slice(0, 60)), SOURCE)).toBe(0);
  });
});
