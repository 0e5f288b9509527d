import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { command, PORT, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, interfacesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { ROUTER_ADDRESS, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { ping, unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { useInternet } from '@6bed4/testing/kernel/suites';
import { Capture } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { describe, expect, test } from 'vitest';

const BYTES = 1 << 18;
const TCP_PORT = 5001;
/** Sizes of echo data whose datagrams are as large as a path with a small MTU, or near it. */
const SIZES = [8, 400, 476, 477, 900, 924, 925, 926, 1_100, 1_224, 1_232];

/** What a descriptor of a process is of, such as `pipe:[123]`. */
function targetOf(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    // The one that listed the folder.
    return '';
  }
}

/** Linux hosts as people have them, and what they did to other tunnels. */
describeKernel('a host', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  /** Transfers bytes by TCP between two peers; whether they arrive. */
  async function transfers(from: string, to: string, address: string): Promise<boolean> {
    const receiver = lab.spawn(to, program('tcpReceiver', TCP_PORT));
    await receiver.waitForLine(/listening/);
    await lab.exec(from, program('tcpSender', address, TCP_PORT, BYTES));
    return (await receiver.outcome()).stdout.includes(`"bytes":${BYTES}`);
  }

  /** Kernel parameters of a host, by path, but for those that count or belong to the tunnel. */
  async function parametersOf(label: string): Promise<string> {
    const words =
      'grep -r . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/ipv4/ip_forward';
    const { stdout } = await lab.exec(label, ['sh', '-c', `${words} 2>/dev/null`], {
      mayFail: true,
    });
    return stdout
      .split('\n')
      .filter((line) => !line.includes('/6bed4/'))
      .sort()
      .join('\n');
  }

  test.each([1_000, 576])(
    'behind a link of %i bytes carries packets of every size',
    async (mtu) => {
      // Nobody tells the peers: ICMP is dropped, and their interfaces take 1500 bytes.
      await lab.host('home');
      await lab.host('provider');
      await lab.link(['home', 'lan', '10.9.0.1/24'], ['peer1', 'wan', '10.9.0.2/24']);
      await lab.link(['provider', 'dsl', '10.8.0.1/24'], ['home', 'dsl', '10.8.0.2/24']);
      await lab.attach('provider', '198.51.100.9/24');
      await lab.masquerade('provider', 'eth0');
      await lab.masquerade('home', 'dsl');
      await lab.ip('peer1', 'link del eth0');
      await lab.ip('peer1', 'route add default via 10.9.0.1');
      await lab.ip('home', 'route add default via 10.8.0.1');
      for (const label of ['home', 'provider']) {
        await lab.ip(label, `link set dsl mtu ${mtu}`);
        await lab.nft(
          label,
          `table ip f {
            chain o {
              type filter hook output priority 0;
              ip protocol icmp drop;
            }
          }`,
        );
      }
      await startRouter(lab, 'router');
      const left = await startPeer(lab, 'peer1');
      const right = await startPeer(lab, 'peer2');
      for (const size of SIZES) {
        const there = await ping(lab, 'peer1', right.address, { size });
        expect({ size, there: there.result }).toEqual({ size, there: 'reply' });
      }
      expect(await transfers('peer1', 'peer2', right.address)).toBe(true);
      expect(await transfers('peer2', 'peer1', left.address)).toBe(true);
    },
  );

  test('with several IPv4 addresses answers from the one that was addressed', async () => {
    await lab.ip('router', 'addr add 198.51.100.77/24 dev eth0');
    await lab.ip('peer2', 'addr add 198.51.100.78/24 dev eth0');
    const router = lab.spawn('router', command('router', '--listen', '198.51.100.77'));
    await router.waitForLine(/^ready/);
    const start = async (label: string, ...options: string[]): Promise<string> => {
      const words = command('peer', '--router', '198.51.100.77', ...options);
      await lab.spawn(label, words).waitForLine(/^ready/);
      return (await addressesOf(lab, label))[0]!.split('/')[0]!;
    };
    const capture = await Capture.start(lab, [PORT, 40_000]);
    await start('peer1', '--port', '40000');
    const address = await start('peer2', '--listen', '198.51.100.78', '--port', '40000');
    expect(await unanswered(lab, 'peer1', address, 3)).toEqual([]);
    const frames = await capture.stop();
    const sources = new Set(frames.map(({ outer }) => outer.source));
    expect([...sources].sort()).toEqual(['198.51.100.2', '198.51.100.77', '198.51.100.78']);
  });

  test('with one address of /32 and a gateway that is not in its subnet has a tunnel', async () => {
    await lab.host('cloud');
    await lab.link(['cloud', 'lan', '172.31.1.1/32'], ['peer1', 'wan', '203.0.113.44/32']);
    await lab.attach('cloud', '198.51.100.9/24');
    await lab.sysctl('cloud', 'net.ipv4.ip_forward', 1);
    await lab.ip('cloud', 'route add 203.0.113.44/32 dev lan');
    await lab.ip('peer1', 'link del eth0');
    await lab.ip('peer1', 'route add default via 172.31.1.1 dev wan onlink');
    for (const label of ['router', 'peer2']) {
      await lab.ip(label, 'route add 203.0.113.44/32 via 198.51.100.9');
    }
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1');
    const right = await startPeer(lab, 'peer2');
    expect(await unanswered(lab, 'peer1', right.address, 3)).toEqual([]);
  });

  test('keeps multicast and broadcasts of its programs to itself', async () => {
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1', '--default-route', '--port', '40000');
    const capture = await Capture.start(lab, [PORT, 40_000]);
    for (const group of ['ff02::fb%6bed4', 'ff02::1%6bed4', 'ff05::c%6bed4', 'ff0e::1%6bed4']) {
      await lab.exec('peer1', ['ping', '-6', '-c', '2', '-i', '0.1', '-W', '1', group], {
        mayFail: true,
      });
    }
    const frames = await capture.stop();
    const leaked = frames.filter(({ inner }) => inner?.destination.startsWith('ff') === true);
    expect(leaked.filter(({ inner }) => inner!.icmpType !== 133)).toEqual([]);
  });

  test.each(['router', 'peer1'])('keeps its kernel parameters while a %s runs', async (label) => {
    const before = await parametersOf(label);
    expect(before).toContain('accept_ra');
    await startRouter(lab, 'router', '--route', '2000::/3');
    if (label === 'peer1') await startPeer(lab, label, '--default-route');
    expect(await parametersOf(label)).toBe(before);
  });

  test.each([
    { addr_gen_mode: 3, use_tempaddr: 2 },
    { addr_gen_mode: 1, accept_ra: 2, forwarding: 1, accept_dad: 2, dad_transmits: 3 },
  ])('whose new interfaces have %j has the one address of its lease', async (defaults) => {
    for (const [key, value] of Object.entries(defaults)) {
      await lab.sysctl('peer1', `net.ipv6.conf.default.${key}`, value);
    }
    await startRouter(lab, 'router');
    const { address } = await startPeer(lab, 'peer1');
    expect(await addressesOf(lab, 'peer1')).toHaveLength(1);
    expect(await unanswered(lab, 'router', address, 2)).toEqual([]);
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
  });

  test('with strict filters of the reverse path reaches other peers', async () => {
    for (const label of ['router', 'peer1', 'peer2']) {
      await lab.sysctl(label, 'net.ipv4.conf.all.rp_filter', 1);
      await lab.sysctl(label, 'net.ipv4.conf.default.rp_filter', 1);
      await lab.nft(
        label,
        `table inet rp {
          chain pre {
            type filter hook prerouting priority raw;
            meta nfproto ipv6 fib saddr . iif oif missing drop;
          }
        }`,
      );
    }
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1', '--default-route');
    const right = await startPeer(lab, 'peer2');
    expect(await unanswered(lab, 'peer1', right.address, 3)).toEqual([]);
    expect(await transfers('peer1', 'peer2', right.address)).toBe(true);
  });

  test('whose firewall drops ICMPv6, fragments and packets of no connection carries TCP', async () => {
    await startRouter(lab, 'router');
    const left = await startPeer(lab, 'peer1');
    const right = await startPeer(lab, 'peer2');
    for (const label of ['peer1', 'peer2']) {
      await lab.nft(
        label,
        `table ip6 f {
          chain i {
            type filter hook input priority 0;
            meta l4proto icmpv6 drop;
            ct state invalid drop;
            exthdr frag exists drop;
          }
          chain o {
            type filter hook output priority 0;
            meta l4proto icmpv6 drop;
          }
        }`,
      );
    }
    expect(await transfers('peer1', 'peer2', right.address)).toBe(true);
    expect(await transfers('peer2', 'peer1', left.address)).toBe(true);
  });

  test('takes datagrams whose UDP checksum is zero', async () => {
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1', '--port', '40000');
    const right = await startPeer(lab, 'peer2', '--port', '40000');
    for (const label of ['router', 'peer1', 'peer2']) {
      await lab.nft(
        label,
        `table ip z {
          chain i {
            type filter hook prerouting priority raw;
            meta l4proto udp udp checksum set 0;
          }
        }`,
      );
    }
    expect(await unanswered(lab, 'peer1', right.address, 5)).toEqual([]);
    expect(await transfers('peer1', 'peer2', right.address)).toBe(true);
  });
});

describeKernel('the process of a daemon', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  /** Starts a peer by a shell's line, in which `"$@"` is the command; waits until it works. */
  async function startBy(line: string): Promise<RunningProgram> {
    await startRouter(lab, 'router');
    const words = command('peer', '--router', ROUTER_IPV4);
    const daemon = lab.spawn('peer1', ['sh', '-c', line, 'sh', ...words]);
    return daemon;
  }

  async function works(): Promise<boolean> {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
      if ((await ping(lab, 'peer1', ROUTER_ADDRESS)).result === 'reply') return true;
    }
    return false;
  }

  describe.each([
    ['in a folder that was removed', 'mkdir "$D" && cd "$D" && rmdir "$D" && exec "$@"'],
    ['with an empty environment', 'exec env -i "$@"'],
    [
      'in the locale of Turkey and a zone of odd minutes',
      'LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 TZ=Asia/Kathmandu exec "$@"',
    ],
    ['with a umask that hides everything', 'umask 0777; exec "$@"'],
    ['without standard input, output and error', 'exec "$@" <&- >&- 2>&-'],
    ['as process 1 of a container', 'exec unshare --pid --fork --mount-proc "$@"'],
    ['with a low priority and little memory for locks', 'ulimit -l 0; exec nice -n 10 "$@"'],
  ])('%s', (title, line) => {
    test('carries packets, and ends when asked to', async () => {
      const folder = `${lab.folder}/gone`;
      const daemon = await startBy(line.replaceAll('"$D"', `'${folder}'`));
      expect(await works()).toBe(true);
      if (title.includes('process 1')) {
        const children = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8');
        for (const pid of children.trim().split(' ')) process.kill(Number(pid), 'SIGTERM');
        expect((await daemon.ended).code).toBe(0);
      } else {
        expect((await daemon.stop()).code).toBe(0);
      }
      expect(await interfacesOf(lab, 'peer1')).not.toContain(TUN);
    });
  });

  test('gives no descriptor to programs that it starts', async () => {
    const daemon = await startBy('exec "$@"');
    await daemon.waitForLine(/^ready/);
    const folder = `/proc/${daemon.pid}/fdinfo`;
    const own = new Set(readdirSync('/proc/self/fd').map((fd) => targetOf(process.pid, fd)));
    const inherited = readdirSync(folder)
      // What this process was given itself, it passes on.
      .filter((fd) => Number(fd) > 2 && !own.has(targetOf(daemon.pid, fd)))
      .filter((fd) => {
        const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`${folder}/${fd}`, 'utf8'))![1]!;
        // O_CLOEXEC
        return (Number.parseInt(flags, 8) & 0o2000000) === 0;
      });
    expect(inherited).toEqual([]);
  });
});
