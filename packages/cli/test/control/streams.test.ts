import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { StartError } from '@6bed4/node';
import { requireBuild, run } from '@6bed4/testing/command';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requestStatus, requestStream } from '../../src/control/controlClient.js';
import { ACCEPTANCE_LINE, type ControlRequest } from '../../src/control/controlRequest.js';
import { ControlServer, type StreamSource } from '../../src/control/controlServer.js';
import type { DaemonEvent } from '../../src/control/daemonEvents.js';
import { EventStreams } from '../../src/control/eventStreams.js';

const EVENT: DaemonEvent = { time: '2026-11-26T10:11:12.345Z', event: 'closed' };

// Windows has no such sockets.
describe.runIf(process.platform !== 'win32')('a stream of the control socket', () => {
  let folder: string;
  let path: string;
  let server: ControlServer | null;
  let requests: ControlRequest[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-streams-'));
    path = join(folder, 'daemon.sock');
    requests = [];
  });

  afterEach(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function serve(streams?: StreamSource): Promise<ControlServer> {
    server = await ControlServer.open(path);
    server.serve(() => ({ role: 'peer' }), streams);
    return server;
  }

  const greet: StreamSource = (request, client) => {
    requests.push(request);
    client.write(`${ACCEPTANCE_LINE}hello`);
    client.once('end', () => client.end(' and good bye'));
  };

  test('of another user has nothing that a terminal obeys, and may end within a line', async () => {
    const evil = {
      role: 'peer',
      '\u001b[2Jx': ['\u001b]0;t\u0007', { version: 'a\r\nb\u009b1A' }],
    };
    server = await ControlServer.open(path);
    server.serve(
      () => evil,
      (_, client) => {
        client.end(`${ACCEPTANCE_LINE}{"event":"closed","time":"${EVENT.time}"}\n{"event":"cl`);
      },
    );
    expect(await requestStatus(path)).toEqual({
      kind: 'status',
      status: { role: 'peer', '?[2Jx': ['?]0;t?', { version: 'a??b?1A' }] },
    });
    requireBuild();
    expect(await run('monitor', path)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^[0-9:.]{12} {2}closed\n$/),
      stderr: '',
    });
  });

  test('goes on until the client ends its side, and ends with what is left', async () => {
    await serve(greet);
    const { socket, first } = await requestStream(path, { request: 'greeting', tone: 'kind' });
    expect(requests).toEqual([{ request: 'greeting', tone: 'kind' }]);
    socket.end();
    expect(first.toString() + (await text(socket))).toBe('hello and good bye');
  });

  test('waits until the daemon has started', async () => {
    server = await ControlServer.open(path);
    const stream = requestStream(path, { request: 'greeting' });
    await once(createConnection(path).unref(), 'connect');
    server.serve(() => ({}), greet);
    (await stream).socket.destroy();
  });

  test('is refused with a reason', async () => {
    await serve(() => {
      throw new StartError('EBUSY', 'another one is running');
    });
    const stream = requestStream(path, { request: 'greeting' });
    await expect(stream).rejects.toMatchObject({
      name: 'StartError',
      code: 'EBUSY',
      message: 'another one is running',
    });
  });

  test('is refused by daemons that know no streams, also by those that answer everything with a status', async () => {
    await serve();
    const stream = requestStream(path, { request: 'greeting' });
    await expect(stream).rejects.toMatchObject({ code: 'ENOTSUP' });
    await server!.close();
    // As of earlier versions.
    const { createServer } = await import('node:net');
    const older = createServer((client) => client.end('{"role":"peer"}\n'));
    older.listen(path);
    await once(older, 'listening');
    const refused = requestStream(path, { request: 'greeting' });
    await expect(refused).rejects.toThrow('is of a version that cannot be watched');
    older.close();
    server = null;
  });

  test('cannot be had where nobody listens', async () => {
    server = null;
    const stream = requestStream(path, { request: 'greeting' });
    await expect(stream).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('can be had by 16 clients at a time', async () => {
    await serve(greet);
    const open = () => requestStream(path, { request: 'greeting' });
    const streams = await Promise.all(Array.from({ length: 16 }, open));
    await expect(open()).rejects.toMatchObject({ code: 'EBUSY' });
    // The status is for everybody.
    expect(await requestStatus(path)).toMatchObject({ kind: 'status' });
    streams[0]!.socket.destroy();
    const again = (): Promise<boolean> =>
      open().then(
        () => true,
        () => false,
      );
    await expect.poll(again).toBe(true);
  });

  test.each([
    ['{"request":"status"}\n'],
    ['{"other":1}\n'],
    ['null\n'],
    ['GET / HTTP/1.1\r\n'],
    ['x'.repeat(5000)],
  ])('is not what a client gets that sends %j', async (sent) => {
    await serve(greet);
    const client = createConnection(path);
    client.write(sent);
    expect(await text(client)).toBe('{"role":"peer"}\n');
  });

  test('is not what clients get that send nothing: the status, at once when they end', async () => {
    await serve(greet);
    const start = performance.now();
    const client = createConnection({ path, allowHalfOpen: true });
    client.end();
    expect(await text(client)).toBe('{"role":"peer"}\n');
    expect(performance.now() - start).toBeLessThan(900);
    expect(await text(createConnection(path))).toBe('{"role":"peer"}\n');
  });
});

/** A client whose buffer the test fills. */
class FakeClient extends EventEmitter {
  writableLength = 0;
  readonly lines: string[] = [];

  write(line: string): boolean {
    this.lines.push(line);
    return true;
  }

  get events(): unknown[] {
    return this.lines.slice(2).map((line) => JSON.parse(line));
  }
}

describe('the events of a daemon', () => {
  test('are sent to all clients until they leave', () => {
    const streams = new EventStreams({ pid: 7 });
    const clients = [new FakeClient(), new FakeClient()] as const;
    for (const client of clients) streams.add(client as unknown as Socket);
    streams.send(EVENT);
    clients[0].emit('close');
    streams.send({ ...EVENT, event: 'second' });
    expect(clients[0].lines[0]).toBe(ACCEPTANCE_LINE);
    expect(JSON.parse(clients[0].lines[1]!)).toMatchObject({ event: 'watching', pid: 7 });
    expect(clients[0].events).toEqual([EVENT]);
    expect(clients[1].events).toEqual([EVENT, { ...EVENT, event: 'second' }]);
  });

  test('are not kept for clients that do not read; these are told how many they missed', () => {
    const streams = new EventStreams({ pid: 7 });
    const slow = new FakeClient();
    streams.add(slow as unknown as Socket);
    slow.writableLength = 256 << 10;
    for (let count = 0; count < 1000; count++) streams.send(EVENT);
    expect(slow.events).toEqual([]);
    slow.writableLength = 0;
    streams.send(EVENT);
    const lost = { time: expect.any(String), event: 'events-lost', count: 1000 };
    expect(slow.events).toEqual([lost, EVENT]);
  });

  test('are told as missed also if none follows', () => {
    const streams = new EventStreams({ pid: 7 });
    const slow = new FakeClient();
    streams.add(slow as unknown as Socket);
    slow.writableLength = 256 << 10;
    streams.send(EVENT);
    slow.writableLength = 0;
    slow.emit('drain');
    slow.emit('drain');
    expect(slow.events).toMatchObject([{ event: 'events-lost', count: 1 }]);
  });
});
