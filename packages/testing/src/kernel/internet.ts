import { afterAll, beforeAll } from 'vitest';
import type { Daemon } from '../runningProgram.js';
import { Lab } from './lab.js';
import { COMMAND, describeKernel } from './requirements.js';

export type Driver = 'auto' | 'linux' | 'portable';

const ONLY = process.env['SIXBED4_TEST_DRIVER'];
const DRIVERS = (['auto', 'portable'] as const).filter(
  (name) => ONLY === undefined || ONLY === name,
);

/** The daemons' default name of the interface. */
export const TUN = '6bed4';
/** The well-known port of the default profile. */
export const PORT = 25790;

export const ROUTER_IPV4 = '198.51.100.1';
/** fc64::/16 completed with the default netid and 198.51.100.1 (draft-03 §4.1). */
export const SERVED_PREFIX = 'fc64:bed:c633:6401::/64';
/** 198.51.100.1 port 25790 as the lower half, lanip 0. */
export const ROUTER_ADDRESS = 'fc64:bed:c633:6401:c433:6401:64be:8000';

export const NATIVE_PREFIX = '2001:db8:beef::/64';
export const NATIVE_GATEWAY = '2001:db8:beef::1';
export const NATIVE_ADDRESS = '2001:db8:beef::2';

/** A running peer and what it put on its interface. */
export interface RunningPeer {
  readonly daemon: Daemon;
  readonly address: string;
  readonly prefixLength: number;
}

interface InterfaceAddress {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
}

let driver: Driver = 'auto';

/** Decides which driver the daemons take that are started from now on. */
export function useDriver(name: Driver): void {
  driver = name;
}

/** The words that run the command under test. */
export function command(...args: readonly string[]): string[] {
  const isDaemon = args[0] === 'router' || args[0] === 'peer';
  return [process.execPath, COMMAND, ...args, ...(isDaemon ? ['--driver', driver] : [])];
}

/** As `describeKernel`, with each driver in turn, or the one that the environment names. */
export function describeDrivers(title: string, tests: (driver: Driver) => void): void {
  for (const name of DRIVERS) {
    describeKernel(`${title}, driver ${name}`, () => {
      beforeAll(() => useDriver(name));
      afterAll(() => useDriver('auto'));
      tests(name);
    });
  }
}

/** Global IPv6 addresses of an interface as `address/length`; none when it does not exist. */
export async function addressesOf(lab: Lab, label: string, device = TUN): Promise<string[]> {
  const found = await lab.exec(
    label,
    ['ip', '-6', '-json', 'addr', 'show', 'dev', device, 'scope', 'global'],
    { mayFail: true },
  );
  if (found.code !== 0) return [];
  const interfaces = JSON.parse(found.stdout) as { addr_info?: InterfaceAddress[] }[];
  return interfaces
    .flatMap((one) => one.addr_info ?? [])
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

/** Destinations of the IPv6 routes through an interface. */
export async function routesOf(lab: Lab, label: string, device = TUN): Promise<string[]> {
  const found = await lab.ip(label, `-6 -json route show dev ${device}`);
  return (JSON.parse(found) as { dst: string }[]).map(({ dst }) => dst);
}

/** Names of the interfaces of a host. */
export async function interfacesOf(lab: Lab, label: string): Promise<string[]> {
  const found = JSON.parse(await lab.ip(label, '-json link show')) as { ifname: string }[];
  return found.map(({ ifname }) => ifname);
}

/** Starts the router under test and waits until it works. */
export async function startRouter(
  lab: Lab,
  label: string,
  ...options: readonly string[]
): Promise<Daemon> {
  const daemon = lab.spawn(label, command('router', '--listen', ROUTER_IPV4, ...options));
  await daemon.waitForLine(/^ready/);
  return daemon;
}

/** Starts a peer under test and waits until it has an address. */
export async function startPeer(
  lab: Lab,
  label: string,
  ...options: readonly string[]
): Promise<RunningPeer> {
  const daemon = lab.spawn(label, command('peer', '--router', ROUTER_IPV4, ...options));
  await daemon.waitForLine(/^ready/);
  const [address, prefixLength] = (await addressesOf(lab, label))[0]?.split('/') ?? [];
  if (address === undefined) throw new Error(`${label} is ready without an address`);
  return { daemon, address, prefixLength: Number(prefixLength) };
}

/** The bare network: `router`, `peer1` and `peer2` on the Internet at 198.51.100.1 to .3. */
export async function buildInternet(): Promise<Lab> {
  const lab = new Lab();
  try {
    await lab.internet();
    for (const [label, address] of [
      ['router', ROUTER_IPV4],
      ['peer1', '198.51.100.2'],
      ['peer2', '198.51.100.3'],
    ] as const) {
      await lab.host(label);
      await lab.attach(label, `${address}/24`);
    }
    return lab;
  } catch (error) {
    lab.dispose();
    throw error;
  }
}

/** Puts the host `native`, which knows IPv6 only, behind the forwarding `router`. */
export async function addNativeHost(lab: Lab): Promise<void> {
  await lab.host('native');
  await lab.sysctl('router', 'net.ipv6.conf.all.forwarding', 1);
  await lab.link(
    ['router', 'lan', `${NATIVE_GATEWAY}/64`],
    ['native', 'eth0', `${NATIVE_ADDRESS}/64`],
  );
  await lab.ip('native', `-6 route add default via ${NATIVE_GATEWAY}`);
}
