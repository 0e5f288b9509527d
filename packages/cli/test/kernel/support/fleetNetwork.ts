import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command, PORT } from '@6bed4/testing/kernel/daemons';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { Lab } from '@6bed4/testing/kernel/lab';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import type { PathKind } from '@6bed4/tunnel';
import type { DaemonStatus, PeerStatus, RouterStatus } from '../../../src/control/status.js';
import { COUNT_SOURCES } from './replySources.js';

const SERVICE = '192.0.2.1';
const PREFIX = '2001:db8:b::/64';
export const NATIVE = '2001:db8:beef::2';
/** Seconds of the hold time of BGP, which counts where there is no BFD. */
export const HOLD_TIME = 3;

const ROUTERS = ['first', 'second', 'third'] as const;
export const UPSTREAMS = ['left', 'right'] as const;
const PEERS = 10;
/** Those of them behind symmetric NATs. */
const SYMMETRIC = 4;
const ROUTER_AS = 64512;
const UPSTREAM_AS = 64500;
/** Milliseconds in which routes change, with BGP that connects anew, and in which peers find direct paths. */
const PATIENCE = 30_000;
const POLL = 50;
/** nftables before everything else, so that nothing arrives or leaves. */
const PARTITION = `table inet partition {
  chain in { type filter hook prerouting priority -450; iifname "eth0" drop; }
  chain out { type filter hook postrouting priority 450; oifname "eth0" drop; }
}`;

/** As NATs have it: what nobody asked for leaves no trace that would take a port away from those behind. */
const FIREWALL = `table ip firewall {
  chain in { type filter hook input priority 0; iifname "eth0" udp dport 1024-65535 drop; }
}`;

const numberOf = (router: string): number => 11 + ROUTERS.indexOf(router as 'first');
const delay = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A peer behind a NAT of its own. */
export interface FleetPeer {
  readonly host: string;
  readonly address: string;
  readonly daemon: RunningProgram;
}

/**
 * Three routers with one service address and one prefix, on one link with two upstreams, all with BIRD as `6bed4 fleet
 * init` configures it; peers behind NATs on the IPv4 Internet, and a host of the IPv6 Internet.
 */
export class FleetNetwork {
  readonly lab = new Lab();
  readonly routers: readonly string[] = ROUTERS;
  readonly peers: FleetPeer[] = [];
  readonly #daemons = new Map<string, RunningProgram>();
  readonly #announcements = new Map<string, { readonly up: string; readonly down: string }>();

