import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { createHttpAgent, createHttpsAgent, createIdentity } from '@6bed4/node';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { simulate } from '../../node/index.js';
import { openPair } from './support/pair.js';

const BODY = Buffer.alloc(100_000, 'body');

describe('unmodified programs over simulated tunnels', () => {
  test('node:http answers after a second of virtual time', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { alice, bob, close } = await openPair(net);
      const server = http.createServer((_, response) => {
        setTimeout(() => response.end(BODY), 1_000);
      });
      bob.createServer((socket) => server.emit('connection', socket)).listen(80);
      const agent = createHttpAgent(alice, { keepAlive: true });
      const start = Date.now();
      for (const path of ['/first', '/second']) {
        const request = http.get({ host: bob.address!, path, agent });
        const [response] = await once(request, 'response');
        expect((await buffer(response)).equals(BODY)).toBe(true);
      }
      expect(Date.now() - start).toBeGreaterThan(2_000);
      expect(Date.now() - start).toBeLessThan(3_000);
      agent.destroy();
      await close();
    });
  });

  test('node:http closes idle connections after its keepAliveTimeout of virtual time', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { alice, bob, close } = await openPair(net);
      const server = http.createServer({ keepAliveTimeout: 60_000 }, (_, response) => {
        response.end('short');
      });
      bob.createServer((socket) => server.emit('connection', socket)).listen(80);
      const agent = createHttpAgent(alice, { keepAlive: true });
      const request = http.get({ host: bob.address!, agent });
      const [response] = await once(request, 'response');
      await buffer(response);
      const start = net.now;
      await once(request.socket!, 'close');
      expect(net.now - start).toBeGreaterThanOrEqual(60_000);
      expect(net.now - start).toBeLessThan(70_000);
      agent.destroy();
      await close();
    });
  });

  test('node:https with pinned keys', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { alice, bob, close } = await openPair(net, ['APD/APD', 'EI/APD']);
      const [alices, bobs] = [createIdentity(), createIdentity()];
      const server = https.createServer(bobs.serverOptions(alices.fingerprint), (_, response) => {
        response.end(BODY);
      });
      bob.createServer((socket) => server.emit('connection', socket)).listen(443);
      const agent = createHttpsAgent(alice);
      const options = { host: bob.address!, agent, ...alices.clientOptions(bobs.fingerprint) };
      const [response] = await once(https.get(options), 'response');
      expect((await buffer(response)).equals(BODY)).toBe(true);
      agent.destroy();
      await close();
    });
  });

  test('ws exchanges messages and pings', async () => {
    await simulate({ seed: 1 }, async (net) => {
      const { alice, bob, close } = await openPair(net);
      const server = http.createServer();
      const sockets = new WebSocketServer({ server });
      sockets.on('connection', (socket) =>
        socket.on('message', (data) => socket.send(`got ${data}`)),
      );
      bob.createServer((socket) => server.emit('connection', socket)).listen(80);
      const agent = createHttpAgent(alice);
      const client = new WebSocket(`ws://[${bob.address}]/`, { agent });
      await once(client, 'open');
      client.send('a message');
      expect(String((await once(client, 'message'))[0])).toBe('got a message');
      client.ping();
      await once(client, 'pong');
      client.close();
      await once(client, 'close');
      await close();
    });
  });
});
