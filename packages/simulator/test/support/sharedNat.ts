import type { PathKind } from '@6bed4/tunnel';
import {
  type FilteringBehavior,
  type HairpinningBehavior,
  Internet,
  type PeerNode,
  showTraceOnFailure,
} from '../../src/index.js';
import { type Outcome, talk } from './talk.js';

/** Two peers with the same public IPv4 address. */
export interface Situation {
  readonly location: 'one LAN' | 'two homes behind one carrier NAT';
  readonly hairpinning: HairpinningBehavior;
  /** Of the homes' own NATs. */
  readonly filtering: FilteringBehavior;
  readonly lanTtl: number;
  /** The predicted path, both ways. */
  readonly path: PathKind;
  readonly reason: string;
}

const EI = 'endpoint-independent';
const APD = 'address-and-port-dependent';
const onLan = { location: 'one LAN', filtering: APD } as const;
const inHomes = { location: 'two homes behind one carrier NAT', lanTtl: 1 } as const;

/** All situations, with their predicted paths. */
export const situations: readonly Situation[] = [
  ...(['off', 'internal-source', 'external-source'] as const).map((hairpinning) => ({
    ...onLan,
    hairpinning,
    lanTtl: 1,
    path: 'lan' as const,
    reason: 'discovery on the LAN finds the other peer',
  })),
  {
    ...onLan,
    ...{ hairpinning: 'off', lanTtl: 0, path: 'relayed' },
    reason: 'the NAT drops what is sent to its own external address',
  },
  {
    ...onLan,
    ...{ hairpinning: 'internal-source', lanTtl: 0, path: 'relayed' },
    reason: 'frames come from an internal endpoint, which is not the one in the address',
  },
  {
    ...onLan,
    ...{ hairpinning: 'external-source', lanTtl: 0, path: 'direct' },
    reason: 'the NAT turns frames back from an external endpoint',
  },
  ...([EI, APD] as const).flatMap((filtering): Situation[] => [
    {
      ...inHomes,
      ...{ filtering, hairpinning: 'off', path: 'relayed' },
      reason: "the carrier's NAT drops what is sent to its own external address",
    },
    {
      ...inHomes,
      ...{ filtering, hairpinning: 'external-source', path: 'direct' },
      reason: "the carrier's NAT turns frames back from an external endpoint",
    },
  ]),
  {
    ...inHomes,
    ...{ filtering: EI, hairpinning: 'internal-source', path: 'relayed' },
    reason:
      "frames come from the other home's endpoint in the carrier's network, where no peer is sought",
  },
  {
    ...inHomes,
    ...{ filtering: APD, hairpinning: 'internal-source', path: 'relayed' },
    reason:
      "the home's filter was opened for the carrier's external endpoint, not for the other home",
  },
];

/** Lets two peers in such a situation send to each other. */
export function talkBehindOneNat(situation: Situation): Outcome & { readonly path: PathKind } {
  const { location, hairpinning, filtering, lanTtl } = situation;
  return showTraceOnFailure(new Internet({ seed: 1, trace: true }), (net) => {
    net.router('r', { address: '198.51.100.1' });
    const shared = net.nat('shared', {
      external: '192.0.2.1',
      network: location === 'one LAN' ? '192.168.0.0/16' : '100.64.0.0/16',
      hairpinning,
    });
    const [a, b] = ['a', 'b'].map((name) => {
      const behind =
        location === 'one LAN' ? shared : net.nat(`home ${name}`, { behind: shared, filtering });
      return net.peer(name, { behind, peering: { lanSearch: true, lanTtl } });
    }) as [PeerNode, PeerNode];
    net.run(1000);
    const remote = b.address;
    const outcome = talk(net, a, b, 'both');
    const path = (remote === null ? undefined : a.paths.get(remote)?.path) ?? 'relayed';
    const back = (a.address === null ? undefined : b.paths.get(a.address)?.path) ?? 'relayed';
    if (path !== back) throw new Error(`${path} to the second peer, ${back} to the first`);
    return { ...outcome, path };
  });
}
