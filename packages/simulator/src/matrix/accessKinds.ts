import type { Internet } from '../internet/internet.js';
import type { FilteringBehavior, MappingBehavior } from '../nat/behavior.js';
import type { Firewall } from '../nat/firewall.js';
import type { LinuxNat } from '../nat/linuxNat.js';
import type { Nat } from '../nat/nat.js';
import type { AccessPath } from '../prediction/accessPath.js';

/** A way to the Internet: what is between a host and the public core. */
export interface AccessKind {
  /**
   * The name in docs/nat-matrix.md: of a NAT `mapping/filtering` in the terms of RFC 4787, `EI` endpoint-independent, `AD`
   * address-dependent, `APD` address-and-port-dependent.
   */
  readonly name: string;
  /** The same in words. */
  readonly description: string;
  /** What direct paths depend on; for `predictPath`. */
  readonly access: AccessPath;
  /**
   * Builds it.
   *
   * @param name - the beginning of the names of what is built
   * @returns what a host is to be put `behind`; undefined for the public core itself
   * @throws Error when the name is taken, or there is no router yet and the kind lets UDP pass to routers only
   */
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
    description: `a NAT with ${mapping} mapping and ${filtering} filtering`,
    access: { middleboxes: [{ mapping, filtering }] },
    build: (net, name) => net.nat(name, { mapping, filtering, portAssignment, portParity: true }),
  };
}

const filtering = 'address-and-port-dependent';

/**
 * All kinds of access of the matrix: none, a firewall, the nine NATs of RFC 4787 §4.1 and §5, an open Linux host
 * that masquerades, a home behind a carrier's NAT, and an office that lets UDP pass to routers only.
 */
export const accessKinds: readonly AccessKind[] = [
  {
    name: 'none',
    description: 'a public address',
    access: { middleboxes: [] },
    build: () => undefined,
  },
  {
    name: 'firewall',
    description: 'a public address behind a stateful firewall',
    access: { middleboxes: [{ mapping: 'endpoint-independent', filtering }] },
    build: (net, name) => net.firewall(name, { filtering }),
  },
  ...behaviors.flatMap((mapping) => behaviors.map((each) => nat(mapping, each))),
  {
    name: 'open Linux',
    description: 'a Linux host that masquerades and accepts everything',
    access: {
      middleboxes: [{ mapping: 'endpoint-independent', filtering, remembersUnasked: true }],
    },
    build: (net, name) => net.linuxNat(name, { input: 'accept' }),
  },
  {
    name: 'two NATs',
    description: 'a home NAT behind the NAT of a carrier',
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
    description: 'an office that lets UDP pass to and from routers only',
    access: { middleboxes: [{ mapping: 'endpoint-independent', filtering }], routersOnly: true },
    build: (net, name) => {
      const permits = net.routers.map(({ endpoint }) => endpoint.address);
      if (permits.length === 0) throw new Error(`${name}: make the routers that it permits first`);
      return net.nat(name, { permits });
    },
  },
];
