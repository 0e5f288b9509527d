import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProgram, requireBuild, run, runIn, startIn } from '@6bed4/testing/command';
import { freePort } from '@6bed4/testing/sockets';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const HOST = '127.0.0.1';
const folder = mkdtempSync(join(tmpdir(), '6bed4-gateway-'));
const programs: RunningProgram[] = [];
let router: string;
let web: number;

const path = (name: string): string => join(folder, name);
const url = (): string => `ws://${HOST}:${web}/6bed4`;

function launch(env: NodeJS.ProcessEnv, ...words: readonly string[]): RunningProgram {
  const program = startIn(env, ...words);
  programs.push(program);
  return program;
}

async function gateway(...words: readonly string[]): Promise<RunningProgram> {
  const common = ['--router', router, '--public', HOST, '--web', `${HOST}:${web}`];
  const program = launch({}, 'gateway', ...common, '--control', path('gateway.sock'), ...words);
  await program.waitForLine(/^ready/);
  return program;
}

async function peer(env: NodeJS.ProcessEnv, ...words: readonly string[]): Promise<RunningProgram> {
  const common = ['--router', router, '--no-tun', '--control', path('peer.sock')];
  return launch(env, 'peer', ...common, '--uplink', 'wss', '--gateway', url(), ...words);
}

beforeAll(async () => {
  requireBuild();
  const port = await freePort();
  router = `${HOST}:${port}`;
  const words = ['--listen', HOST, '--port', String(port), '--no-tun', '--no-control'];
  await startIn({}, 'router', ...words).waitForLine(/^ready/);
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop('SIGKILL')));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(process.platform !== 'win32')('6bed4 gateway', () => {
  test('gives a peer an address, tells of it, has metrics, and takes leave', async () => {
    [web] = [await freePort()];
    const metrics = await freePort();
    const program = await gateway('--metrics', `${HOST}:${metrics}`, '--verbose');
    expect(program.stdout[0]).toMatch(
      new RegExp(`^ready {2}web ${HOST}:${web} {2}public ${HOST} {2}routers ${router}$`),
    );
    const client = await peer({});
    await client.waitForLine(/^ready {2}peer fc64:bed:7f00:1:7c00:1:/);
    await program.waitForLine(/^client {2}client 127\.0\.0\.1:4\d{4} {2}source 127\.0\.0\.1$/);
    const status = await run('status', path('gateway.sock'));
    expect(status.stdout).toMatch(/^ +clients +1 connected, 0 away$/m);
    expect(status.stdout).toMatch(/^ +public +127\.0\.0\.1, 9,999 ports free$/m);
    expect((await run('status', path('peer.sock'))).stdout).toContain(url());
    const text = await (await fetch(`http://${HOST}:${metrics}/metrics`)).text();
    expect(text).toMatch(/^sixbed4_gateway_clients\{[^}]*state="connected"[^}]*\} 1$/m);
    expect(text).toMatch(/^sixbed4_gateway_free_ports(\{[^}]*\})? 9999$/m);
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await client.waitForLine(/gateway ends \(1001\)/);
    expect(program.stderr).toEqual([]);
  });

  test('reads its configuration file, and the tokens again after SIGHUP', async () => {
    web = await freePort();
    writeFileSync(path('tokens'), '# of friends\none\n', { mode: 0o600 });
    writeFileSync(
      path('gateway.toml'),
      [
        '[gateway]',
        `router = "${router}"`,
        `public = "${HOST}"`,
        `web = "${HOST}:${web}"`,
        `token-file = "${path('tokens')}"`,
        'max-clients = 5',
        'trust-proxy = ["127.0.0.1"]',
      ].join('\n'),
      { mode: 0o600 },
    );
    expect((await run('check-config', path('gateway.toml'))).stdout).toContain('6bed4 gateway');
    const program = launch({}, 'gateway', '--config', path('gateway.toml'), '--no-control');
    await program.waitForLine(/^ready/);
    const env = { SIXBED4_GATEWAY_TOKEN: 'other' };
    const refused = await peer(env);
    await refused.waitForLine(/a token is needed \(4401\); not trying again/);
    await refused.stop();
    writeFileSync(path('tokens'), 'other\n', { mode: 0o600 });
    process.kill(program.pid, 'SIGHUP');
    await program.waitForLine(/^configuration read again/);
    await (await peer(env)).waitForLine(/^ready/);
  });

  test.each([
    [['--public', HOST], /missing --router/],
    [['--router', HOST], /--public/],
    [['--router', HOST, '--public', 'name'], /--public/],
    [['--router', HOST, '--public', HOST, '--cert', 'a.pem'], /--cert and --key go together/],
    [['--router', HOST, '--public', HOST, '--ports', '9-1'], /--ports/],
    [['--router', HOST, '--public', HOST, '--keepalive', '0'], /--keepalive/],
    [['--router', HOST, '--public', HOST, '--trust-proxy', 'nginx'], /trust/i],
    [['--router', HOST, '--public', HOST, '--allow-origin', 'lab.example'], /origin/i],
  ])('refuses %j', async (words, message) => {
    const { code, stderr, stdout } = await run('gateway', ...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('says what is wrong with a certificate or a token file', async () => {
    web = await freePort();
    const words = ['gateway', '--router', router, '--public', HOST, '--web', `${HOST}:${web}`];
    const missing = path('missing');
    const tls = await run(...words, '--cert', missing, '--key', missing, '--no-control');
    expect(tls).toMatchObject({ code: 1 });
    expect(tls.stderr).toMatch(/the certificate cannot be used: ENOENT/);
    const tokens = await run(...words, '--token-file', missing, '--no-control');
    expect(tokens).toMatchObject({ code: 1 });
    expect(tokens.stderr).toMatch(/the tokens in \S+ cannot be read: ENOENT/);
  });
});

describe('6bed4 check --gateway', () => {
  test('tells whether a gateway can be used', async () => {
    web = await freePort();
    await gateway();
    const words = ['check', '--router', router, '--gateway', url()];
    expect((await run(...words)).stdout).toMatch(/^gateway +\S+ gives an address after /m);
    const { gateway: found } = JSON.parse((await run(...words, '--json')).stdout);
    expect(found).toMatchObject({ gateway: url(), works: true, error: null });
  });

  test('asks the HTTP proxy of the environment, unless it excludes the gateway', async () => {
    web = await freePort();
    await gateway();
    const asked: string[] = [];
    const proxy = createServer((socket) => {
      socket.once('data', (request) => {
        asked.push(String(request).split('\r\n')[0]!);
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const onward = connect(web, HOST);
        for (const end of [socket, onward]) end.on('error', () => {});
        socket.pipe(onward).pipe(socket);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, HOST, resolve));
    const { port } = proxy.address() as { port: number };
    const words = ['check', '--router', router, '--gateway', url(), '--json'];
    const env = { HTTP_PROXY: `http://${HOST}:${port}`, NO_PROXY: '' };
    const result = async (more: NodeJS.ProcessEnv) =>
      JSON.parse((await runIn({ ...env, ...more }, ...words)).stdout).gateway;
    expect(await result({})).toMatchObject({ works: true });
    expect(asked).toEqual([`CONNECT ${HOST}:${web} HTTP/1.1`]);
    expect(await result({ NO_PROXY: HOST })).toMatchObject({ works: true });
    expect(asked).toHaveLength(1);
    proxy.close();
  });
});
