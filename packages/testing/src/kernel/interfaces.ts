import type { Lab } from './lab.js';

/** Default name of the interface of a daemon. */
export const TUN = '6bed4';

interface InterfaceAddress {
  readonly family: string;
  readonly local?: string;
  readonly prefixlen: number;
  readonly scope: string;
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
  return (
    interfaces
      .flatMap((one) => one.addr_info ?? [])
      // For addresses of another scope, ip prints empty objects.
      .filter(({ local }) => local !== undefined)
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
  );
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
