import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createStreamEndpoint, type StreamEndpoint, type TunnelStream } from '../src/index.js';
import { type WireSocket, wire } from './support/wire.js';

interface Options {
  readonly allowHalfOpen?: boolean;
}

/** Two connected ends. */
type Pair = [client: Socket | TunnelStream, server: Socket | TunnelStream];

/** The same tests run with `node:net` first, so that they cannot demand what it does not do. */
interface Kind {
  readonly name: string;
  pair(client?: Options, server?: Options): Promise<Pair>;
  cleanUp(): Promise<void>;
}

/** Keeps errors that a test does not check from failing it, such as that of the other side of an abort. */
function unfailing(...pair: Pair): Pair {
  for (const stream of pair) stream.on('error', () => {});
  return pair;
}

function ofNet(): Kind {
  let servers: Server[] = [];
  return {
    name: 'net.Socket',
    async pair(client = {}, server = {}) {
      const listener = createServer({ allowHalfOpen: false, ...server });
      servers.push(listener);
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      const { port } = listener.address() as AddressInfo;
      const near = connect({ port, host: '127.0.0.1', allowHalfOpen: false, ...client });
      const [[far]] = (await Promise.all([
        once(listener, 'connection'),
        once(near, 'connect'),
      ])) as [[Socket], unknown];
      return unfailing(near, far);
    },
    async cleanUp() {
      for (const server of servers) server.close();
      servers = [];
    },
  };
}

function ofStreams(): Kind {
  let endpoints: StreamEndpoint[] = [];
  let sockets: WireSocket[] = [];
  return {
    name: 'TunnelStream',
    async pair(client = {}, server = {}) {
      const [left, right] = wire();
      sockets.push(left, right);
      const near = await createStreamEndpoint(left);
      const far = await createStreamEndpoint(right, server);
      endpoints.push(near, far);
      const { address, port } = right.address();
      const accepted = once(far, 'connection') as Promise<[TunnelStream]>;
      const stream = near.connect({ address, port, ...client });
      const [[other]] = await Promise.all([accepted, once(stream, 'connect')]);
      return unfailing(stream, other);
    },
    async cleanUp() {
      for (const endpoint of endpoints) endpoint.destroy();
      await sleep(20);
      for (const socket of sockets) socket.close();
      endpoints = [];
      sockets = [];
    },
  };
}

/** Writes down what happens to a stream, in order. */
function diary(stream: Duplex): string[] {
  const entries: string[] = [];
  for (const event of ['end', 'finish', 'timeout'] as const) {
    stream.on(event, () => entries.push(event));
  }
  stream.on('data', (data: Buffer) => entries.push(`data ${data.toString()}`));
  stream.on('error', (error: NodeJS.ErrnoException) => entries.push(`error ${error.code}`));
  stream.on('close', (hadError: boolean) => entries.push(`close ${hadError}`));
  return entries;
}

const closed = (stream: Duplex) => new Promise((resolve) => stream.once('close', resolve));

