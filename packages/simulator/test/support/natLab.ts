import {
  Internet,
  type Nat,
  type NatDescription,
  type UdpHost,
  type UdpSocket,
} from '../../src/index.js';

/** A host behind a NAT, and public hosts that tell from where they were reached. */
export interface NatLab {
  readonly net: Internet;
  readonly nat: Nat;
  readonly inside: UdpHost;
  readonly socket: UdpSocket;
  /** Two sockets of one public host, and one of another. */
  readonly remotes: readonly [UdpSocket, UdpSocket, UdpSocket];
}

/** The address that the NAT of {@link natLab} shows. */
export const EXTERNAL = '192.0.2.1';

/** A NAT with this behaviour, and who is needed to observe it (as in RFC 4787 §4.1 and §5). */
export function natLab(description: NatDescription = {}, seed = 1): NatLab {
  const net = new Internet({ seed, trace: true });
  const nat = net.nat('nat', { external: EXTERNAL, ...description });
  const inside = net.host('inside', { behind: nat });
  const one = net.host('one', { address: '203.0.113.1' });
  const other = net.host('other', { address: '203.0.113.2' });
  const remotes = [one.bind(1000), one.bind(2000), other.bind(1000)] as const;
  return { net, nat, inside, socket: inside.bind(40_000), remotes };
}

/** Long enough for any datagram to arrive on links without faults. */
export const MOMENT = 100;

/** Sends, waits, and says from where it arrived; null when it did not. */
export function reach(net: Internet, from: UdpSocket, to: UdpSocket, at?: string): string | null {
  const before = to.received.length;
  from.send(at ?? to.endpoint);
  net.run(MOMENT);
  return to.received[before]?.from ?? null;
}

/** Why datagrams were dropped, in order, and where. */
export function drops(net: Internet): string[] {
  return (net.trace?.entries ?? [])
    .filter(({ kind }) => kind === 'drop')
    .map(({ node, reason }) => `${reason} at ${node}`);
}
