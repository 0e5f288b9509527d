import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { requireBuild, run, start } from '@6bed4/testing/command';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { freePort } from '@6bed4/testing/sockets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const DASHBOARD = readFileSync(new URL('../../grafana/6bed4.json', import.meta.url), 'utf8');

/** Runs the checker of Prometheus, of the Debian package `prometheus`. */
function promtool(...words: readonly string[]) {
  const [command, what, input] = words;
  const args = [command, what].filter((word) => word !== undefined);
  return spawnSync('promtool', args, { input, encoding: 'utf8' });
}

describe('--metrics', () => {
  const daemons: RunningProgram[] = [];
  let metrics: { router: number; peer: number };

  beforeAll(async () => {
    requireBuild();
    const [port, router, peer] = [await freePort(), await freePort(), await freePort()];
    metrics = { router, peer };
    const common = ['--no-tun', '--no-control', '--metrics'];
    const words = ['router', '--listen', '127.0.0.1', '--port', String(port), ...common];
    daemons.push(start(...words, String(router)));
    await daemons[0]!.waitForLine(/^ready/);
    daemons.push(start('peer', '--router', `127.0.0.1:${port}`, ...common, `127.0.0.1:${peer}`));
    await daemons[1]!.waitForLine(/^ready/);
  });
  afterAll(() => Promise.all(daemons.map((daemon) => daemon.stop())));

  const get = (port: number, path = '/metrics', method = 'GET'): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { method });

  const text = async (port: number): Promise<string> => (await get(port)).text();

  test('answers with the traffic of a router', async () => {
    const response = await get(metrics.router);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const answer = await response.text();
    expect(answer).toMatch(
      /^sixbed4_info\{role="router",version="[^"]+",driver="(?:linux|portable)"\} 1$/m,
    );
    expect(answer).toMatch(/^sixbed4_datagrams_total\{direction="received"\} [1-9]/m);
    expect(answer).not.toContain('sixbed4_router_leased');
  });

  test('answers with the routers and paths of a peer', async () => {
    const answer = await text(metrics.peer);
    expect(answer).toMatch(/^sixbed4_router_leased\{router="127\.0\.0\.1:\d+"\} 1$/m);
    expect(answer).toMatch(/^sixbed4_remotes\{path="direct",direction="outbound"\} 0$/m);
    expect(answer).toMatch(/^sixbed4_dropped_packets_total\{reason="interface"\} 0$/m);
  });

  test('answers nothing else', async () => {
    expect((await get(metrics.peer, '/')).status).toBe(404);
    expect((await get(metrics.peer, '/metrics', 'POST')).status).toBe(405);
    expect((await get(metrics.peer, '/metrics', 'HEAD')).status).toBe(200);
  });

  test.each([
    ['localhost', 200],
    ['[::1]:9469', 200],
    ['127.0.0.2:9469', 200],
    ['', 200],
    ['six.localhost:9469', 200],
    ['evil.example', 421],
    ['evil.example:9469', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['[evil.example]', 421],
  ])(
    'over loopback, answers requests for %j with %d: no page of a browser reads it',
    async (host, status) => {
      const answered = await new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port: metrics.peer, path: '/metrics' };
        const request = httpGet({ ...options, headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on('error', reject);
      });
      expect(answered).toBe(status);
    },
  );

  test('has all that the dashboard asks for', async () => {
    const answer = await text(metrics.peer);
    const asked = new Set(DASHBOARD.match(/sixbed4_[a-z_]+/g));
    expect(asked.size).toBeGreaterThan(5);
    for (const name of asked) expect(answer).toContain(`# HELP ${name} `);
  });

  test.skipIf(promtool('--version').error !== undefined)(
    'has names and types that promtool finds nothing wrong with',
    async () => {
      for (const port of [metrics.peer, metrics.router]) {
        const { status, stdout, stderr } = promtool('check', 'metrics', await text(port));
        expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
      }
    },
  );

  test('of a port in use is refused, and nothing is started', async () => {
    const words = ['peer', '--router', '127.0.0.1', '--no-tun', '--no-control'];
    expect(await run(...words, '--metrics', String(metrics.peer))).toEqual({
      code: 1,
      stdout: '',
      stderr: `6bed4 peer: --metrics: listening on 127.0.0.1 port ${metrics.peer} failed: EADDRINUSE\n`,
    });
  });
});
