import { createSocket } from 'node:dgram';
import { ADDRCONFIG, type LookupAddress, lookup as systemLookup, V4MAPPED } from 'node:dns';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { createLookup, lookup } from '../../src/selection/lookup.js';

const NATIVE = '2001:db8:1::1';
const BOB = 'fc64:bed:c633:6401:c800:7105:9c40:1';
const OWN = 'fc64:bed:c633:6401:c800:7106:9c40:1';
const entry = (address: string): LookupAddress => ({
  address,
  family: address.includes(':') ? 6 : 4,
});

/** A name with all kinds of addresses, on a computer with IPv4 and a tunnel. */
function world(addresses = [NATIVE, BOB, '192.0.2.1']) {
  const resolve = vi.fn(async (_: string, { family }: { family: 0 | 4 | 6; hints: number }) =>
    addresses.map(entry).filter((each) => family === 0 || each.family === family),
  );
  const systemSource = async (destination: string): Promise<{ address: string } | null> =>
    destination.includes(':') ? null : { address: '10.0.0.1' };
  return { resolve, lookup: createLookup({ resolve, systemSource, tunnel: { addresses: [OWN] } }) };
}

describe('lookup', () => {
  test('orders addresses by the rules', async () => {
    const all = await world().lookup.promise('bob.example', { all: true });
    expect(all).toEqual(['192.0.2.1', BOB, NATIVE].map(entry));
  });

  test('returns the first address alone without the option all', async () => {
    expect(await world().lookup.promise('bob.example')).toEqual(entry('192.0.2.1'));
    expect(await world().lookup.promise('bob.example', 6)).toEqual(entry(BOB));
    expect(await world().lookup.promise('bob.example', { family: 'IPv6' })).toEqual(entry(BOB));
  });

  test('has the callback forms of dns.lookup', async () => {
    const { lookup } = world();
    const answer = (...args: unknown[]): Promise<unknown[]> =>
      new Promise((resolve) => {
        (lookup as (...each: unknown[]) => void)(...args, (...results: unknown[]) =>
          resolve(results),
        );
      });
    expect(await answer('bob.example')).toEqual([null, '192.0.2.1', 4]);
    expect(await answer('bob.example', 6)).toEqual([null, BOB, 6]);
    expect(await answer('bob.example', null)).toEqual([null, '192.0.2.1', 4]);
    expect(await answer('bob.example', { family: 6, all: true })).toEqual([
      null,
      [BOB, NATIVE].map(entry),
    ]);
    expect(() => lookup('bob.example', 6, undefined as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  test('works with util.promisify, as dns.lookup', async () => {
    const promised = promisify(world().lookup) as unknown as typeof lookup.promise;
    expect(await promised('bob.example')).toEqual(entry('192.0.2.1'));
    expect(await promised('bob.example', { all: true })).toHaveLength(3);
  });

  test('returns literal addresses as they are, without resolving', async () => {
    const { lookup, resolve } = world();
    expect(await lookup.promise('::1', { family: 4 })).toEqual(entry('::1'));
    expect(await lookup.promise('192.0.2.9', { all: true })).toEqual([entry('192.0.2.9')]);
    expect(resolve).not.toHaveBeenCalled();
  });

  test('keeps the order that its options request', async () => {
    const { lookup } = world([BOB, '192.0.2.1', NATIVE]);
    const order = async (options: object): Promise<string[]> =>
      (await lookup.promise('bob.example', { all: true, ...options })).map(
        ({ address }) => address,
      );
    expect(await order({ verbatim: true })).toEqual([BOB, '192.0.2.1', NATIVE]);
    expect(await order({ verbatim: false })).toEqual(['192.0.2.1', BOB, NATIVE]);
    expect(await order({ order: 'ipv6first' })).toEqual([BOB, NATIVE, '192.0.2.1']);
  });

  test('includes IPv6 addresses with ADDRCONFIG where there is a tunnel', async () => {
    const { lookup, resolve } = world();
    await lookup.promise('bob.example', { hints: ADDRCONFIG | V4MAPPED });
    expect(resolve.mock.lastCall).toEqual(['bob.example', { family: 0, hints: V4MAPPED }]);
    const without = createLookup({ resolve });
    await without.promise('192.0.2.1.example', { hints: ADDRCONFIG });
    expect(resolve.mock.lastCall?.[1].hints).toBe(ADDRCONFIG);
  });

  test('fails as dns.lookup does', async () => {
    const failing = world([]).lookup;
    await expect(failing.promise('nobody.example')).rejects.toMatchObject({
      code: 'ENOTFOUND',
      hostname: 'nobody.example',
    });
    await new Promise<void>((resolve) => {
      failing('nobody.example', (error) => {
        expect(error?.code).toBe('ENOTFOUND');
        resolve();
      });
    });
    const wrong = world().lookup.promise('bob.example', { family: 5 });
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('resolves names of the system', async () => {
    const known = await promisify(systemLookup)('localhost', { all: true });
    const found = await lookup.promise('localhost', { all: true });
    const text = (each: LookupAddress[]): string[] => each.map(({ address }) => address).sort();
    expect(text(found)).toEqual(text(known));
  });
});

describe('lookup, as an option', () => {
  const loopback = createLookup({
    resolve: async (_, { family }) =>
      ['::1', '127.0.0.1'].map(entry).filter((each) => family === 0 || each.family === family),
    systemSource: async (destination) =>
      destination.includes(':') ? null : { address: destination },
  });

  test('works with net.connect and http.request', async () => {
    const server = createServer((_, response) => response.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const socket = connect({ host: 'bob.example', port, lookup: loopback as never });
      await once(socket, 'connect');
      socket.destroy();
      const [response] = await once(
        get({ host: 'bob.example', port, lookup: loopback as never, agent: false }),
        'response',
      );
      expect(response.statusCode).toBe(200);
      response.resume();
    } finally {
      server.close();
    }
  });

  test('works with node:dgram', async () => {
    const receiver = createSocket('udp4');
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const sender = createSocket({ type: 'udp4', lookup: loopback as never });
    sender.send('hello', receiver.address().port, 'bob.example');
    expect(String((await once(receiver, 'message'))[0])).toBe('hello');
    sender.close();
    receiver.close();
  });
});
