import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireBuild, run, start } from '@6bed4/testing/command';
import { runsWith } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { freePort } from '@6bed4/testing/sockets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const DASHBOARD = readFileSync(new URL('../../grafana/6bed4.json', import.meta.url), 'utf8');

/** Runs the checker of Prometheus, of the Debian package `prometheus`. */
function promtool(what: 'metrics' | 'rules', input: string) {
  // Rules it reads from files only.
  const folder = mkdtempSync(join(tmpdir(), '6bed4-rules-'));
  const file = join(folder, 'input');
  writeFileSync(file, input);
  const words = ['check', what, ...(what === 'rules' ? [file] : [])];
  const { error, status, stdout, stderr } = spawnSync('promtool', words, {
    input,
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** The expressions of the dashboard, with what Grafana puts in for its variables. */
function expressions(): string[] {
  const { panels } = JSON.parse(DASHBOARD) as { panels: { targets: { expr: string }[] }[] };
  return panels.flatMap(({ targets }) =>
    targets.map(({ expr }) =>
      expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '5m'),
    ),
  );
}

describe('--metrics', () => {
  const daemons: RunningProgram[] = [];
  let metrics: { router: number; peer: number; proxy: number };

  beforeAll(async () => {
    requireBuild();
    const [port, router, peer] = [await freePort(), await freePort(), await freePort()];
    const [proxy, socks] = [await freePort(), await freePort()];
    metrics = { router, peer, proxy };
    const common = ['--no-tun', '--no-control', '--metrics'];
    const words = ['router', '--listen', '127.0.0.1', '--port', String(port), ...common];
    daemons.push(start(...words, String(router)));
    await daemons[0]!.waitForLine(/^ready/);
    daemons.push(start('peer', '--router', `127.0.0.1:${port}`, ...common, `127.0.0.1:${peer}`));
    const services = ['--serve', '80=127.0.0.1:9', '--serve', 'udp:53=127.0.0.1:9'];
    const options = ['--socks', String(socks), '--no-control', '--metrics', String(proxy)];
    daemons.push(start('proxy', '--router', `127.0.0.1:${port}`, ...services, ...options));
    await Promise.all(daemons.map((daemon) => daemon.waitForLine(/^ready/)));
  });
  afterAll(() => Promise.all(daemons.map((daemon) => daemon.stop())));

  const get = (port: number, path = '/metrics', method = 'GET'): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { method });

  const text = async (port: number): Promise<string> => (await get(port)).text();

  test('answers with the traffic of a router', async () => {
    const response = await get(metrics.router);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const answer = await response.text();
    // The driver depends on the system and on who runs it.
    expect(answer).toMatch(
      /^sixbed4_info\{role="router",version="[^"]+",driver="(?:linux|portable)"\} 1$/m,
    );
    expect(answer).toMatch(/^sixbed4_datagrams_total\{direction="received"\} [1-9]/m);
    expect(answer).toMatch(/^sixbed4_masqueraded_packets_total\{direction="to-hosts"\} 0$/m);
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

  test('answers with the clients of a proxy and of services', async () => {
    const answer = await text(metrics.proxy);
    expect(answer).toMatch(/^sixbed4_info\{role="proxy",/m);
    expect(answer).toMatch(/^sixbed4_router_leased\{router="127\.0\.0\.1:\d+"\} 1$/m);
    expect(answer).toMatch(/^sixbed4_connections\{service="socks"\} 0$/m);
    expect(answer).toMatch(/^sixbed4_connections\{service="80=127\.0\.0\.1:9"\} 0$/m);
    expect(answer).toMatch(/^sixbed4_udp_clients\{service="udp:53=127\.0\.0\.1:9"\} 0$/m);
    // Without failures there is no reason, and no value without one.
    expect(answer).toContain('# HELP sixbed4_connections_failed_total');
    expect(answer).not.toMatch(/^sixbed4_connections_failed_total/m);
  });

  test('has all that the dashboard asks for', async () => {
    const all = Object.values(metrics);
    const answers = (await Promise.all(all.map((port) => text(port)))).join('');
    const asked = new Set(DASHBOARD.match(/sixbed4_[a-z_]+/g));
    expect(asked.size).toBeGreaterThan(5);
    for (const name of asked) expect(answers).toContain(`# HELP ${name} `);
  });

  // Without the Debian package prometheus; .ci/run installs it.
  describe.runIf(runsWith('promtool'))('for promtool', () => {
    test.each(['router', 'peer', 'proxy'] as const)(
      'has names and types without fault: %s',
      async (role) => {
        expect(promtool('metrics', await text(metrics[role]))).toEqual({
          status: 0,
          stdout: '',
          stderr: '',
        });
      },
    );

    test('has a dashboard with expressions that it can read', () => {
      const all = expressions();
      const rules = all.map((expr, index) => ({ record: `dashboard:${index}`, expr }));
      const { status, stdout } = promtool(
        'rules',
        JSON.stringify({ groups: [{ name: 'x', rules }] }),
      );
      expect(stdout).toContain(`${all.length} rules found`);
      expect(status).toBe(0);
    });
  });

  test('of a port in use is refused, and nothing is started', async () => {
    const words = ['peer', '--router', '127.0.0.1', '--no-tun', '--no-control'];
    expect(await run(...words, '--metrics', String(metrics.peer))).toEqual({
      code: 1,
      stdout: '',
      stderr: `6bed4 peer: --metrics: listening on 127.0.0.1 port ${metrics.peer} failed: EADDRINUSE\n`,
    });
  });
});
