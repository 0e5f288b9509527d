import { join } from 'node:path';
import { Lab } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Guide } from './support/guide.js';

const ROUTERS = ['first', 'second', 'third'] as const;
const SERVICE = '192.0.2.1';
const PREFIX = '2001:db8:b::/64';
/** What stands beside the service address, and must not be announced. */
const OTHER = '192.0.2.2';
const NATIVE = '2001:db8:beef::2';
const LAPTOP = '203.0.113.2';
/** Milliseconds in which routes change, with BGP that connects anew. */
const PATIENCE = 30_000;
const POLL = 200;

describeKernel('the guide to run a fleet', () => {
  let lab: Lab;
  let guide: Guide;

  /** Three routers and their upstream on one link; behind the upstream a laptop and the IPv6 Internet. */
  beforeEach(async () => {
    lab = new Lab();
    for (const host of [...ROUTERS, 'upstream', 'laptop', 'native']) await lab.host(host);
    await lab.link(['upstream', 'world', '203.0.113.1/24'], ['laptop', 'eth0', `${LAPTOP}/24`]);
    await lab.link(['upstream', 'v6', '2001:db8:beef::1/64'], ['native', 'eth0', `${NATIVE}/64`]);
    await lab.ip('laptop', 'route add default via 203.0.113.1');
    await lab.ip('native', '-6 route add default via 2001:db8:beef::1');
    await lab.ip('upstream', 'link add name fleet type bridge stp_state 0 mcast_snooping 0');
    await lab.address('upstream', 'fleet', '198.51.100.1/24', '2001:db8:a::1/64');
    for (const [index, host] of ROUTERS.entries()) {
      const number = 11 + index;
      const port = `port${number}`;
      await lab.link(
        ['upstream', port],
        [host, 'eth0', `198.51.100.${number}/24`, `2001:db8:a::${number}/64`],
      );
      await lab.ip('upstream', `link set ${port} master fleet`);
      await lab.ip(host, 'route add default via 198.51.100.1');
      await lab.ip(host, '-6 route add default via 2001:db8:a::1');
    }
    await lab.ip('first', `route add unreachable ${OTHER} table 6464`);
    guide = await Guide.prepare(lab, [...ROUTERS, 'upstream', 'laptop']);
  });
  afterEach(async () => {
    await guide?.dispose();
    lab.dispose();
  });

  /** Numbers of the routers to which the upstream sends, by IPv4 and by IPv6. */
  async function announced(): Promise<number[][]> {
    const shown = await Promise.all([
      lab.ip('upstream', `route show ${SERVICE}`),
      lab.ip('upstream', `-6 route show ${PREFIX}`),
    ]);
    const numbers = (routes: string): number[] =>
      [...routes.matchAll(/via \S+?[.:](\d+) /g)].map(([, number]) => Number(number)).sort();
    return shown.map(numbers);
  }

  async function untilAnnounced(numbers: readonly number[]): Promise<void> {
    const expected = [numbers, numbers];
    const end = Date.now() + PATIENCE;
    while (Date.now() < end) {
      if (JSON.stringify(await announced()) === JSON.stringify(expected)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
    expect(await announced()).toEqual(expected);
  }

  /** A port of the laptop whose packets the upstream sends to a router. */
  async function portTo(router: string): Promise<number> {
    for (let port = 40_000; port < 40_100; port++) {
      const flow = `from ${LAPTOP} iif world ipproto udp sport ${port} dport 25790`;
      const route = await lab.ip('upstream', `route get ${SERVICE} ${flow}`);
      if (route.includes(`via ${router} `)) return port;
    }
    throw new Error(`no flow goes to ${router}`);
  }

  test('works from top to bottom, and loses nothing where it says so', async () => {
    let ways: number[] = [];
    let pings: ReturnType<Lab['spawn']> | undefined;
    const blocks = await Guide.blocks('run-a-fleet.md');
    for (const block of blocks) {
      const { code, host, output } = block;
      if (/enable --now 6bed4-health/.test(code)) {
        // Nothing else is announced before, though BIRD may run already.
        await untilAnnounced(ways);
        ways.push(11 + ROUTERS.indexOf(host as (typeof ROUTERS)[number]));
      }
      if (/drain fleet$/m.test(code)) {
        // A peer whose packets go to the router that is drained.
        const port = await portTo('198.51.100.12');
        const command = join(lab.folder, 'bin/6bed4');
        const options = ['--router', SERVICE, '--port', String(port), '--no-control'];
        await lab.spawn('laptop', [command, 'peer', ...options]).waitForLine(/^ready/, PATIENCE);
        pings = lab.spawn('laptop', ['ping', '-6', '-i', '0.05', NATIVE]);
        await pings.waitForLine(/bytes from/, PATIENCE);
        ways = [11, 13];
      }
      if (/drain fleet --resume$/m.test(code)) ways = [11, 12, 13];
      if (/route show/.test(code) && output !== null) {
        const promised = [...output.matchAll(/via 198\.51\.100\.(\d+)/g)].map(([, one]) =>
          Number(one),
        );
        expect(ways).toEqual(promised);
        await untilAnnounced(promised);
      }
      if (/restart 6bed4-router/.test(code)) await untilAnnounced(ways);
      await guide.run(block);
      if (/restart 6bed4-router/.test(code)) {
        await untilAnnounced(ways);
        await pings!.stop('SIGINT');
        // All but what was under way at the end.
        const numbers = pings!.stdout.flatMap((line) => / icmp_seq=(\d+) /.exec(line)?.[1] ?? []);
        expect(numbers.map(Number)).toEqual(numbers.map((_, index) => index + 1));
      }
    }
    await untilAnnounced([11, 12]);
    expect(await lab.ip('upstream', `route show ${OTHER}`)).toBe('');
    // As the table of what happens says: systemd withdraws for a watch that ends or hangs, and starts all of them again.
    for (const [host, name, unit, left] of [
      ['second', 'KILL', '6bed4-health', 11],
      ['first', 'KILL', '6bed4-router@fleet', 12],
      ['second', 'STOP', '6bed4-health', 11],
    ] as const) {
      await guide.system(host).exec(['systemctl', 'kill', `--signal=${name}`, unit]);
      await untilAnnounced([left]);
      await untilAnnounced([11, 12]);
    }
    expect(await lab.ip('third', '-brief link')).not.toMatch(/6bed4/);
  }, 300_000);
}, ['bird', 'birdc', 'curl', 'systemctl']);
