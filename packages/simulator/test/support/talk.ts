import type { Profile } from '@6bed4/codec';
import type { PeeringName } from '@6bed4/tunnel';
import type { AccessKind } from '../../src/index.js';
import { Internet, type PeerNode, showTraceOnFailure } from '../../src/index.js';

/** The peers that send first: one, which the other answers, or both at once. */
export type Initiator = 'one' | 'both';

/** The result of two peers that sent to each other. */
export interface Outcome {
  /** Milliseconds from the first packet to the direct path of the first peer; null for relayed. */
  readonly toSecond: number | null;
  /** The same for the direct path of the second peer. */
  readonly toFirst: number | null;
  /** Echo requests that were not answered. */
  readonly lost: number;
  /** The strategy that both peers used. */
  readonly strategy: PeeringName;
}

/** Time for both to get addresses, even where draft01 has to change ports; less than any NAT forgets in. */
const START = 20_000;
/** The shortest interval between echo requests that `ping` allows every user. */
const INTERVAL = 200;
/** Twice the longest time to a direct path that was observed. */
const TALK = 20_000;
const LAST_ANSWER = 1_000;

/** Lets two peers behind these middleboxes send to each other for a while. */
export function talkBetween(
  first: AccessKind,
  second: AccessKind,
  profile: Profile,
  initiator: Initiator,
): Outcome {
  return withPeers(first, second, profile, (net, a, b) => talk(net, a, b, initiator));
}

/** Lets one peer send messages to another that sends nothing. */
export function sendOneWay(
  first: AccessKind,
  second: AccessKind,
  profile: Profile,
): Omit<Outcome, 'toFirst'> {
  return withPeers(first, second, profile, (net, a, b) => {
    const start = net.now;
    const remote = b.address;
    if (remote === null) throw new Error('a peer got no address');
    let sent = 0;
    for (; net.now < start + TALK; sent++) {
      a.sendUdp(remote);
      net.run(INTERVAL);
    }
    net.run(LAST_ANSWER);
    return {
      toSecond: directAfter(a, remote, start),
      lost: sent - b.received.length,
      strategy: a.machine.peering as PeeringName,
    };
  });
}

function withPeers<T>(
  first: AccessKind,
  second: AccessKind,
  profile: Profile,
  run: (net: Internet, a: PeerNode, b: PeerNode) => T,
): T {
  return showTraceOnFailure(new Internet({ seed: 1, trace: true }), (net) => {
    net.router('r', { address: '198.51.100.1', profile });
    const [a, b] = [first, second].map((kind, index) => {
      const name = 'ab'[index]!;
      const behind = kind.build(net, `nat ${name}`);
      return net.peer(name, { profile, ...(behind === undefined ? {} : { behind }) });
    }) as [PeerNode, PeerNode];
    net.run(START);
    return run(net, a, b);
  });
}

/** Lets two peers that have addresses send to each other for a while. */
export function talk(net: Internet, a: PeerNode, b: PeerNode, initiator: Initiator): Outcome {
  const start = net.now;
  const [addressA, addressB] = [a.address, b.address];
  if (addressA === null || addressB === null) throw new Error('a peer got no address');
  const pings: [PeerNode, number | null][] = [];
  while (net.now < start + TALK) {
    pings.push([a, a.ping(addressB)]);
    if (initiator === 'both') pings.push([b, b.ping(addressA)]);
    net.run(INTERVAL);
  }
  net.run(LAST_ANSWER);
  return {
    toSecond: directAfter(a, addressB, start),
    toFirst: directAfter(b, addressA, start),
    lost: pings.filter(([peer, number]) => !peer.wasAnswered(number)).length,
    strategy: a.machine.peering as PeeringName,
  };
}

function directAfter(peer: PeerNode, remote: string, start: number): number | null {
  const report = peer.paths.get(remote);
  return report === undefined || report.path === 'relayed' ? null : report.at - start;
}