describe.each([ofNet(), ofStreams()])('$name', (kind) => {
  afterEach(() => kind.cleanUp());

  test('closes both sides without an error after both have written and ended', async () => {
    const [near, far] = await kind.pair();
    const [nearDiary, farDiary] = [diary(near), diary(far)];
    const over = Promise.all([closed(near), closed(far)]);
    near.end('request');
    far.end('answer');
    await over;
    expect(farDiary).toContain('data request');
    expect(nearDiary).toContain('data answer');
    expect(nearDiary.at(-1)).toBe('close false');
    expect(farDiary.at(-1)).toBe('close false');
    expect(nearDiary.filter((entry) => entry.startsWith('error'))).toEqual([]);
  });

  test('lets a half-open server write after the client has ended', async () => {
    const [near, far] = await kind.pair({}, { allowHalfOpen: true });
    const nearDiary = diary(near);
    const farDiary = diary(far);
    near.end('request');
    await once(far, 'end');
    expect(far.writable).toBe(true);
    expect(far.readyState).toBe('writeOnly');
    await sleep(50);
    expect(nearDiary).not.toContain('end');
    const over = Promise.all([closed(near), closed(far)]);
    far.write('an');
    far.end('swer');
    await over;
    expect(nearDiary.filter((entry) => entry.startsWith('data')).join('')).toMatch(
      /^data an(data )?swer$/,
    );
    expect(nearDiary.slice(-2)).toEqual(['end', 'close false']);
    expect(farDiary.at(-1)).toBe('close false');
  });

  test('without allowHalfOpen ends by itself when the other side ends', async () => {
    const [near, far] = await kind.pair();
    const farDiary = diary(far);
    near.resume();
    const over = Promise.all([closed(near), closed(far)]);
    near.end();
    await over;
    expect(farDiary).toEqual(['end', 'finish', 'close false']);
  });

  test('without allowHalfOpen fails writes after the other side has ended with EPIPE', async () => {
    const [near, far] = await kind.pair({ allowHalfOpen: true });
    const farDiary = diary(far);
    near.resume();
    // The stream ends itself a tick after it has said so.
    far.on('end', () => {
      process.nextTick(() => process.nextTick(() => far.write('too late')));
    });
    const over = closed(far);
    near.end();
    await over;
    expect(farDiary).toContain('error EPIPE');
    expect(farDiary.at(-1)).toBe('close true');
    near.destroy();
  });

  test('fails writes after end() with ERR_STREAM_WRITE_AFTER_END', async () => {
    const [near, far] = await kind.pair();
    far.resume();
    const nearDiary = diary(near);
    const over = closed(near);
    near.end();
    near.write('too late');
    await over;
    expect(nearDiary).toContain('error ERR_STREAM_WRITE_AFTER_END');
  });

  test('passes ERR_STREAM_DESTROYED to the callback of a write after destroy()', async () => {
    const [near, far] = await kind.pair();
    far.resume();
    near.destroy();
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
      near.write('too late', (problem) => resolve(problem as NodeJS.ErrnoException));
    });
    expect(error.code).toBe('ERR_STREAM_DESTROYED');
  });

  test('fails with ECONNRESET when the other side resets', async () => {
    const [near, far] = await kind.pair();
    const farDiary = diary(far);
    const nearDiary = diary(near);
    const over = Promise.all([closed(near), closed(far)]);
    near.resetAndDestroy();
    await over;
    expect(farDiary).toEqual(['error ECONNRESET', 'close true']);
    expect(nearDiary).toEqual(['close false']);
  });

  test('ends when the other side is destroyed with no data in flight', async () => {
    const [near, far] = await kind.pair();
    const farDiary = diary(far);
    near.write('all there is');
    await once(far, 'data');
    const over = closed(far);
    near.destroy();
    await over;
    expect(farDiary).toEqual(['data all there is', 'end', 'finish', 'close false']);
  });

  test('ends without an error when the other side reads with for await', async () => {
    const [near, far] = await kind.pair();
    const nearDiary = diary(near);
    const over = closed(near);
    near.end('words');
    let text = '';
    for await (const piece of far) text += piece;
    await over;
    expect(text).toBe('words');
    expect(nearDiary).toEqual(['finish', 'end', 'close false']);
  });

  test('emits the error that it is destroyed with, and close with true', async () => {
    const [near, far] = await kind.pair();
    far.resume();
    const seen: unknown[] = [];
    near.on('error', (error) => seen.push(error));
    const over = new Promise((resolve) => near.once('close', resolve));
    const cause = new Error('changed my mind');
    near.destroy(cause);
    near.destroy(new Error('a second time'));
    expect(await over).toBe(true);
    expect(seen).toEqual([cause]);
  });

  test('delivers written data before destroySoon() takes effect', async () => {
    const [near, far] = await kind.pair();
    const farDiary = diary(far);
    const over = closed(far);
    near.write('last words');
    near.destroySoon();
    await over;
    expect(farDiary.slice(0, 2)).toEqual(['data last words', 'end']);
  });

  test('emits timeout when idle, and stays open', async () => {
    const [near, far] = await kind.pair();
    far.resume();
    const calls: string[] = [];
    near.setTimeout(60, () => calls.push('timeout'));
    await sleep(30);
    near.write('x');
    await sleep(45);
    expect(calls).toEqual([]);
    await sleep(60);
    expect(calls).toEqual(['timeout']);
    expect(near.destroyed).toBe(false);
    near.setTimeout(0);
    near.destroy();
  });

  test('applies back pressure of a paused reader: write() returns false until drain', async () => {
    const [near, far] = await kind.pair();
    far.pause();
    const piece = Buffer.alloc(64 * 1024);
    let drained = 0;
    near.on('drain', () => drained++);
    let idle = 0;
    while (idle < 10) {
      if (near.writableNeedDrain) {
        await sleep(20);
        idle++;
      } else {
        near.write(piece);
        idle = 0;
      }
    }
    const before = drained;
    expect(near.writableNeedDrain).toBe(true);
    far.resume();
    await once(near, 'drain');
    expect(drained).toBe(before + 1);
    near.destroy();
    far.destroy();
  });

  test('has equal bytesWritten and bytesRead, and mirrored addresses', async () => {
    const [near, far] = await kind.pair();
    expect(near.remotePort).toBe(far.localPort);
    expect(near.localPort).toBe(far.remotePort);
    expect(near.remoteAddress).toBe(far.localAddress);
    expect(near.readyState).toBe('open');
    expect(near.connecting).toBe(false);
    expect(near.pending).toBe(false);
    near.resume();
    far.resume();
    near.write('12345');
    near.write(Buffer.from('été', 'latin1'));
    expect(near.bytesWritten).toBe(8);
    const over = closed(far);
    near.end('6');
    await over;
    expect(near.bytesWritten).toBe(9);
    expect(far.bytesRead).toBe(9);
    expect(far.readyState).toBe('closed');
  });
});
