import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runModule } from '@6bed4/testing/command';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askControl } from '../../src/control/controlClient.js';
import {
  controlFolders,
  ownControlFolder,
  prepareControlFolder,
} from '../../src/control/controlFolder.js';
import { ControlServer } from '../../src/control/controlServer.js';

const PERMISSIONS = 0o777;
/** Beyond the largest process number of Linux. */
const NO_PROCESS = 4_194_305;

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

  /** Something else that listens at the path, and does this with whoever connects. */
  function listen(answer: string | null): Promise<Server> {
    const server = createServer((client) => (answer === null ? undefined : client.end(answer)));
    servers.push(server);
    return new Promise((resolve) => {
      server.listen(path, () => resolve(server));
    });
  }

  /** Leaves the socket of a program behind that was killed. */
  async function leaveStale(): Promise<void> {
    const code = `
      import { createServer } from 'node:net';
      createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));`;
    await runModule(code);
    expect(statSync(path).isSocket()).toBe(true);
  }

  it('tells the status of the moment to each who connects', async () => {
    let asked = 0;
    (await open()).serve(() => ({ asked: ++asked }));
    expect(await askControl(path)).toEqual({ kind: 'status', status: { asked: 1 } });
    expect(await askControl(path)).toEqual({ kind: 'status', status: { asked: 2 } });
  });

  it('waits for a status that takes time', async () => {
    (await open()).serve(async () => ({ late: true }));
    expect(await askControl(path)).toEqual({ kind: 'status', status: { late: true } });
  });

  it('lets those wait who ask before the daemon has started', async () => {
    const server = await open();
    const answer = askControl(path);
    // Both ends are in this process: when this one was answered, that one has connected.
    await new Promise((resolve) => {
      createConnection(path).on('connect', resolve).resume().unref();
    });
    server.serve(() => ({ role: 'peer' }));
    expect(await answer).toEqual({ kind: 'status', status: { role: 'peer' } });
  });

  it('ends every answer with a line feed, so that simple tools can read it', async () => {
    (await open()).serve(() => ({ a: 1 }));
    expect(await text(createConnection(path))).toBe('{"a":1}\n');
  });

  it('ignores what clients send, and clients that leave', async () => {
    (await open()).serve(() => ({ a: 1 }));
    const rude = createConnection(path);
    rude.on('error', () => {});
    rude.write('GET / HTTP/1.1\r\n\r\n');
    rude.destroy();
    expect(await askControl(path)).toEqual({ kind: 'status', status: { a: 1 } });
  });

  it('closes the connection when the status cannot be told', async () => {
    (await open()).serve(() => {
      throw new Error('closing');
    });
    expect(await askControl(path)).toEqual({ kind: 'failed', why: 'an empty answer' });
  });

  it('is for its owner only', async () => {
    await open();
    expect(statSync(path).mode & PERMISSIONS).toBe(0o600);
  });

  it('leaves the umask of the process as it was', async () => {
    const before = process.umask();
    await open();
    expect(process.umask()).toBe(before);
  });

  it('is removed when it is closed, also with somebody connected', async () => {
    const server = await ControlServer.open(path);
    const client = createConnection(path);
    await new Promise((resolve) => {
      client.on('connect', resolve);
    });
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  it('replaces the socket of a daemon that was killed', async () => {
    await leaveStale();
    expect(await askControl(path)).toEqual({ kind: 'dead' });
    (await open()).serve(() => ({ alive: true }));
    expect(await askControl(path)).toEqual({ kind: 'status', status: { alive: true } });
  });

  it('does not take the place of a daemon that runs', async () => {
    (await open()).serve(() => ({ first: true }));
    await expect(ControlServer.open(path)).rejects.toMatchObject({
      name: 'StartError',
      code: 'EADDRINUSE',
      message: `the control socket ${path} is in use by another daemon`,
    });
    expect(await askControl(path)).toEqual({ kind: 'status', status: { first: true } });
  });

  it('does not take the place of a file', async () => {
    writeFileSync(path, 'precious');
    await expect(ControlServer.open(path)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('says why it cannot be made', async () => {
    path = join(folder, 'missing', 'daemon.sock');
    await expect(ControlServer.open(path)).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining(`the control socket ${path} cannot be made`),
    });
  });

  describe('seen by who asks', () => {
    it('is dead when there is none', async () => {
      expect(await askControl(path)).toEqual({ kind: 'dead' });
    });

    it.each([
      ['', 'an empty answer'],
      ['hello', 'an answer that is not JSON'],
    ])('has failed when it answers %j', async (answer, why) => {
      await listen(answer);
      expect(await askControl(path)).toEqual({ kind: 'failed', why });
    });
  });

  describe('in its folder', () => {
    afterEach(() => {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });

    const asUser = (uid: number): void => {
      vi.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(uid);
    };
    const system = process.platform === 'linux' ? '/run/6bed4' : '/var/run/6bed4';

    it('is with the system for root', () => {
      asUser(0);
      vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/0');
      expect(ownControlFolder()).toBe(system);
      expect(controlFolders()).toEqual([system]);
    });

    it('is with the session for users, who look in both places', () => {
      asUser(1000);
      vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1000');
      expect(ownControlFolder()).toBe('/run/user/1000/6bed4');
      expect(controlFolders()).toEqual(['/run/user/1000/6bed4', system]);
    });

    it.each(['', 'relative'])('has no place for users whose session has %j', (value) => {
      asUser(1000);
      vi.stubEnv('XDG_RUNTIME_DIR', value);
      expect(ownControlFolder()).toBeNull();
      expect(controlFolders()).toEqual([system]);
    });

    it('is removed by the next daemon when its process is gone', () => {
      const names = [`peer-${process.pid}.sock`, '6bed4.sock', 'other-12', 'a-0.sock'];
      for (const name of names) writeFileSync(join(folder, name), '');
      const dead = join(folder, `router-${NO_PROCESS}.sock`);
      writeFileSync(dead, '');
      prepareControlFolder(folder);
      expect(existsSync(dead)).toBe(false);
      for (const name of names) expect(existsSync(join(folder, name)), name).toBe(true);
    });

    it('makes the folder, which others may look into', () => {
      const made = join(folder, 'a', '6bed4');
      prepareControlFolder(made);
      expect(statSync(made).mode & PERMISSIONS & ~process.umask()).toBe(0o755 & ~process.umask());
    });
  });
});
