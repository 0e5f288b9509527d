import { Internet, type NatDescription, type WebUplinkSettings } from '../../src/index.js';

/** The other options of a peer's way to its gateway. */
export type WebOptions = Omit<WebUplinkSettings, 'gateway'>;

/** What a test of a peer behind a NAT that blocks UDP may choose. */
export interface BlockedOptions {
  readonly seed?: number;
  readonly web?: WebOptions;
  readonly nat?: NatDescription;
  readonly gateway?: Parameters<Internet['gateway']>[1];
}

/** A router, a gateway, and a peer whose network lets no UDP pass. */
export function blockedPeer(options: BlockedOptions = {}) {
  const net = new Internet({ seed: options.seed ?? 1, trace: true });
  const router = net.router('r', { address: '198.51.100.1' });
  const gateway = net.gateway('g', { address: '203.0.113.5', ...options.gateway });
  const office = net.nat('office', { blocksUdp: true, ...options.nat });
  const peer = net.peer('p', { behind: office, web: { gateway, ...options.web } });
  return { net, router, gateway, office, peer, web: peer.web! };
}

/** Lets a peer ping another every second; how many requests stayed without answer. */
export function lostPings(
  net: Internet,
  from: { ping(to: string): number | null; wasAnswered(number: number | null): boolean },
  to: string,
  seconds: number,
): number {
  const numbers: (number | null)[] = [];
  for (let second = 0; second < seconds; second++) {
    numbers.push(from.ping(to));
    net.run(1_000);
  }
  return numbers.filter((number) => !from.wasAnswered(number)).length;
}
