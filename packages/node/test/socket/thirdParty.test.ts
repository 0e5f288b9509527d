import dgram from 'node:dgram';
import { once } from 'node:events';
import { Agent as CoapAgent, createServer, type IncomingMessage, type OutgoingMessage } from 'coap';
import KrpcSocket from 'k-rpc-socket';
import multicastDns from 'multicast-dns';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Tunnel } from '../../src/index.js';
import { type TunnelLab, tunnelLab } from '../support/datagramPlaces.js';

let lab: TunnelLab;
let alice: Tunnel;
let bob: Tunnel;

beforeEach(async () => {
  lab = await tunnelLab();
  [alice, bob] = [await lab.open(), await lab.open()];
});

afterEach(() => lab.close());

describe('libraries for node:dgram, with sockets over a tunnel', () => {
  test('accept them as sockets of node:dgram', () => {
    expect(alice.createSocket('udp6')).toBeInstanceOf(dgram.Socket);
  });

  test('coap: a server answers requests, small and in blocks', async () => {
    const server = createServer(
      { type: 'udp6' },
      (request: IncomingMessage, response: OutgoingMessage) => {
        response.end(
          request.url === '/large' ? Buffer.alloc(3000, 'x') : `hello from ${request.url}`,
        );
      },
    );
    const socket = bob.createSocket('udp6');
    socket.bind(5683);
    await once(socket, 'listening');
    await new Promise<void>((resolve) => {
      server.listen(socket as dgram.Socket, () => resolve());
    });
    const agent = new CoapAgent({
      type: 'udp6',
      socket: alice.createSocket('udp6') as dgram.Socket,
    });
    const get = async (pathname: string): Promise<Buffer> => {
      const request = agent.request({ hostname: bob.address!, port: 5683, pathname });
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return response.payload;
    };
    expect((await get('/small')).toString()).toBe('hello from /small');
    expect((await get('/large')).length).toBe(3000);
    agent.close();
    server.close();
  });

  test('k-rpc-socket: nodes of a BitTorrent DHT query each other', async () => {
    const ours = new KrpcSocket({ socket: alice.createSocket('udp6') });
    const theirs = new KrpcSocket({ socket: bob.createSocket('udp6') });
    ours.bind(6881);
    theirs.bind(6881);
    await once(theirs, 'listening');
    theirs.on('query', (query: { q: Buffer }, peer: unknown) => {
      theirs.response(peer, query, { id: Buffer.alloc(20, 1), echo: query.q });
    });
    const answer = await new Promise((resolve, reject) => {
      ours.query(
        { address: bob.address, host: bob.address, port: 6881 },
        { q: 'ping', a: { id: Buffer.alloc(20, 2) } },
        (error: Error | null, response: unknown) => (error ? reject(error) : resolve(response)),
      );
    });
    expect(answer).toMatchObject({ r: { echo: Buffer.from('ping') } });
    ours.destroy();
    theirs.destroy();
  });

  test('multicast-dns: a query to one address is answered', async () => {
    const responder = multicastDns({
      type: 'udp6',
      ip: 'ff02::fb',
      interface: '::',
      socket: bob.createSocket('udp6') as dgram.Socket,
    });
    responder.on('query', (query, from) => {
      const answers = (query.questions ?? []).map(({ name }) => ({
        name,
        type: 'AAAA' as const,
        ttl: 60,
        data: bob.address!,
      }));
      responder.respond({ answers }, from);
    });
    await once(responder, 'ready');
    const asker = multicastDns({
      type: 'udp6',
      ip: 'ff02::fb',
      interface: '::',
      port: 5354,
      socket: alice.createSocket('udp6') as dgram.Socket,
    });
    await once(asker, 'ready');
    const answered = once(asker, 'response');
    asker.query({ questions: [{ name: 'bob.local', type: 'AAAA' }] }, {
      address: bob.address!,
      port: 5353,
    } as dgram.RemoteInfo);
    const [response] = (await answered) as [{ answers: unknown[] }];
    expect(response.answers).toMatchObject([{ name: 'bob.local', data: bob.address }]);
    responder.destroy();
    asker.destroy();
  });

  test('multicast-dns: two programs on one tunnel receive each other’s multicast', async () => {
    const make = (): ReturnType<typeof multicastDns> =>
      multicastDns({
        type: 'udp6',
        ip: 'ff02::fb',
        interface: '::',
        socket: alice.createSocket({ type: 'udp6', reuseAddr: true }) as dgram.Socket,
      });
    const [one, other] = [make(), make()];
    await Promise.all([once(one, 'ready'), once(other, 'ready')]);
    const received = once(other, 'query');
    one.query('somebody.local', 'AAAA');
    const [query] = (await received) as [{ questions: { name: string }[] }];
    expect(query.questions[0]!.name).toBe('somebody.local');
    one.destroy();
    other.destroy();
  });
});
