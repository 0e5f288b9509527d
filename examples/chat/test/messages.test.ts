import { once } from 'node:events';
import {
  type ClientRequest,
  createServer,
  type RequestOptions,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
// @ts-expect-error the example is plain JavaScript
import * as messages from '../messages.mjs';

const { accept, deliver, enqueue } = messages;

let server: Server;
let received: unknown[];
let answer: 'as it should' | 'not at all' | 'too late' | 'with an error';
let requests: number;

beforeEach(async () => {
  received = [];
  answer = 'as it should';
  requests = 0;
  const sender = {};
  server = createServer(async (request, response) => {
    requests++;
    if (answer === 'not at all') return void request.socket.destroy();
    if (answer === 'with an error') return void response.writeHead(500).end();
    if (answer === 'too late') {
      // The message has arrived, its acknowledgment does not.
      const lost = Object.assign(Object.create(response), {
        writeHead: () => ({ end: () => request.socket.destroy() }),
      });
      return void received.push(await accept(request, lost, sender));
    }
    const content = await accept(request, response, sender).catch(() => 'too long');
    if (content !== undefined) received.push(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  vi.useRealTimers();
  server.close();
  server.closeAllConnections();
});

function send(options: RequestOptions): ClientRequest {
  const { port } = server.address() as AddressInfo;
  return request({ host: '127.0.0.1', port, ...options });
}

interface Contact {
  readonly waiting: string[];
  failedAt?: number;
}

const contact = (): Contact => ({ waiting: [] });

describe('messages', () => {
  test('arrive once and in order, also when they are written meanwhile', async () => {
    const bob = contact();
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index} é 🙂`);
    for (const text of texts.slice(0, 10)) enqueue(bob, text);
    const first = deliver(bob, send);
    for (const text of texts.slice(10)) enqueue(bob, text);
    await Promise.all([first, deliver(bob, send)]);
    expect(received).toEqual(texts);
    expect(bob.waiting).toEqual([]);
    expect(requests).toBe(20);
  });

  test.each(['not at all', 'with an error'] as const)(
    'wait when they are answered %s',
    async (failure) => {
      const bob = contact();
      enqueue(bob, 'hello');
      answer = failure;
      await expect(deliver(bob, send)).rejects.toThrow();
      expect(bob.waiting.length).toBe(1);
      answer = 'as it should';
      // A contact that cannot be reached is not asked over and over.
      await deliver(bob, send);
      expect(received).toEqual([]);
      bob.failedAt = Date.now() - 2_001;
      await deliver(bob, send);
      expect(received).toEqual(['hello']);
    },
  );

  test('show once when their acknowledgment was lost', async () => {
    const bob = contact();
    enqueue(bob, 'hello');
    answer = 'too late';
    await expect(deliver(bob, send)).rejects.toThrow();
    answer = 'as it should';
    bob.failedAt = 0;
    await deliver(bob, send);
    expect(received).toEqual(['hello']);
    expect(bob.waiting).toEqual([]);
  });

  test('are refused when they are too long', () => {
    expect(() => enqueue(contact(), 'é'.repeat(2500))).toThrow(/^50\d\d bytes; 4000 fit$/);
  });

  test.each(['', 'null', '[]', '{', '{"id":{}}', '{"id":"9","content":"x"}', '{"id":1e400}'])(
    'are no messages: %s',
    async (text) => {
      const [response] = await once(send({ method: 'POST' }).end(text), 'response');
      expect(response.statusCode).toBe(400);
      expect(received).toEqual([]);
    },
  );

  test('end a request that is longer than any message', async () => {
    const endless = send({ method: 'POST' });
    endless.write('x'.repeat(5_000));
    await expect(once(endless, 'response')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
