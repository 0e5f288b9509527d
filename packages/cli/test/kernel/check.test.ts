import { command, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { buildNatTopology, type Middlebox } from '@6bed4/testing/kernel/natTopology';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, expect, test } from 'vitest';

/** Another public address of the host of the router, at which a second one runs. */
const SECOND = '198.51.100.9';

interface Outcome {
  readonly code: number | null;
  readonly result: {
    readonly result: string;
    readonly udpWorks: boolean | null;
    readonly routers: readonly { readonly seenAt: object | null; readonly error: string | null }[];
    readonly nat: object;
    readonly largestPacket: number | null;
    readonly nativeIPv6: object;
  };
}

describeKernel('6bed4 check', () => {
  let lab: Lab;
  afterEach(() => lab.dispose());

  async function build(middlebox: Middlebox): Promise<void> {
    lab = await buildNatTopology({ left: middlebox, right: 'none' });
  }

  async function twoRouters(): Promise<void> {
    await lab.address('router', 'eth0', `${SECOND}/24`);
    await startRouter(lab, 'router', '--no-tun', '--no-control');
    const second = lab.spawn(
      'router',
      command('router', '--listen', SECOND, '--no-tun', '--no-control'),
    );
    await second.waitForLine(/^ready/);
  }

  async function check(...routers: readonly string[]): Promise<Outcome> {
    const words = routers.flatMap((router) => ['--router', router]);
    const program = lab.spawn('left', command('check', '--json', ...words));
    const { code, stdout } = await program.outcome();
    return { code, result: JSON.parse(stdout) as Outcome['result'] };
  }

  const dependent = ['address-dependent', 'address-and-port-dependent'];
  test.each<[Middlebox, number, object]>([
    ['none', 0, { isThere: false, mapping: [], filtering: ['endpoint-independent'] }],
    ['masquerade', 0, { isThere: true, mapping: ['endpoint-independent'], filtering: dependent }],
    [
      'full-cone',
      0,
      { isThere: true, mapping: ['endpoint-independent'], filtering: ['endpoint-independent'] },
    ],
    [
      // No datagram shows that the second router would relay, so that the filter stays unknown.
      'fully-random',
      3,
      {
        isThere: true,
        mapping: dependent,
        filtering: ['endpoint-independent', ...dependent],
      },
    ],
  ])('finds out by two routers how %s maps and filters', async (middlebox, code, nat) => {
    await build(middlebox);
    await twoRouters();
    const outcome = await check(ROUTER_IPV4, SECOND);
    expect(outcome).toMatchObject({ code, result: { nat, udpWorks: true, largestPacket: 1280 } });
  });

  test('does not guess how a NAT maps and filters by one router', async () => {
    await build('masquerade');
    await startRouter(lab, 'router', '--no-tun');
    const all = ['endpoint-independent', ...dependent];
    expect(await check(ROUTER_IPV4)).toMatchObject({
      code: 0,
      result: { nat: { isThere: true, mapping: all, filtering: all }, largestPacket: 1280 },
    });
  });

  test('fails where no router runs, with the reason', async () => {
    await build('none');
    const { code, result } = await check(ROUTER_IPV4);
    expect(code).toBe(1);
    expect(result).toMatchObject({ result: 'failed', udpWorks: null, largestPacket: null });
    expect(result.routers).toMatchObject([{ seenAt: null, error: 'ECONNREFUSED' }]);
  });

  test('tells of large packets that get lost, with exit code 3', async () => {
    await build('masquerade');
    await startRouter(lab, 'router', '--no-tun');
    await lab.nft(
      'leftNat',
      `table ip narrow {
        chain through {
          type filter hook forward priority filter;
          ip protocol udp ip length > 1200 drop
        }
      }`,
    );
    expect(await check(ROUTER_IPV4)).toMatchObject({
      code: 3,
      result: { result: 'limited', largestPacket: 512 },
    });
  });

  test('finds native IPv6', async () => {
    await build('none');
    await startRouter(lab, 'router', '--no-tun');
    expect((await check(ROUTER_IPV4)).result.nativeIPv6).toEqual({ by: 'none', source: null });
    await lab.address('left', 'eth0', '2001:db8:1::2/64');
    await lab.ip('left', '-6 route add default via 2001:db8:1::1 dev eth0');
    const { nativeIPv6 } = (await check(ROUTER_IPV4)).result;
    expect(nativeIPv6).toEqual({ by: 'native', source: '2001:db8:1::2' });
  });

  test('takes the routers of running peers where none is given, and fails without', async () => {
    await build('none');
    await startRouter(lab, 'router', '--no-tun', '--no-control');
    const none = await lab.spawn('left', command('check')).outcome();
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toMatch(/^6bed4 check: missing --router: give/);
  });
});

describeKernel('the first minute of a peer', () => {
  let lab: Lab;
  afterEach(() => lab.dispose());

  test.each([
    ['a host without router', false, /its computer refuses/],
    ['a firewall', true, /firewalls let UDP to its port and the answers pass/],
  ])(
    'tells whom it asks at once, and what to check about %s after 3 s',
    async (_, drops, advice) => {
      lab = await buildNatTopology({ left: 'none', right: 'none' });
      if (drops) {
        await lab.nft(
          'router',
          `table ip silent {
          chain inbound {
            type filter hook input priority filter;
            ip protocol udp drop
          }
        }`,
        );
      }
      const words = ['--router', ROUTER_IPV4, '--no-tun', '--no-control'];
      const peer = lab.spawn('left', command('peer', ...words));
      await peer.waitForLine(/^asking 198\.51\.100\.1:25790 … {2}from 0\.0\.0\.0:\d+/);
      const line = await peer.waitForLine(/^warning: no router has answered for 3 s: check/);
      expect(line).toMatch(advice);
      // It goes on, and forgets about it.
      if (drops) await lab.exec('router', ['nft', 'flush', 'ruleset']);
      await startRouter(lab, 'router', '--no-tun', '--no-control');
      await peer.waitForLine(/^ready/);
    },
  );
});
