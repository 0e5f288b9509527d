import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '@6bed4/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Claims, tellWhoRuns } from '../../src/control/alreadyRunning.js';

const TUN = 'test6bed4';
const ROUTER = {
  role: 'router',
  pid: process.pid,
  uptime: 7500,
  tun: TUN,
  endpoint: { address: '192.0.2.77', port: 1234 },
};

// Windows has no such sockets.
describe.runIf(process.platform !== 'win32')('who runs already', () => {
  let folder: string;
  const servers: Server[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-running-'));
    vi.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(1000);
    vi.stubEnv('XDG_RUNTIME_DIR', folder);
    mkdirSync(join(folder, '6bed4'));
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A daemon that answers with a status. */
  function serve(status: object): Promise<void> {
    const server = createServer((client) => client.end(`${JSON.stringify(status)}\n`));
    servers.push(server);
    return new Promise((resolve) => {
      server.listen(join(folder, '6bed4', 'one.sock'), resolve);
    });
  }

  /** The lines of the failure that is reported. */
  async function told(code: string, claims: Claims): Promise<string[]> {
    const failure = await tellWhoRuns(new StartError(code, 'it is in use'), claims);
    expect(failure).toMatchObject({ code, name: 'StartError' });
    return (failure as StartError).message.split('\n');
  }

  const WHO = `it is in use; a router is running: process ${process.pid}, for 2 h 5 min, at 192.0.2.77:1234, ${TUN}`;
  const ADVICE = `"6bed4 status one" tells more; end it by "kill ${process.pid}", or give this one another --tun and --port`;

  test('is the daemon with the interface', async () => {
    await serve(ROUTER);
    expect(await told('EBUSY', { tun: TUN, port: 5 })).toEqual([WHO, ADVICE]);
    expect(await told('EBUSY', { tun: 'other', port: 1234 })).toEqual(['it is in use']);
  });

  test('is the daemon with the UDP port, at the same address or at all', async () => {
    await serve(ROUTER);
    const at = (listen: string | undefined, port: number | undefined): Promise<string[]> =>
      told('EADDRINUSE', { tun: false, listen, port });
    expect(await at('192.0.2.77', 1234)).toEqual([WHO, ADVICE]);
    expect(await at('0.0.0.0', 1234)).toEqual([WHO, ADVICE]);
    expect(await at(undefined, 1234)).toEqual([WHO, ADVICE]);
    expect(await at('192.0.2.78', 1234)).toEqual(['it is in use']);
    expect(await at('192.0.2.77', 1235)).toEqual(['it is in use']);
    expect(await at('192.0.2.77', undefined)).toEqual(['it is in use']);
  });

  test('is the proxy at the same address for clients', async () => {
    const socks = { listen: '127.0.0.1:1080' };
    const proxy = { ...ROUTER, role: 'proxy', tun: null, proxy: { socks, http: null } };
    await serve(proxy);
    const at = (...proxies: readonly string[]): Promise<string[]> =>
      told('EADDRINUSE', { tun: false, proxies });
    expect((await at('127.0.0.1:8080', '127.0.0.1:1080'))[0]).toMatch(/; a proxy is running: /);
    expect(await at('127.0.0.1:8080')).toEqual(['it is in use']);
    expect(await at()).toEqual(['it is in use']);
  });

  test('does not include the one that failed', async () => {
    await serve(ROUTER);
    const own = join(folder, '6bed4', 'one.sock');
    const failure = new StartError('EBUSY', 'it is in use');
    expect(await tellWhoRuns(failure, { tun: TUN }, own)).toBe(failure);
  });

  test('is not asked about other failures', async () => {
    await serve(ROUTER);
    for (const failure of [new StartError('EPERM', 'not allowed'), new Error('a fault')]) {
      expect(await tellWhoRuns(failure, { tun: TUN })).toBe(failure);
    }
  });
});
