import { endianness } from 'node:os';
import { describe, expect, test } from 'vitest';
import { viewOf } from '../../../src/drivers/kernel/native.js';
import {
  type Attribute,
  netlinkMessage,
  readAttributes,
  readMessages,
} from '../../../src/drivers/kernel/netlinkMessages.js';
import { LinuxUnderlay } from '../../../src/drivers/udp/linuxUnderlay.js';
import { FakeLibc } from '../../support/fakeLibc.js';

const LE = endianness() === 'LE';
const ROUTER = { address: '192.0.2.1', port: 25790 };
const NAME = '192.0.2.1:25790';
const [NEWLINK, DELLINK, NEWADDR, DELADDR, NEWROUTE, DELROUTE] = [16, 17, 20, 21, 24, 25] as const;
/** Attributes of routes. */
const [DST, SRC, OIF, GATEWAY, PREFSRC] = [1, 2, 4, 5, 7] as const;

function route(type: number, ...attributes: Attribute[]): Uint8Array {
  return netlinkMessage(type, 0, new Uint8Array(12), attributes);
}

function address(type: number, index: number): Uint8Array {
  const body = new Uint8Array(8);
  viewOf(body).setInt32(4, index, LE);
  return netlinkMessage(type, 0, body, []);
}

function link(type: number, index: number, flags: number): Uint8Array {
  const body = new Uint8Array(16);
  viewOf(body).setInt32(4, index, LE);
  viewOf(body).setUint32(8, flags, LE);
  return netlinkMessage(type, 0, body, []);
}

const CONNECTED = 0x41;
const IPV4 = (last: number): Uint8Array => Uint8Array.of(198, 51, 100, last);
const DONE = netlinkMessage(2, 0, new Uint8Array(20), []);

/** A kernel whose way to the router leads through the interface 7. */
class Bench {
  readonly libc = new FakeLibc();
  readonly events: boolean[] = [];
  readonly underlay: LinuxUnderlay;

  constructor(from = '0.0.0.0') {
    this.underlay = LinuxUnderlay.open(this.libc, from, (isLoss) => this.events.push(isLoss))!;
    this.leads([OIF, 7], [PREFSRC, IPV4(2)]);
  }

  leads(...attributes: Attribute[]): void {
    this.libc.onRequest = () => [route(NEWROUTE, ...attributes), DONE];
  }

  look(): Promise<string | null | undefined> {
    return this.underlay.look([ROUTER]).then((ways) => ways.get(NAME));
  }

  /** The kernel reports events; whether any of them is a loss. */
  async report(...messages: (Uint8Array | string)[]): Promise<boolean> {
    this.libc.toRead.push(...messages);
    this.libc.watched.get(100)!();
    await new Promise((resolve) => setImmediate(resolve));
    return this.events.pop()!;
  }
}

describe('the way to a router', () => {
  test('is asked of the kernel, with the local address if there is one', async () => {
    for (const [from, source] of [
      ['0.0.0.0', undefined],
      ['198.51.100.2', [198, 51, 100, 2]],
    ] as const) {
      const bench = new Bench(from);
      await bench.look();
      const request = bench.libc.requests[0]!;
      const [message] = readMessages(viewOf(request), request.length);
      expect(message!.type).toBe(26);
      const attributes = readAttributes(message!, 12);
      const bytes = (type: number) => {
        const value = attributes.get(type);
        return value && [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
      };
      expect(bytes(DST)).toEqual([192, 0, 2, 1]);
      expect(bytes(SRC)).toEqual(source);
      expect([...bench.libc.requests[0]!.subarray(16, 19)]).toEqual([2, 32, source ? 32 : 0]);
    }
  });

  test('differs by interface, next hop and source address', async () => {
    const bench = new Bench();
    const ways = [await bench.look()];
    for (const attributes of [
      [
        [OIF, 8],
        [PREFSRC, IPV4(2)],
      ],
      [
        [OIF, 7],
        [PREFSRC, IPV4(3)],
      ],
      [
        [OIF, 7],
        [PREFSRC, IPV4(2)],
        [GATEWAY, IPV4(1)],
      ],
    ] as Attribute[][]) {
      bench.leads(...attributes);
      ways.push(await bench.look());
    }
    expect(new Set(ways).size).toBe(4);
    bench.leads([OIF, 7], [PREFSRC, IPV4(2)]);
    expect(await bench.look()).toBe(ways[0]);
  });

  test.each(['ENETUNREACH', 'EHOSTUNREACH', 'EINVAL'])('is none after %s', async (code) => {
    const bench = new Bench();
    bench.libc.onRequest = () => code;
    expect(await bench.look()).toBeNull();
  });
});

describe('a loss on the way', () => {
  const looked = async (): Promise<Bench> => {
    const bench = new Bench();
    await bench.look();
    return bench;
  };

  test('is that of an address or a route of its interface', async () => {
    const bench = await looked();
    expect(await bench.report(address(DELADDR, 7))).toBe(true);
    expect(await bench.report(route(DELROUTE, [OIF, 7]))).toBe(true);
    expect(await bench.report(address(DELADDR, 8), route(DELROUTE, [OIF, 8]))).toBe(false);
    expect(await bench.report(route(DELROUTE))).toBe(false);
  });

  test('is not what is added or said again', async () => {
    const bench = await looked();
    const added = [address(NEWADDR, 7), route(NEWROUTE, [OIF, 7]), link(NEWLINK, 7, CONNECTED)];
    expect(await bench.report(...added)).toBe(false);
  });

  test('is a connection that is back after it was gone', async () => {
    for (const gone of [
      link(NEWLINK, 7, 0x1),
      link(NEWLINK, 7, 0x40),
      link(DELLINK, 7, CONNECTED),
    ]) {
      const bench = await looked();
      expect(await bench.report(gone)).toBe(false);
      expect(await bench.report(link(NEWLINK, 7, CONNECTED))).toBe(true);
      expect(await bench.report(link(NEWLINK, 7, CONNECTED))).toBe(false);
    }
    const bench = await looked();
    expect(await bench.report(link(NEWLINK, 8, 0), link(NEWLINK, 8, CONNECTED))).toBe(false);
  });

  test('is assumed when the kernel has dropped events', async () => {
    const bench = await looked();
    expect(await bench.report('ENOBUFS')).toBe(true);
  });

  test.each([0, 8, 20])('is not read from a message of %i bytes', async (size) => {
    const bench = await looked();
    for (const message of [address(DELADDR, 7), route(DELROUTE, [OIF, 7]), link(NEWLINK, 7, 0)]) {
      const cut = message.slice(0, Math.max(size, 4));
      viewOf(cut).setUint32(0, size, LE);
      expect(await bench.report(cut)).toBe(false);
    }
  });
});

test('it needs a netlink socket', () => {
  const [without, refused] = [new FakeLibc(), new FakeLibc()];
  without.onSocket = () => 'EAFNOSUPPORT';
  refused.onBind = () => 'EPERM';
  expect(LinuxUnderlay.open(without, '0.0.0.0', () => {})).toBeNull();
  expect(LinuxUnderlay.open(refused, '0.0.0.0', () => {})).toBeNull();
  expect(refused.closed).toHaveLength(1);
});

test('it closes what it has opened, and reads no more', async () => {
  const bench = new Bench();
  const notify = bench.libc.watched.get(100)!;
  notify();
  bench.underlay.close();
  bench.underlay.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(bench.libc.watched.size).toBe(0);
  expect(bench.libc.closed).toHaveLength(2);
  expect(bench.events).toEqual([]);
});
