import {
  Internet,
  type Nat,
  type NatDescription,
  type UdpNode,
  type UdpSocket,
} from '../../src/index.js';

/** A host behind a NAT, and public hosts that record the sources of datagrams. */
export interface NatLab {
  readonly net: Internet;
  readonly nat: Nat;
  readonly inside: UdpNode;
  readonly socket: UdpSocket;
  /** Two sockets of one public host, and one of another. */
  readonly remotes: readonly [UdpSocket, UdpSocket, UdpSocket];
}

/** The external address of the NAT of {@link natLab}. */
export const EXTERNAL = '192.0.2.1';

/** A NAT with these options, and the hosts to observe it from (as in RFC 4787 §4.1 and §5). */
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

/** Sends, waits, and returns the source that the receiver saw; null when nothing arrived. */
export function reach(net: Internet, from: UdpSocket, to: UdpSocket, at?: string): string | null {
  const before = to.received.length;
  from.send(at ?? to.endpoint);
  net.run(MOMENT);
  return to.received[before]?.from ?? null;
}

/** The reason and place of each drop, in order. */
export function drops(net: Internet): string[] {
  return (net.trace?.entries ?? [])
    .filter(({ kind }) => kind === 'drop')
    .map(({ node, reason }) => `${reason} at ${node}`);
}
