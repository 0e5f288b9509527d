import { run } from '@6bed4/testing/command';
import { command, startPeer } from '@6bed4/testing/kernel/daemons';
import { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';

const CLOUD = '198.51.100.1';
const FIREWALL = '198.51.100.9';
/** Local port of the router behind the firewall. */
const LOCAL_PORT = 3_000;
const WELL_KNOWN_PORT = 25_790;

describeKernel('a router whose public endpoint is not its own', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = new Lab();
    await lab.internet();
    for (const [label, address] of [
      ['cloud', CLOUD],
      ['firewall', FIREWALL],
      ['alice', '198.51.100.11'],
      ['bob', '198.51.100.12'],
    ] as const) {
      await lab.host(label);
      await lab.attach(label, `${address}/24`);
    }
    await behind('cloud', 'cloudRouter', '10.0.9', WELL_KNOWN_PORT);
    await behind('firewall', 'firewallRouter', '10.0.8', LOCAL_PORT);
    for (const label of ['cloudRouter', 'firewallRouter']) {
      await lab.ip(
        label,
        `route add default via ${label === 'cloudRouter' ? '10.0.9.1' : '10.0.8.1'}`,
      );
    }
  });

  afterEach(() => lab.dispose());

  /** Puts a host behind a gateway that maps the well-known port to a port of it, in both directions. */
  async function behind(
    gateway: string,
    label: string,
    network: string,
    port: number,
  ): Promise<void> {
    await lab.host(label);
    await lab.link([gateway, 'lan', `${network}.1/24`], [label, 'eth0', `${network}.2/24`]);
    await lab.sysctl(gateway, 'net.ipv4.ip_forward', 1);
    const address = gateway === 'cloud' ? CLOUD : FIREWALL;
    await lab.nft(
      gateway,
      `table ip nat {
        chain inbound {
          type nat hook prerouting priority dstnat;
          iifname "eth0" udp dport ${WELL_KNOWN_PORT} dnat to ${network}.2:${port}
        }
        chain outbound {
          type nat hook postrouting priority srcnat;
          oifname "eth0" udp sport ${port} snat to ${address}:${WELL_KNOWN_PORT}
        }
      }`,
    );
  }

  async function startRouter(label: string, ...options: readonly string[]): Promise<string> {
    const daemon = lab.spawn(label, command('router', ...options));
    return daemon.waitForLine(/^ready/);
  }

  test('is a supportive site: strangers reach its services directly by an invitation', async () => {
    const line = await startRouter('cloudRouter', '--listen', '0.0.0.0', '--public', CLOUD);
    const [, router = '', prefix = ''] = /router (\S+) {2}prefix (\S+)/.exec(line) ?? [];
    const words = ['--prefix', prefix, '--peer', `${CLOUD}:${WELL_KNOWN_PORT}`, '--lanip', '1'];
    const invitation = (await run('address', 'encode', ...words)).stdout.trim();
    const { stdout } = await run('address', 'decode', invitation);
    expect(stdout).toMatch(/invitation {2}yes/);
    await lab.ip('cloudRouter', `-6 address add ${invitation}/128 dev 6bed4`);
    const server = lab.spawn('cloudRouter', program('httpServer', 80));
    await server.waitForLine(/listening/);

    // A stranger has another router, and has never heard of this one.
    await startRouter('bob', '--listen', '198.51.100.12');
    const socket = `${lab.folder}/stranger.sock`;
    const options = ['--router', '198.51.100.12', '--control', socket];
    const stranger = lab.spawn('alice', command('peer', ...options));
    const own = /peer (\S+?)\//.exec(await stranger.waitForLine(/^ready/))![1]!;
    for (const address of [router, invitation]) {
      const url = `http://[${address}]/`;
      const found = await lab.exec('alice', ['curl', '-sS', '--max-time', '5', url]);
      expect(found.stdout).toBe(`/ for ${own}\n`);
    }
    const status = await lab.exec('alice', command('status', '--json', socket));
    const { remotes } = JSON.parse(status.stdout) as { remotes: unknown[] };
    expect(remotes).toMatchObject([{ address: invitation, path: 'direct' }]);
  });

  test('says so when strangers do not find it at its port', async () => {
    const options = ['--listen', '10.0.8.2', '--public', `${FIREWALL}:${LOCAL_PORT}`];
    const daemon = lab.spawn('firewallRouter', command('router', ...options));
    await daemon.waitForLine(
      /^warning: peers of other routers do not reach this one: they expect it at port 25790/,
    );
    await daemon.waitForLine(/^ready/);
  });

  test.each(['auto', 'portable'])(
    'serves its peers, and relays to and from other routers, driver %s',
    async (driver) => {
      const cloud = ['--listen', '0.0.0.0', '--public', CLOUD, '--driver', driver];
      const line = await startRouter('cloudRouter', ...cloud);
      expect(line).toMatch(/public 198\.51\.100\.1:25790/);
      expect(line).toContain('fc64:bed:c633:6401:c433:6401:64be:8000');
      const firewall = ['--listen', '10.0.8.2', '--port', `${LOCAL_PORT}`, '--public', FIREWALL];
      await startRouter('firewallRouter', ...firewall, '--driver', driver);

      const alice = await startPeer(lab, 'alice', '--peering', 'via-router');
      const bob = lab.spawn(
        'bob',
        command('peer', '--router', FIREWALL, '--peering', 'via-router'),
      );
      const address = /peer (\S+?)\//.exec(await bob.waitForLine(/^ready/))![1]!;
      expect(alice.address).toMatch(/^fc64:bed:c633:6401:c433:640b:/);
      expect(address).toMatch(/^fc64:bed:c633:6409:c433:640c:/);

      expect(await unanswered(lab, 'alice', 'fc64:bed:c633:6401:c433:6401:64be:8000', 3)).toEqual(
        [],
      );
      expect(await unanswered(lab, 'bob', 'fc64:bed:c633:6409:c433:6409:64be:8000', 3)).toEqual([]);
      expect(await unanswered(lab, 'alice', address, 5)).toEqual([]);
      expect(await unanswered(lab, 'bob', alice.address, 5)).toEqual([]);
    },
  );
});
