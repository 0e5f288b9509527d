import type {
  AccessPath,
  FilteringBehavior,
  Firewall,
  Internet,
  LinuxNat,
  MappingBehavior,
  Nat,
} from '../../src/index.js';

/** Middleboxes between a peer and the public core, as a row or column of the matrix. */
export interface AccessKind {
  readonly name: string;
  readonly access: AccessPath;
  /** Builds them and returns the innermost; undefined for none. */
  build(net: Internet, name: string): Nat | Firewall | LinuxNat | undefined;
}

const abbreviations: Record<FilteringBehavior, string> = {
  'endpoint-independent': 'EI',
  'address-dependent': 'AD',
  'address-and-port-dependent': 'APD',
};
const behaviors = Object.keys(abbreviations) as FilteringBehavior[];

function nat(mapping: MappingBehavior, filtering: FilteringBehavior): AccessKind {
  const portAssignment = mapping === 'endpoint-independent' ? 'preservation' : 'random';
  return {
    name: `${abbreviations[mapping]}/${abbreviations[filtering]}`,
    access: { middleboxes: [{ mapping, filtering }] },
    build: (net, name) => net.nat(name, { mapping, filtering, portAssignment, portParity: true }),
  };
}

const filtering = 'address-and-port-dependent';

/** All kinds: NATs by their mapping/filtering behavior, and some that are no single NAT. */
export const accessKinds: readonly AccessKind[] = [
  { name: 'none', access: { middleboxes: [] }, build: () => undefined },
  {
    name: 'firewall',
    access: { middleboxes: [{ mapping: 'endpoint-independent', filtering }] },
    build: (net, name) => net.firewall(name, { filtering }),
  },
  ...behaviors.flatMap((mapping) => behaviors.map((each) => nat(mapping, each))),
  {
    name: 'open Linux',
    access: {
      middleboxes: [{ mapping: 'endpoint-independent', filtering, remembersUnasked: true }],
    },
    build: (net, name) => net.linuxNat(name, { input: 'accept' }),
  },
  {
    name: 'two NATs',
    access: {
      middleboxes: [
        { mapping: 'endpoint-independent', filtering },
        { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
      ],
    },
    build: (net, name) => {
      const carrier = net.nat(`${name} carrier`, {
        network: '100.64.0.0/16',
        filtering: 'endpoint-independent',
        portAssignment: 'random',
        portParity: true,
      });
      return net.nat(`${name} home`, { behind: carrier, filtering });
    },
  },
  {
    name: 'closed',
    access: { middleboxes: [{ mapping: 'endpoint-independent', filtering }], routersOnly: true },
    build: (net, name) => net.nat(name, { permits: ['198.51.100.1'] }),
  },
];
