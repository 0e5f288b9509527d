import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runModule } from '@6bed4/testing/command';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requestStatus } from '../../src/control/controlClient.js';
import { ControlServer } from '../../src/control/controlServer.js';

const PERMISSIONS = 0o777;

// Windows has no such sockets.
describe.runIf(process.platform !== 'win32')('the control socket', () => {
  let folder: string;
  let path: string;
  const servers: { close(): unknown }[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-control-'));
    path = join(folder, 'daemon.sock');
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(): Promise<ControlServer> {
    const server = await ControlServer.open(path);
    servers.push(server);
    return server;
  }

  /** Another program that listens at the path and sends this to clients; null for nothing. */
  function listen(answer: string | null): Promise<Server> {
    const server = createServer((client) => (answer === null ? undefined : client.end(answer)));
    servers.push(server);
    return new Promise((resolve) => {
      server.listen(path, () => resolve(server));
    });
  }

  /** Leaves the socket of a killed program at the path. */
  async function leaveStale(): Promise<void> {
    const code = `
      import { createServer } from 'node:net';
      createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));`;
    await runModule(code);
    expect(statSync(path).isSocket()).toBe(true);
  }

  test('sends the current status to each client', async () => {
    let requests = 0;
    (await open()).serve(() => ({ requests: ++requests }));
    expect(await requestStatus(path)).toEqual({ kind: 'status', status: { requests: 1 } });
    expect(await requestStatus(path)).toEqual({ kind: 'status', status: { requests: 2 } });
  });

  test('waits for a status that takes time', async () => {
    (await open()).serve(async () => ({ late: true }));
    expect(await requestStatus(path)).toEqual({ kind: 'status', status: { late: true } });
  });

  test('lets clients wait until the daemon has started', async () => {
    const server = await open();
    const answer = requestStatus(path);
    // Both ends are in this process: when this one was answered, that one has connected.
    await new Promise((resolve) => {
      createConnection(path).on('connect', resolve).resume().unref();
    });
    server.serve(() => ({ role: 'peer' }));
    expect(await answer).toEqual({ kind: 'status', status: { role: 'peer' } });
  });

  test('ends every answer with a line feed, for line-based tools', async () => {
    (await open()).serve(() => ({ a: 1 }));
    expect(await text(createConnection(path))).toBe('{"a":1}\n');
  });

  test('ignores data from clients, and clients that leave', async () => {
    (await open()).serve(() => ({ a: 1 }));
    const client = createConnection(path);
    client.on('error', () => {});
    client.write('GET / HTTP/1.1\r\n\r\n');
    client.destroy();
    expect(await requestStatus(path)).toEqual({ kind: 'status', status: { a: 1 } });
  });

  test('closes the connection when there is no status', async () => {
    (await open()).serve(() => {
      throw new Error('closing');
    });
    expect(await requestStatus(path)).toEqual({ kind: 'failed', why: 'an empty answer' });
  });

  test('can be used by its owner only', async () => {
    await open();
    expect(statSync(path).mode & PERMISSIONS).toBe(0o600);
  });

  test('does not change the umask of the process', async () => {
    const before = process.umask();
    await open();
    expect(process.umask()).toBe(before);
  });

  test('is removed when it is closed, also with a client connected', async () => {
    const server = await ControlServer.open(path);
    const client = createConnection(path);
    await new Promise((resolve) => {
      client.on('connect', resolve);
    });
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  test('replaces the socket of a daemon that was killed', async () => {
    await leaveStale();
    expect(await requestStatus(path)).toEqual({ kind: 'dead' });
    (await open()).serve(() => ({ alive: true }));
    expect(await requestStatus(path)).toEqual({ kind: 'status', status: { alive: true } });
  });

  test('does not replace the socket of a running daemon', async () => {
    (await open()).serve(() => ({ first: true }));
    await expect(ControlServer.open(path)).rejects.toMatchObject({
      name: 'StartError',
      code: 'EADDRINUSE',
      message: `the control socket ${path} is in use by another daemon`,
    });
    expect(await requestStatus(path)).toEqual({ kind: 'status', status: { first: true } });
  });

  test('does not replace a file', async () => {
    writeFileSync(path, 'precious');
    await expect(ControlServer.open(path)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('reports why it cannot be made', async () => {
    path = join(folder, 'missing', 'daemon.sock');
    await expect(ControlServer.open(path)).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining(`the control socket ${path} cannot be made`),
    });
  });

  describe('as a client sees it', () => {
    test('is dead when it does not exist', async () => {
      expect(await requestStatus(path)).toEqual({ kind: 'dead' });
    });

    test.each([
      ['', 'an empty answer'],
      ['hello', 'an answer that is not JSON'],
    ])('has failed when its answer is %j', async (answer, why) => {
      await listen(answer);
      expect(await requestStatus(path)).toEqual({ kind: 'failed', why });
    });
  });
});