  /** Builds it and starts everything but the peers. */
  static async start(): Promise<FleetNetwork> {
    const network = new FleetNetwork();
    try {
      await network.#build();
      await Promise.all(UPSTREAMS.map((host) => network.#startBird(host)));
      await Promise.all(
        ROUTERS.map(async (router) => {
          await network.#startBird(router);
          await network.startRouter(router);
          network.#startWatch(router);
        }),
      );
      await network.untilAnnounced(ROUTERS);
    } catch (error) {
      network.dispose();
      throw error;
    }
    return network;
  }

  dispose(): void {
    this.lab.dispose();
  }

  /** The IPv4 address of the NAT of a peer, by the number of the peer. */
  publicAddress(index: number): string {
    return `203.0.113.${10 + index}`;
  }

  /** Starts the peers, the first ones behind NATs that map each destination to another port. */
  async startPeers(): Promise<void> {
    const { lab } = this;
    const started = await Promise.all(
      Array.from({ length: PEERS }, async (_, index) => {
        const [nat, host] = [`nat${index}`, `peer${index}`];
        await lab.host(nat);
        await lab.host(host);
        await lab.attach(nat, `${this.publicAddress(index)}/24`);
        await lab.ip(nat, `route add default via 203.0.113.${1 + (index % 2)}`);
        await lab.link([nat, 'lan', '10.0.0.1/24'], [host, 'eth0', '10.0.0.2/24']);
        await lab.ip(host, 'route add default via 10.0.0.1');
        await lab.masquerade(nat, 'eth0', { fullyRandom: index < SYMMETRIC });
        await lab.nft(nat, FIREWALL);
        const options = ['--router', SERVICE, '--control', this.socketOf(host)];
        const daemon = lab.spawn(host, command('peer', ...options));
        await daemon.waitForLine(/^ready/, PATIENCE);
        const [address = ''] = (await addressesOf(lab, host)).map((one) => one.split('/')[0]!);
        return { host, address, daemon };
      }),
    );
    this.peers.push(...started);
  }

  /** Starts the daemon of a router; a watch of its health runs all the time. */
  async startRouter(router: string): Promise<void> {
    const config = join(this.lab.folder, router, 'etc/6bed4/fleet.toml');
    const daemon = this.lab.spawn(
      router,
      command('router', '--config', config, '--control', this.socketOf(router)),
    );
    this.#daemons.set(router, daemon);
    await daemon.waitForLine(/ ready |^ready/, PATIENCE);
  }

  /** Ends the daemon of a router by a signal. */
  async stopRouter(router: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#daemons.get(router)!.stop(signal);
  }

  /** Runs `6bed4 drain` for a router. */
  async drain(router: string, ...options: readonly string[]): Promise<void> {
    await this.lab.exec(router, command('drain', this.socketOf(router), ...options));
  }

  /** The control socket of the daemon of a host. */
  socketOf(host: string): string {
    return join(this.lab.folder, `${host}.sock`);
  }

  /** Waits until the packets from one peer to another go without a router. */
  async untilDirect(from: FleetPeer, to: FleetPeer): Promise<void> {
    const end = Date.now() + PATIENCE;
    let path: PathKind | undefined;
    while (Date.now() < end) {
      const { remotes } = await this.#statusOf<PeerStatus>(from.host);
      path = remotes.find(({ address }) => address === to.address)?.path;
      if (path === 'direct') return;
      await delay(POLL);
    }
    throw new Error(`packets from ${from.host} to ${to.host} are ${path}`);
  }

  /** Has the link of a router drop everything in silence, or not any more. */
  async partition(router: string, isCut: boolean): Promise<void> {
    await this.lab.nft(router, isCut ? PARTITION : 'delete table inet partition');
  }

  /** Has the sessions of a router notice failures by the hold time alone. */
  async withoutBfd(router: string): Promise<void> {
    const own = `198.51.100.${numberOf(router)}`;
    const files = [
      [router, join(this.lab.folder, router, 'etc/bird/bird.conf')],
      ...UPSTREAMS.map((host) => [
        host,
        join(this.lab.folder, host, 'etc/bird/fleet', `${own}.conf`),
      ]),
    ] as [string, string][];
    for (const [host, file] of files) {
      const text = await readFile(file, 'utf8');
      const changed =
        host === router
          ? text.replaceAll('  bfd on;\n', '')
          : text.replaceAll(/^ {2}neighbor .*$/gm, '$&\n  bfd off;');
      await writeFile(file, changed);
      await this.#birdc(host, 'configure');
    }
    await this.untilAnnounced(ROUTERS);
  }

  /** Waits until both upstreams use these routers, and no others, by IPv4 and IPv6. */
  async untilAnnounced(routers: readonly string[]): Promise<void> {
    const expected = JSON.stringify(routers.map(numberOf).sort());
    const end = Date.now() + PATIENCE;
    let shown: string[] = [];
    while (Date.now() < end) {
      shown = await Promise.all(
        UPSTREAMS.flatMap((host) => [
          this.#waysOf(host, `route show ${SERVICE}`),
          this.#waysOf(host, `-6 route show ${PREFIX}`),
        ]),
      );
      if (shown.every((ways) => ways === expected)) return;
      await delay(POLL);
    }
    throw new Error(`upstreams use ${shown.join(' ')}, not ${expected}`);
  }

  /** Datagrams that each router has received from peers. */
  async received(): Promise<Map<string, number>> {
    const counts = await Promise.all(
      ROUTERS.map(async (router) => {
        const { counters } = await this.#statusOf<RouterStatus>(router);
        return [router, counters.datagramsReceived] as const;
      }),
    );
    return new Map(counts);
  }

  /** The router that most packets take at present. */
  async busiest(): Promise<string> {
    const before = await this.received();
    await delay(500);
    const after = await this.received();
    const rates = ROUTERS.map(
      (router) => [router, after.get(router)! - before.get(router)!] as const,
    );
    return rates.sort(([, one], [, other]) => other - one)[0]![0];
  }

  /** The routers that an upstream takes for flows of one address from many ports. */
  async waysOfPorts(count: number): Promise<Set<string>> {
    const ways = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const flow = `from 203.0.113.10 iif eth0 ipproto udp sport ${40_000 + index} dport ${PORT}`;
        const route = await this.lab.ip('left', `route get ${SERVICE} ${flow}`);
        return /via (\S+)/.exec(route)![1]!;
      }),
    );
    return new Set(ways);
  }

  async #statusOf<Status extends DaemonStatus>(host: string): Promise<Status> {
    const argv = command('status', this.socketOf(host), '--json');
    return JSON.parse((await this.lab.exec(host, argv)).stdout);
  }

  async #waysOf(host: string, words: string): Promise<string> {
    const routes = await this.lab.ip(host, words);
    const numbers = [...routes.matchAll(/via \S+?[.:](\d+) /g)].map(([, one]) => Number(one));
    return JSON.stringify(numbers.sort());
  }

  async #build(): Promise<void> {
    const { lab } = this;
    await lab.internet();
    for (const host of [...ROUTERS, ...UPSTREAMS, 'rack', 'native']) await lab.host(host);
    await lab.ip('rack', 'link add name rack type bridge stp_state 0 mcast_snooping 0');
    await lab.ip('rack', 'link set rack up');
    for (const [index, host] of UPSTREAMS.entries()) {
      await lab.attach(host, `203.0.113.${1 + index}/24`);
      await this.#plugIn(host, 1 + index, 'rack');
      await lab.nft(host, COUNT_SOURCES);
    }
    await lab.link(['left', 'v6', '2001:db8:beef::1/64'], ['native', 'eth0', `${NATIVE}/64`]);
    await lab.ip('native', '-6 route add default via 2001:db8:beef::1');
    await lab.ip('right', '-6 route add 2001:db8:beef::/64 via 2001:db8:a::1');
    for (const router of ROUTERS) {
      await this.#plugIn(router, numberOf(router), 'eth0');
      const ways = UPSTREAMS.map((_, index) => `nexthop via 198.51.100.${1 + index}`);
      await lab.ip(router, `route add default ${ways.join(' ')}`);
      await lab.ip(router, '-6 route add default via 2001:db8:a::1');
      await this.#configure(router);
    }
  }

  async #plugIn(host: string, number: number, device: string): Promise<void> {
    const { lab } = this;
    const port = `port${number}`;
    const addresses = [`198.51.100.${number}/24`, `2001:db8:a::${number}/64`];
    await lab.link(['rack', port], [host, device, ...addresses]);
    await lab.ip('rack', `link set ${port} master rack`);
  }

  /** Writes what `6bed4 fleet init` has for a router, and does what its units do before the router starts. */
  async #configure(router: string): Promise<void> {
    const { lab } = this;
    const number = numberOf(router);
    const folder = join(lab.folder, router);
    const upstreams = UPSTREAMS.flatMap((_, index) =>
      [`198.51.100.${1 + index}`, `2001:db8:a::${1 + index}`].flatMap((address) => [
        '--upstream',
        `${address},${UPSTREAM_AS}`,
      ]),
    );
    await lab.exec(
      router,
      command(
        ...['fleet', 'init', '--service', SERVICE, '--prefix', PREFIX, '--route', '2000::/3'],
        ...['--as', String(ROUTER_AS), '--hold-time', String(HOLD_TIME), '--workers', '2'],
        ...['--own', `198.51.100.${number}`, '--own', `2001:db8:a::${number}`],
        ...upstreams,
        ...['--output', folder],
      ),
    );
    const read = (path: string): Promise<string> => readFile(join(folder, 'etc', path), 'utf8');
    for (const [, key, value] of (await read('sysctl.d/90-6bed4-fleet.conf')).matchAll(
      /^(\S+) = (\S+)$/gm,
    )) {
      await lab.sysctl(router, key!, value!);
    }
    for (const [, words] of (await read('systemd/system/6bed4-anycast.service')).matchAll(
      /^ExecStart=ip (.+)$/gm,
    )) {
      await lab.ip(router, words!);
    }
    const unit = await read('systemd/system/6bed4-health.service');
    const [up, down] = ['up', 'down'].map(
      (option) => new RegExp(`--${option} "([^"]+)"`).exec(unit)![1]!,
    );
    this.#announcements.set(router, { up: up!, down: down! });
    for (const host of UPSTREAMS) {
      await lab.exec(host, ['mkdir', '-p', join(lab.folder, host)]);
      const from = `${folder}/upstream-${UPSTREAM_AS}/.`;
      await lab.exec(host, ['cp', '-r', from, join(lab.folder, host)]);
    }
  }

  async #startBird(host: string): Promise<void> {
    const { lab } = this;
    const folder = join(lab.folder, host, 'etc');
    if (UPSTREAMS.includes(host as 'left')) {
      const text = await readFile(join(folder, 'sysctl.d/90-6bed4-upstream.conf'), 'utf8');
      for (const [, key, value] of text.matchAll(/^(\S+) = (\S+)$/gm)) {
        await lab.sysctl(host, key!, value!);
      }
    }
    const config = join(folder, 'bird/bird.conf');
    lab.spawn(host, ['bird', '-f', '-c', config, '-s', this.#birdSocket(host)]);
  }

  #birdSocket(host: string): string {
    return join(this.lab.folder, `${host}.bird`);
  }

  async #birdc(host: string, ...words: readonly string[]): Promise<void> {
    await this.lab.exec(host, ['birdc', '-s', this.#birdSocket(host), ...words]);
  }

  #startWatch(router: string): void {
    const { up, down } = this.#announcements.get(router)!;
    this.lab.spawn(
      router,
      command(
        ...['health', this.socketOf(router), '--watch', '--interval', '1'],
        ...['--rise', '2', '--fall', '3', '--up', up, '--down', down],
      ),
    );
  }
}
