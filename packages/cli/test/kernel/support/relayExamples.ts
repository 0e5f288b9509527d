import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '@6bed4/testing/chromium';
import { program } from '@6bed4/testing/kernel/programs';
import { expect } from 'vitest';
import { type Examples, NATIVE, ROUTER } from './examples.js';

const GUIDE = new URL('../../../../../docs/guides/ipv6-without-root.md', import.meta.url);
const DNS_SERVER = '2001:db8:beef::53';
const NOBODY = '65534:65534';

/** What web servers of the examples answer. */
const PAGE = 'a page of the examples';

/** Lines of the guide for programs that use the proxy. */
function clientLines(): string[] {
  const text = readFileSync(GUIDE, 'utf8');
  return [...text.matchAll(/^(?:curl|chromium|ssh) .*$/gm)].map(([line]) => line);
}

async function webServer(examples: Examples, label: string, host: string, port: number) {
  const folder = join(examples.lab.folder, 'www');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.html'), PAGE);
  const words = ['-u', '-m', 'http.server', String(port), '--bind', host, '--directory', folder];
  const server = examples.lab.spawn(label, ['python3', ...words]);
  await server.waitForLine(/^Serving HTTP/);
}

/** Starts an SSH server on a host that lets nobody in but who has the key; the key's path. */
async function sshServer(examples: Examples, label: string): Promise<string> {
  const { lab } = examples;
  const [key, config] = [join(lab.folder, 'key'), join(lab.folder, 'sshd_config')];
  await lab.exec(label, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const hostKey = join(lab.folder, 'host_key');
  await lab.exec(label, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
  await lab.exec(label, ['cp', `${key}.pub`, join(lab.folder, 'keys')]);
  await lab.exec(label, ['chown', NOBODY, key]);
  const lines = [
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(lab.folder, 'keys')}`,
    `PidFile ${join(lab.folder, 'sshd.pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  mkdirSync('/run/sshd', { recursive: true });
  const server = lab.spawn(label, ['/usr/sbin/sshd', '-D', '-e', '-f', config]);
  await server.waitForLine(/^Server listening on :: port 22/);
  return key;
}

/** A line of the guide with what a test needs besides. */
async function completed(examples: Examples, line: string): Promise<[string, string]> {
  const { folder } = examples.lab;
  if (line.startsWith('curl ')) return [line.replace('curl', 'curl --silent --show-error'), PAGE];
  if (line.startsWith('chromium ')) {
    const profile = join(folder, 'profile');
    await examples.lab.exec('laptop', ['install', '-d', '-o', '65534', '-g', '65534', profile]);
    const flags = `--headless --no-sandbox --disable-gpu --dump-dom --user-data-dir=${profile}`;
    const env = `env HOME=${profile} XDG_CONFIG_HOME=${profile} XDG_CACHE_HOME=${profile}`;
    return [line.replace('chromium', `${env} ${findChromium()} ${flags}`), PAGE];
  }
  const key = await sshServer(examples, 'native');
  const flags = `-i ${key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
  return [
    `${line.replace('ssh', `ssh ${flags}`).replace('alice@', 'root@')} echo over SSH`,
    'over SSH',
  ];
}

/**
 * A line for a proxy on the laptop, by a user without any privilege, through which clients reach what is behind
 * the router.
 */
export const clientsReach =
  ({ guide = false, name = `[${NATIVE}]` } = {}) =>
  async (examples: Examples, line: string): Promise<void> => {
    await examples.addNative();
    await examples.daemon('router', `6bed4 router --listen ${ROUTER} --route 2000::/3`);
    await webServer(examples, 'native', '::', 80);
    if (name.includes('example')) {
      await examples.lab.address('native', 'eth0', `${DNS_SERVER}/64`);
      const server = examples.lab.spawn('native', program('dnsServer', DNS_SERVER, name, NATIVE));
      await server.waitForLine(/^ready/);
    }
    await examples.daemon('laptop', line, 'nobody');
    const url = `http://${name}/`;
    const curl = `curl --silent --show-error --socks5-hostname 127.0.0.1:1080 '${url}'`;
    expect(await examples.output('laptop', curl, 'nobody')).toBe(PAGE);
    if (!guide) return;
    const lines = clientLines();
    expect(lines.map((one) => one.split(' ')[0])).toEqual(['curl', 'curl', 'chromium', 'ssh']);
    for (const one of lines) {
      const [command, expected] = await completed(examples, one);
      expect(await examples.output('laptop', command, 'nobody')).toContain(expected);
    }
  };

/** A line by which the laptop publishes services, without any privilege; a peer with an interface reaches them. */
export async function serves(
  examples: Examples,
  line: string,
  services: readonly string[],
): Promise<void> {
  const { lab } = examples;
  await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  const daemon = await examples.daemon('laptop', line, 'nobody');
  const address = await examples.addressOf(daemon);
  await examples.daemon('other', `6bed4 peer --router ${ROUTER}`);
  for (const service of services) {
    const [, udp, port, local] = /^(udp:)?(\d+)=.*:(\d+)$/.exec(service)!;
    if (udp !== undefined) {
      const echo = lab.spawn('laptop', program('udpEcho', local!));
      await echo.waitForLine(/./);
      const words = ['sh', '-c', `echo hello | nc -6 -u -w 2 ${address} ${port}`];
      expect((await lab.exec('other', words)).stdout).toContain('hello');
    } else if (port === '22') {
      await sshServer(examples, 'laptop');
      const words = ['sh', '-c', `nc -6 -w 3 ${address} 22 </dev/null | head -c 4`];
      expect((await lab.exec('other', words)).stdout).toBe('SSH-');
    } else {
      await webServer(examples, 'laptop', '127.0.0.1', Number(local));
      const url = `http://[${address}]/`;
      expect((await lab.exec('other', ['curl', '-sS', '--max-time', '20', url])).stdout).toBe(PAGE);
    }
  }
}
