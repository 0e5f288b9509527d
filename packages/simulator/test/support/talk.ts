import type { Profile } from '@6bed4/codec';
import type { PeeringName } from '@6bed4/tunnel';
import { Internet, type PeerNode, withTrace } from '../../src/index.js';
import type { Kind } from './accessKinds.js';

/** Who begins: one peer, which the other answers, or both at once. */
export type Beginning = 'one' | 'both';

/** What came of two peers that met. */
export interface Outcome {
  /** Milliseconds from the first packet to the direct path of the first peer; null for relayed. */
  readonly there: number | null;
  /** The same for the way back. */
  readonly back: number | null;
  /** Echo requests that were not answered. */
  readonly lost: number;
  /** The strategy that both peers used. */
  readonly strategy: PeeringName;
}

/** Time for both to get addresses, even where draft01 has to change ports. */
const START = 30_000;
/** Echo requests are as far apart as those of an impatient `ping`. */
const INTERVAL = 200;
/** Twice as long as the longest way to a direct path that was ever seen. */
const TALK = 20_000;
const LAST_ANSWER = 1_000;

/** Lets two peers behind these kinds of NAT meet, and talk for a while. */
export function meet(first: Kind, second: Kind, profile: Profile, beginning: Beginning): Outcome {
  return withPeers(first, second, profile, (net, a, b) => talk(net, a, b, beginning));
}

/** Lets one peer send messages to another that says nothing. */
export function sendOneWay(first: Kind, second: Kind, profile: Profile): Omit<Outcome, 'back'> {
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
      there: directAfter(a, remote, start),
      lost: sent - b.received.length,
      strategy: a.machine.peering as PeeringName,
    };
  });
}

function withPeers<T>(
  first: Kind,
  second: Kind,
  profile: Profile,
  run: (net: Internet, a: PeerNode, b: PeerNode) => T,
): T {
  return withTrace(new Internet({ seed: 1, trace: true }), (net) => {
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

/** Lets two peers talk that have their addresses. */
export function talk(net: Internet, a: PeerNode, b: PeerNode, beginning: Beginning): Outcome {
  const start = net.now;
  const [addressA, addressB] = [a.address, b.address];
  if (addressA === null || addressB === null) throw new Error('a peer got no address');
  const pings: [PeerNode, number | null][] = [];
  while (net.now < start + TALK) {
    pings.push([a, a.ping(addressB)]);
    if (beginning === 'both') pings.push([b, b.ping(addressA)]);
    net.run(INTERVAL);
  }
  net.run(LAST_ANSWER);
  return {
    there: directAfter(a, addressB, start),
    back: directAfter(b, addressA, start),
    lost: pings.filter(([peer, number]) => !peer.wasAnswered(number)).length,
    strategy: a.machine.peering as PeeringName,
  };
}

function directAfter(peer: PeerNode, remote: string, start: number): number | null {
  const report = peer.paths.get(remote);
  return report === undefined || report.path === 'relayed' ? null : report.at - start;
}
