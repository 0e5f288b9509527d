import type { Dependence, Firewall, Internet, Nat, Side } from '../../src/index.js';

/** One kind of way out to the public core, as a row or column of the matrix. */
export interface Kind {
  readonly name: string;
  readonly side: Side;
  /** Builds it; undefined for none. */
  build(net: Internet, name: string): Nat | Firewall | undefined;
}

const short: Record<Dependence, string> = {
  'endpoint-independent': 'EI',
  'address-dependent': 'AD',
  'address-and-port-dependent': 'APD',
};
const dependences = Object.keys(short) as Dependence[];

function nat(mapping: Dependence, filtering: Dependence): Kind {
  const allocation = mapping === 'endpoint-independent' ? 'preserving' : 'random';
  return {
    name: `${short[mapping]}/${short[filtering]}`,
    side: { boxes: [{ mapping, filtering }] },
    build: (net, name) => net.nat(name, { mapping, filtering, allocation, parity: true }),
  };
}

const filtering = 'address-and-port-dependent';

/** All kinds: mapping/filtering of a NAT, and some that are no single NAT. */
export const kinds: readonly Kind[] = [
  { name: 'none', side: { boxes: [] }, build: () => undefined },
  {
    name: 'firewall',
    side: { boxes: [{ mapping: 'endpoint-independent', filtering }] },
    build: (net, name) => net.firewall(name, { filtering }),
  },
  ...dependences.flatMap((mapping) => dependences.map((each) => nat(mapping, each))),
  {
    name: 'two NATs',
    side: {
      boxes: [
        { mapping: 'endpoint-independent', filtering },
        { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
      ],
    },
    build: (net, name) => {
      const carrier = net.nat(`${name} carrier`, {
        network: '100.64.0.0/16',
        filtering: 'endpoint-independent',
        allocation: 'random',
        parity: true,
      });
      return net.nat(`${name} home`, { behind: carrier, filtering });
    },
  },
  {
    name: 'closed',
    side: { boxes: [{ mapping: 'endpoint-independent', filtering }], routersOnly: true },
    build: (net, name) => net.nat(name, { permits: ['198.51.100.1'] }),
  },
];
