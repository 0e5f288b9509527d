import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from '@6bed4/testing/chromium';
import { startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { buildInternet, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PYTHON_PORT = 8_000;
const NGINX_PORT = 8_080;
const SSH_PORT = 2_222;
const IPERF_PORT = 5_201;
/** Milliseconds for one program on a loaded computer. */
const PATIENCE = 60_000;

/** Command line of a program in `programs/` beside this file. */
function tunnelProgram(name: string, ...args: readonly (string | number)[]): string[] {
  const path = fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url));
  return [process.execPath, path, ...args.map(String)];
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describeKernel('TCP of a program in a tunnel, and well-known programs on a kernel with a TUN interface', () => {
  let lab: Lab;
  /** Of the kernel, and of the program. */
  let kernel: string;
  let address: string;
  let file: string;
  const content = randomBytes(5_000_000);

  beforeAll(async () => {
    lab = await buildInternet();
    await startRouter(lab, 'router');
    ({ address: kernel } = await startPeer(lab, 'peer1'));
    file = join(lab.folder, 'file.bin');
    writeFileSync(file, content);
    const services = tunnelProgram('tunnelServices', ROUTER_IPV4, SSH_PORT, IPERF_PORT);
    address = (await lab.spawn('peer2', services).waitForLine(/^address /)).split(' ')[1]!;
  });

  afterAll(() => lab?.dispose());

  function run(label: string, argv: readonly string[]) {
    return lab.exec(label, argv, { timeout: PATIENCE });
  }

  /** Starts OpenSSH's server with keys of its own; options of a client that may log in. */
  async function startSsh(label: string): Promise<string[]> {
    const key = join(lab.folder, `${label}.key`);
    // Debian's package makes this folder when the system starts.
    mkdirSync('/run/sshd', { recursive: true });
    await lab.exec(label, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
    // biome-ignore format: one option with its value per line
    const server = lab.spawn(label, [
        '/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null',
        '-h', key,
        '-p', String(SSH_PORT),
        '-o', `AuthorizedKeysFile=${key}.pub`,
        '-o', 'PidFile=none',
        '-o', 'StrictModes=no',
        '-o', 'PermitRootLogin=yes',
        '-o', 'Subsystem=sftp internal-sftp',
      ]);
    await server.waitForLine(/^Server listening on 0/);
    // biome-ignore format: one option with its value per line
    return [
        '-F', '/dev/null',
        '-i', key,
        '-o', 'StrictHostKeyChecking=no',
        '-o', 'UserKnownHostsFile=/dev/null',
        '-o', 'LogLevel=ERROR',
        '-o', 'ConnectionAttempts=10',
      ];
  }

  async function fetched(url: string, times: number): Promise<unknown> {
    const { stdout } = await run('peer2', tunnelProgram('tunnelFetch', ROUTER_IPV4, url, times));
    return JSON.parse(stdout);
  }

  const whole = { bytes: content.length, sha256: sha256(content) };

  test('curl reads a page and sends a file', { timeout: PATIENCE }, async () => {
    const base = `http://[${address}]`;
    expect((await run('peer1', ['curl', '-sS', `${base}/text`])).stdout).toBe(
      'read over TCP of a program',
    );
    const big = ['curl', '-sS', '-o', '/dev/null', '-w', '%{size_download}'];
    const { stdout } = await run('peer1', [...big, `${base}/bytes?count=20000000`]);
    expect(stdout).toBe('20000000');
    const put = await run('peer1', ['curl', '-sS', '-T', file, `${base}/`]);
    expect(put.stdout).toBe(sha256(content));
  });

  test('Chromium shows a page that requests more', { timeout: PATIENCE }, async () => {
    // biome-ignore format: one option per line
    const options = [
        '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
        `--user-data-dir=${join(lab.folder, 'browser')}`,
        '--virtual-time-budget=10000',
        '--dump-dom',
      ];
    const browser = findChromium();
    if (browser === null) throw new Error('needs a browser of the Chromium family');
    const { stdout } = await run('peer1', [browser, ...options, `http://[${address}]/`]);
    expect(stdout).toContain('<p id="text">read over TCP of a program');
  });

  test('ssh and scp reach a server that a program publishes', { timeout: PATIENCE }, async () => {
    const options = await startSsh('peer2');
    const port = String(SSH_PORT);
    const ssh = ['ssh', ...options, '-p', port, `root@${address}`];
    expect((await run('peer1', [...ssh, 'echo', 'over', 'TCP'])).stdout).toBe('over TCP\n');
    const copy = join(lab.folder, 'copy-1.bin');
    await run('peer1', ['scp', ...options, '-P', port, file, `root@[${address}]:${copy}`]);
    expect(sha256(readFileSync(copy))).toBe(whole.sha256);
  });

  test('ssh and scp reach the kernel through a program', { timeout: PATIENCE }, async () => {
    const command = tunnelProgram('tunnelPipe', ROUTER_IPV4, '%h', '%p').join(' ');
    const options = [...(await startSsh('peer1')), '-o', `ProxyCommand=${command}`];
    const port = String(SSH_PORT);
    const ssh = ['ssh', ...options, '-p', port, `root@${kernel}`];
    expect((await run('peer2', [...ssh, 'echo', 'over', 'TCP'])).stdout).toBe('over TCP\n');
    const copy = join(lab.folder, 'copy-2.bin');
    await run('peer2', ['scp', ...options, '-P', port, `root@[${kernel}]:${file}`, copy]);
    expect(sha256(readFileSync(copy))).toBe(whole.sha256);
  });

  test('nginx serves a program, several requests at once', { timeout: PATIENCE }, async () => {
    const configuration = join(lab.folder, 'nginx.conf');
    writeFileSync(
      configuration,
      `daemon off; user root; pid ${lab.folder}/nginx.pid; error_log stderr; events {}
         http { access_log off; server { listen [::]:${NGINX_PORT}; root ${lab.folder}; } }`,
    );
    const nginx = lab.spawn('peer1', ['nginx', '-c', configuration]);
    const url = `http://[${kernel}]:${NGINX_PORT}/file.bin`;
    await expect
      .poll(async () => (await lab.exec('peer1', ['curl', '-sSI', url], { mayFail: true })).code, {
        timeout: 10_000,
      })
      .toBe(0);
    expect(await fetched(url, 8)).toEqual(Array.from({ length: 8 }, () => whole));
    await nginx.stop('SIGTERM');
  });

  test('http.server of Python serves a program', { timeout: PATIENCE }, async () => {
    const argv = ['-u', '-m', 'http.server', '-b', '::', '-d', lab.folder, String(PYTHON_PORT)];
    const python = lab.spawn('peer1', ['python3', ...argv]);
    await python.waitForLine(/Serving HTTP/);
    expect(await fetched(`http://[${kernel}]:${PYTHON_PORT}/file.bin`, 3)).toEqual([
      whole,
      whole,
      whole,
    ]);
    await python.stop('SIGINT');
  });

  test.each(['--time=3', '--reverse', '--bidir'])(
    'iperf3 measures a program that publishes its server: %s',
    { timeout: PATIENCE },
    async (option) => {
      const server = lab.spawn('peer2', ['iperf3', '-s', '-1', '--forceflush']);
      await server.waitForLine(/listening/);
      const argv = ['iperf3', '-6', '-J', '-t', '3', '-c', address, option];
      const { stdout } = await run('peer1', argv);
      const { end } = JSON.parse(stdout) as {
        end: { sum_received: { bits_per_second: number } };
      };
      const rate = end.sum_received.bits_per_second / 1e6;
      console.log(`iperf3 ${option}: ${rate.toFixed(0)} Mbit/s`);
      expect(rate).toBeGreaterThan(1);
      await server.stop('SIGKILL');
    },
  );
}, ['curl', 'ssh', 'scp', 'sshd', 'nginx', 'python3', 'iperf3']);
