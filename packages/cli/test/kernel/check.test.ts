import { command, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { buildNatTopology, loadMiddlebox, type Middlebox } from '@6bed4/testing/kernel/natTopology';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

/** Another public address of the host of the router, at which a second one runs. */
const SECOND = '198.51.100.9';
/** Ports of the host of the router at which none runs. */
const NO_ROUTER = `${ROUTER_IPV4}:26000`;
const SILENT_ROUTER = `${ROUTER_IPV4}:26002`;
/** Seconds for which the NAT keeps mappings, between two pauses that are tried. */
const MAPPING_TIMEOUT = 4;

interface Outcome {
  readonly code: number | null;
  readonly result: {
    readonly result: string;
    readonly udpWorks: boolean | null;
    readonly local: { readonly address: string; readonly port: number };
    readonly routers: readonly { readonly seenAt: object | null; readonly error: string | null }[];
    readonly nat: object;
    readonly largestPacket: number | null;
    readonly nativeIPv6: object;
  };
}

describeKernel('a network', () => {
  let lab: Lab;
  const started: RunningProgram[] = [];

  beforeAll(async () => {
    // Left is behind a NAT that tests choose, right is not.
    lab = await buildNatTopology({ left: 'masquerade', right: 'none' });
    await lab.address('router', 'eth0', `${SECOND}/24`);
    const words = command('router', '--listen', SECOND, '--no-tun', '--no-control');
    const second = lab.spawn('router', words);
    await startRouter(lab, 'router', '--no-tun', '--no-control');
    await second.waitForLine(/^ready/);
  });

  beforeEach(() => loadMiddlebox(lab, 'left', 'masquerade'));
  afterEach(async () => {
    await Promise.all(started.splice(0).map((program) => program.stop()));
    await lab.exec('router', ['nft', 'flush', 'ruleset']);
  });
  afterAll(() => lab.dispose());

  function spawn(side: string, ...words: readonly string[]): RunningProgram {
    const program = lab.spawn(side, command(...words));
    started.push(program);
    return program;
  }

  async function check(side: 'left' | 'right', ...words: readonly string[]): Promise<Outcome> {
    const { code, stdout } = await spawn(side, 'check', '--json', ...words).outcome();
    return { code, result: JSON.parse(stdout) as Outcome['result'] };
  }

  /** Drops UDP in the host of the router. */
  const drop = (what: string): Promise<void> =>
    lab.nft(
      'router',
      `table ip silent {
        chain inbound {
          type filter hook input priority filter;
          ${what} drop
        }
        chain outbound {
          type filter hook output priority filter;
          ${what} drop
        }
      }`,
    );

  const one = ['--router', ROUTER_IPV4];
  const both = [...one, '--router', SECOND];
  const dependent = ['address-dependent', 'address-and-port-dependent'];
  const all = ['endpoint-independent', ...dependent];

  describe('as 6bed4 check tells', () => {
    test.each<[Middlebox, number, object]>([
      ['none', 0, { isThere: false, mapping: [], filtering: ['endpoint-independent'] }],
      ['masquerade', 0, { isThere: true, mapping: ['endpoint-independent'], filtering: dependent }],
      [
        'full-cone',
        0,
        { isThere: true, mapping: ['endpoint-independent'], filtering: ['endpoint-independent'] },
      ],
      // No datagram shows that the second router would relay, so that the filter stays unknown.
      ['fully-random', 3, { isThere: true, mapping: dependent, filtering: all }],
    ])('by two routers maps and filters as %s', async (middlebox, code, nat) => {
      if (middlebox !== 'none') await loadMiddlebox(lab, 'left', middlebox);
      const outcome = await check(middlebox === 'none' ? 'right' : 'left', ...both);
      expect(outcome).toMatchObject({ code, result: { nat, udpWorks: true, largestPacket: 1280 } });
    });

    test('by one router maps and filters as is not known, from the address of --listen', async () => {
      const { code, result } = await check('left', ...one, '--listen', '10.0.1.2');
      expect(code).toBe(0);
      expect(result.nat).toEqual({ isThere: true, mapping: all, filtering: all });
      expect(result).toMatchObject({ local: { address: '10.0.1.2' }, largestPacket: 1280 });
    });

    test('has no router, with the reason', async () => {
      const { code, result } = await check('right', '--router', NO_ROUTER);
      expect(code).toBe(1);
      expect(result).toMatchObject({ result: 'failed', udpWorks: null, largestPacket: null });
      expect(result.routers).toMatchObject([{ seenAt: null, error: 'ECONNREFUSED' }]);
    });

    test('loses large packets, with exit code 3', async () => {
      await lab.nft(
        'leftNat',
        `table ip narrow {
          chain through {
            type filter hook forward priority filter;
            ip protocol udp ip length > 1200 drop
          }
        }`,
      );
      expect(await check('left', ...one)).toMatchObject({
        code: 3,
        result: { result: 'limited', largestPacket: 512 },
      });
    });

    test('has native IPv6', async () => {
      const nativeIPv6 = async (): Promise<object> =>
        (await check('right', ...one)).result.nativeIPv6;
      expect(await nativeIPv6()).toEqual({ by: 'none', source: null, addresses: [] });
      const addresses = ['2001:db8:1::2'];
      await lab.address('right', 'eth0', `${addresses[0]}/64`);
      expect(await nativeIPv6()).toEqual({ by: 'none', source: null, addresses });
      await lab.ip('right', '-6 route add default via 2001:db8:1::1 dev eth0 metric 100');
      expect(await nativeIPv6()).toEqual({ by: 'native', source: addresses[0], addresses });
      // A tunnel whose route is the better one.
      await lab.ip('right', 'link add tunnel type veth peer name end');
      await lab.ip('right', 'link set end up');
      await lab.address('right', 'tunnel', 'fc64:bed:c633:6401::2/128');
      await lab.ip('right', '-6 route add default dev tunnel metric 1 src fc64:bed:c633:6401::2');
      const source = 'fc64:bed:c633:6401::2';
      expect(await nativeIPv6()).toEqual({ by: 'tunnel', source, addresses });
    });

    test('forgets mappings after the time that is its own', async () => {
      for (const key of ['nf_conntrack_udp_timeout', 'nf_conntrack_udp_timeout_stream']) {
        await lab.sysctl('leftNat', `net.netfilter.${key}`, MAPPING_TIMEOUT);
      }
      const ending = spawn('right', 'check', '--router', SECOND, '--mapping-timeout', '300');
      const [forgetful, patient] = await Promise.all([
        check('left', ...one, '--mapping-timeout', '5'),
        check('right', ...one, '--mapping-timeout', '2'),
        // A router that falls silent says nothing about mappings.
        ending
          .waitForLine(/^there after 2 s without traffic/, 15_000)
          .then(() => drop(`ip saddr ${SECOND}`)),
      ]);
      expect(forgetful.result.nat).toMatchObject({ mappingTimeout: { atLeast: 2, below: 5 } });
      expect(forgetful).toMatchObject({ code: 3, result: { result: 'limited' } });
      expect(patient).toMatchObject({
        code: 0,
        result: { nat: { mappingTimeout: { atLeast: 2, below: null } } },
      });
      const { stdout } = await ending.outcome();
      expect(stdout).toMatch(/^timeout +a mapping without traffic lives for 2 s at least$/m);
    });

    test('forgets mappings after a time that is not known where nothing is relayed', async () => {
      // IPv4, UDP, and an IPv6 packet with an echo of 16 bytes.
      await drop('udp sport 25790 ip length 92');
      const { code, result } = await check('right', ...one, '--mapping-timeout');
      expect(code).toBe(0);
      expect(result.nat).toMatchObject({ mappingTimeout: null });
    });

    test('has no router where none is given and no peer runs', async () => {
      // Peers of other tests of this computer are not seen there.
      const script = 'mount -t tmpfs none /run && exec "$@"';
      const words = ['unshare', '-m', 'sh', '-c', script, 'sh', ...command('check')];
      const none = await lab.spawn('right', words).outcome();
      expect(none).toMatchObject({ code: 2, stdout: '' });
      expect(none.stderr).toMatch(/^6bed4 check: missing --router: give/);
    });
  });

  describe('that is silent', () => {
    test.each([
      ['a host without router', NO_ROUTER, /its computer refuses/],
      ['a firewall', SILENT_ROUTER, /firewalls let UDP to its port and the answers pass/],
    ])(
      'makes a peer tell whom it asks at once, and what to check about %s after 3 s',
      async (_, router, advice) => {
        if (router === SILENT_ROUTER) await drop('udp dport 26002');
        const peer = spawn('right', 'peer', '--router', router, '--no-tun', '--no-control');
        const asking = await peer.waitForLine(/^asking /);
        expect(asking).toMatch(/^asking 198\.51\.100\.1:2600\d … {2}from 0\.0\.0\.0:\d+/);
        const line = await peer.waitForLine(/^warning: no router has answered for 3 s: check/);
        expect(line).toMatch(advice);
        // It goes on, and forgets about it.
        await lab.exec('router', ['nft', 'flush', 'ruleset']);
        const port = router.split(':')[1]!;
        const words = ['--listen', ROUTER_IPV4, '--port', port, '--no-tun', '--no-control'];
        spawn('router', 'router', ...words);
        await peer.waitForLine(/^ready/);
      },
    );
  });
});
