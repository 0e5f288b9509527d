import { Lab } from './lab.js';

/* Addresses of the hosts. */

export const ROUTER_IPV4 = '198.51.100.1';
/** fc64::/16 completed with the default netid and 198.51.100.1 (draft-03 §4.1). */
export const SERVED_PREFIX = 'fc64:bed:c633:6401::/64';
/** 198.51.100.1 port 25790 as the lower half, lanip 0. */
export const ROUTER_ADDRESS = 'fc64:bed:c633:6401:c433:6401:64be:8000';

export const NATIVE_PREFIX = '2001:db8:beef::/64';
export const NATIVE_GATEWAY = '2001:db8:beef::1';
export const NATIVE_ADDRESS = '2001:db8:beef::2';

/** Builds an Internet with the hosts `router`, `peer1` and `peer2` at 198.51.100.1 to .3. */
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

/** Adds the host `native`, which has IPv6 only, behind the forwarding `router`. */
export async function addNativeHost(lab: Lab): Promise<void> {
  await lab.host('native');
  await lab.sysctl('router', 'net.ipv6.conf.all.forwarding', 1);
  await lab.link(
    ['router', 'lan', `${NATIVE_GATEWAY}/64`],
    ['native', 'eth0', `${NATIVE_ADDRESS}/64`],
  );
  await lab.ip('native', `-6 route add default via ${NATIVE_GATEWAY}`);
}
