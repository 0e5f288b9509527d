import type { PathKind } from '@6bed4/tunnel';
import {
  type Dependence,
  type Hairpinning,
  Internet,
  type PeerNode,
  withTrace,
} from '../../src/index.js';
import { type Outcome, talk } from './talk.js';

/** Two peers with the same public IPv4 address. */
export interface Situation {
  readonly place: 'one LAN' | 'two homes behind one carrier NAT';
  readonly hairpinning: Hairpinning;
  /** Of the homes' own NATs. */
  readonly filtering: Dependence;
  readonly lanTtl: number;
  /** What theory says, both ways. */
  readonly path: PathKind;
  readonly reason: string;
}

const EI = 'endpoint-independent';
const APD = 'address-and-port-dependent';
const onLan = { place: 'one LAN', filtering: APD } as const;
const inHomes = { place: 'two homes behind one carrier NAT', lanTtl: 1 } as const;

/** All situations, with what theory says about them. */
export const situations: readonly Situation[] = [
  ...(['off', 'internal-source', 'external-source'] as const).map((hairpinning) => ({
    ...onLan,
    hairpinning,
    lanTtl: 1,
    path: 'lan' as const,
    reason: 'the search on the LAN finds the other',
  })),
  {
    ...onLan,
    ...{ hairpinning: 'off', lanTtl: 0, path: 'relayed' },
    reason: 'the NAT loses what is sent to its own outside',
  },
  {
    ...onLan,
    ...{ hairpinning: 'internal-source', lanTtl: 0, path: 'relayed' },
    reason: 'frames come from a private endpoint, which the address does not spell',
  },
  {
    ...onLan,
    ...{ hairpinning: 'external-source', lanTtl: 0, path: 'direct' },
    reason: 'the NAT turns frames back as from its outside',
  },
  ...([EI, APD] as const).flatMap((filtering): Situation[] => [
    {
      ...inHomes,
      ...{ filtering, hairpinning: 'off', path: 'relayed' },
      reason: 'the carrier loses what is sent to its own outside',
    },
    {
      ...inHomes,
      ...{ filtering, hairpinning: 'external-source', path: 'direct' },
      reason: 'the carrier turns frames back as from its outside',
    },
  ]),
  {
    ...inHomes,
    ...{ filtering: EI, hairpinning: 'internal-source', path: 'lan' },
    reason: "frames come from the other home's private endpoint, which answers there",
  },
  {
    ...inHomes,
    ...{ filtering: APD, hairpinning: 'internal-source', path: 'relayed' },
    reason: "the home's filter was opened for the carrier's outside, not for the other home",
  },
];

/** Lets two peers meet in such a situation. */
export function meetBehindOne(situation: Situation): Outcome & { readonly path: PathKind } {
  const { place, hairpinning, filtering, lanTtl } = situation;
  return withTrace(new Internet({ seed: 1, trace: true }), (net) => {
    net.router('r', { address: '198.51.100.1' });
    const shared = net.nat('shared', {
      external: '192.0.2.1',
      network: '100.64.0.0/16',
      hairpinning,
    });
    const [a, b] = ['a', 'b'].map((name) => {
      const behind =
        place === 'one LAN' ? shared : net.nat(`home ${name}`, { behind: shared, filtering });
      return net.peer(name, { behind, peering: { lanTtl } });
    }) as [PeerNode, PeerNode];
    net.run(1000);
    const remote = b.address;
    const outcome = talk(net, a, b, 'both');
    const path = (remote === null ? undefined : a.paths.get(remote)?.path) ?? 'relayed';
    const back = (a.address === null ? undefined : b.paths.get(a.address)?.path) ?? 'relayed';
    if (path !== back) throw new Error(`${path} there, ${back} back`);
    return { ...outcome, path };
  });
}
