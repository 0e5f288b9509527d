import type { Dialect } from '@6bed4/codec';
import {
  ADVERTISEMENT_HOLD,
  ANSWER_PROBE_INTERVAL,
  ANSWER_WINDOW,
  BINDING_INTERVAL,
  CONFIRMATION_LIFETIME,
  FORGERY_WAIT,
  HINT_INTERVAL,
  INBOUND_ROUND_RATE,
  INBOUND_SHARE,
  KEEPALIVE_STEPS,
  MAPPING_TIMEOUT,
  MAX_ROUTES,
  MAX_TEMPORARY_UPLINKS,
  MOST_INBOUND_AT_ADDRESS,
  REMOTE_IDLE,
  RESOLICITATION_RATE,
  TEMPORARY_ATTEMPTS,
  TEMPORARY_IDLE,
  TRAPEZIUM_PACKETS,
  TRAPEZIUM_TIME,
} from '../../src/defaults.js';
import { SEEN_LIFETIME } from '../../src/specification.js';
import type { MessageKind, SenderKind } from './messages.js';

/** Something that a peer believes, and by which it acts. */
export type Belief =
  | 'address'
  | 'route'
  | 'asked router'
  | 'asked address'
  | 'router in doubt'
  | 'keepalive'
  | 'path'
  | 'LAN candidate'
  | 'LAN path'
  | 'hint'
  | 'Seen report'
  | 'bound address'
  | 'remote'
  | 'delivery'
  | 'answer';

/** What we sent before, to the very endpoint that a message comes from. */
export type Question =
  | 'Router Solicitation'
  | 'Neighbor Solicitation'
  /** Anything at all, directly. */
  | 'direct packet';

/** The nonce that a message has to carry. */
export type NonceRule =
  /** That of our question. */
  | 'ours'
  /** None, where the sender never repeated one; a wrong one is refused. */
  | 'none yet'
  /** It does not matter. */
  | 'any';

/** One row: who may change a belief, and by which message. */
export interface Row {
  readonly belief: Belief;
  /** What it is, for operators. */
  readonly title: string;
  readonly by: readonly MessageKind[];
  readonly from: readonly SenderKind[];
  /** Null where no question has to come before. */
  readonly answers: Question | null;
  readonly nonce: NonceRule;
  /** How far it can be changed, and how often. */
  readonly bound: string;
  readonly dialects: (dialect: Dialect) => boolean;
  readonly source: string;
}

const seconds = (milliseconds: number): string => `${milliseconds / 1_000} s`;
const always = (): boolean => true;
const solicits = ({ peering }: Dialect): boolean => peering === 'neighbor-discovery';
const probes = ({ peering }: Dialect): boolean => peering === 'probe-and-seen';

/**
 * Who may change what a peer believes: everything that is not in here, nobody may. A router believes
 * nothing but what its operator configured; it keeps budgets of answers, and no state of any peer.
 */
export const table: readonly Row[] = [
  {
    belief: 'address',
    title: 'our address, and the public endpoint in it',
    by: ['Router Advertisement'],
    from: ['configured router'],
    answers: 'Router Solicitation',
    nonce: 'ours',
    bound: 'one prefix, never link-local, multicast or of another router',
    dialects: always,
    source: 'draft-03 §8.3, RFC 4862 §5.5.3',
  },
  {
    belief: 'address',
    title: 'the same, of a router that repeats no nonces',
    by: ['Router Advertisement'],
    from: ['configured router'],
    answers: 'Router Solicitation',
    nonce: 'none yet',
    bound: `if none that says otherwise comes within ${seconds(ADVERTISEMENT_HOLD)}`,
    dialects: always,
    source: 'draft-03 §8.3',
  },
  {
    belief: 'route',
    title: 'routes that it offers',
    by: ['Router Advertisement'],
    from: ['configured router'],
    answers: 'Router Solicitation',
    nonce: 'ours',
    bound: `${MAX_ROUTES}; used only after native ones`,
    dialects: always,
    source: 'RFC 4191, draft-04 §3.2',
  },
  {
    belief: 'route',
    title: 'the same, of a router that repeats no nonces',
    by: ['Router Advertisement'],
    from: ['configured router'],
    answers: 'Router Solicitation',
    nonce: 'none yet',
    bound: 'as its address',
    dialects: always,
    source: 'RFC 4191',
  },
  ...(['ours', 'none yet'] as const).map(
    (nonce): Row => ({
      belief: 'keepalive',
      title: `that a NAT lost our mapping, so that keepalives go more often${nonce === 'ours' ? '' : ', of such a router'}`,
      by: ['Router Advertisement'],
      from: ['configured router'],
      answers: 'Router Solicitation',
      nonce,
      bound: `${KEEPALIVE_STEPS[0]!.interval} s to ${KEEPALIVE_STEPS.at(-1)!.interval} s, one step for each other port; never fewer`,
      dialects: always,
      source: 'RFC 4787 §4.3',
    }),
  ),
  {
    belief: 'router in doubt',
    title: 'that an address is to be asked for again',
    by: ['Router Advertisement', 'refused advertisement'],
    from: ['configured router', 'asked router'],
    answers: null,
    nonce: 'any',
    bound: `${RESOLICITATION_RATE.burst} times, then once in ${1 / RESOLICITATION_RATE.perSecond} s`,
    dialects: always,
    source: 'RFC 4861 §6.3',
  },
  {
    belief: 'asked router',
    title: 'that the router of a remote is asked for an address too',
    by: [],
    from: [],
    answers: null,
    nonce: 'any',
    bound: `${MAX_TEMPORARY_UPLINKS}; after ${TRAPEZIUM_PACKETS} packets of ours in ${seconds(TRAPEZIUM_TIME)}; ${TEMPORARY_ATTEMPTS} solicitations`,
    dialects: ({ avoidsTrapezium }) => avoidsTrapezium,
    source: 'draft-04 §4.1',
  },
  {
    belief: 'asked address',
    title: 'the address of such a router, for the remotes under it',
    by: ['Router Advertisement'],
    from: ['asked router'],
    answers: 'Router Solicitation',
    nonce: 'ours',
    bound: `one address in the /64 that was wanted, no routes; ${seconds(TEMPORARY_IDLE)} unused`,
    dialects: ({ avoidsTrapezium }) => avoidsTrapezium,
    source: 'draft-04 §4.1',
  },
  {
    belief: 'asked address',
    title: 'the same, if it repeats no nonces',
    by: ['Router Advertisement'],
    from: ['asked router'],
    answers: 'Router Solicitation',
    nonce: 'none yet',
    bound: `if none that says otherwise comes within ${seconds(ADVERTISEMENT_HOLD)}`,
    dialects: ({ avoidsTrapezium }) => avoidsTrapezium,
    source: 'draft-04 §4.1',
  },
  {
    belief: 'path',
    title: 'a direct path, to the endpoint in the address',
    by: ['Neighbor Advertisement'],
    from: ['remote'],
    answers: 'Neighbor Solicitation',
    nonce: 'ours',
    bound: `for ${seconds(CONFIRMATION_LIFETIME)}, within ${seconds(ANSWER_WINDOW)} of the question`,
    dialects: solicits,
    source: 'draft-03 §8.2, RFC 4861 §7.2.5',
  },
  {
    belief: 'path',
    title: 'the same, of a remote that repeats no nonces',
    by: ['Neighbor Advertisement'],
    from: ['remote'],
    answers: 'Neighbor Solicitation',
    nonce: 'none yet',
    bound: 'the same; never with `requireNonce`',
    dialects: solicits,
    source: 'draft-01 §6.11',
  },
  {
    belief: 'path',
    title: 'that someone forges the answers of such a remote, so that its path is relayed',
    by: ['Neighbor Advertisement'],
    from: ['remote'],
    answers: null,
    nonce: 'none yet',
    bound: `for ${seconds(FORGERY_WAIT)}; nothing is lost`,
    dialects: solicits,
    source: 'draft-03 §8.3',
  },
  {
    belief: 'path',
    title: 'a direct path, because the remote sees us',
    by: ['packet with Seen'],
    from: ['remote', 'configured router'],
    answers: 'direct packet',
    nonce: 'any',
    bound: `for ${seconds(SEEN_LIFETIME)}, within ${seconds(MAPPING_TIMEOUT)} of a direct packet`,
    dialects: probes,
    source: 'draft-04 §7.3',
  },
  {
    belief: 'path',
    title: 'a direct path, because the address invites: its router and its peer are one',
    by: ['inviting packet'],
    from: ['configured router'],
    answers: null,
    nonce: 'any',
    bound: `for ${seconds(CONFIRMATION_LIFETIME)}, and asked at once`,
    dialects: ({ invitations }) => invitations,
    source: 'draft-03 §8.4',
  },
  {
    belief: 'LAN candidate',
    title: 'that a remote may be on our LAN, which is asked there',
    by: ['Neighbor Solicitation', 'Neighbor Advertisement'],
    from: ['neighbor'],
    answers: null,
    nonce: 'any',
    bound: 'behind our NAT, in a directly connected subnet, not 100.64.0.0/10',
    dialects: solicits,
    source: 'draft-01 §6.11',
  },
  {
    belief: 'LAN path',
    title: 'a path on our LAN',
    by: ['Neighbor Advertisement'],
    from: ['neighbor'],
    answers: 'Neighbor Solicitation',
    nonce: 'ours',
    bound: `for ${seconds(CONFIRMATION_LIFETIME)}`,
    dialects: solicits,
    source: 'draft-01 §6.11',
  },
  {
    belief: 'hint',
    title: 'that a direct path is to be searched now',
    by: ['packet', 'packet with Seen', 'Neighbor Solicitation', 'Redirect'],
    from: ['remote', 'neighbor'],
    answers: null,
    nonce: 'any',
    bound: `once in ${HINT_INTERVAL} ms, ${INBOUND_ROUND_RATE.perSecond} a second for each IPv4 address; no more bytes than came`,
    dialects: solicits,
    source: 'draft-03 §8.2, draft-01 §6.13',
  },
  {
    belief: 'hint',
    title: 'the same, by a probe',
    by: ['probe', 'packet', 'packet with Seen', 'Neighbor Solicitation'],
    from: ['remote', 'neighbor'],
    answers: null,
    nonce: 'any',
    bound: `once in ${seconds(ANSWER_PROBE_INTERVAL)}; no more bytes than came`,
    dialects: probes,
    source: 'draft-04 §7.2',
  },
  {
    belief: 'hint',
    title: 'that a remote is asked at which endpoint it sees us',
    by: ['Router Advertisement'],
    from: ['remote'],
    answers: 'direct packet',
    nonce: 'any',
    bound: `once in ${seconds(BINDING_INTERVAL)}`,
    dialects: probes,
    source: 'draft-04 §7.7',
  },
  {
    belief: 'Seen report',
    title: 'that we tell a remote that we see it',
    by: ['probe', 'packet', 'packet with Seen', 'Neighbor Solicitation'],
    from: ['remote', 'neighbor'],
    answers: 'direct packet',
    nonce: 'any',
    bound: 'until our own mapping is too old for an answer',
    dialects: probes,
    source: 'draft-04 §7.3',
  },
  {
    belief: 'bound address',
    title: 'the address under which one remote sees us',
    by: ['Router Advertisement'],
    from: ['remote'],
    answers: 'Router Solicitation',
    nonce: 'ours',
    bound: 'in our own /64, with that remote only',
    dialects: probes,
    source: 'draft-04 §7.7',
  },
  {
    belief: 'path',
    title: 'that the direct path is only for packets from that address',
    by: ['Router Advertisement'],
    from: ['remote'],
    answers: 'Router Solicitation',
    nonce: 'ours',
    bound: 'the others are relayed',
    dialects: probes,
    source: 'draft-04 §7.7',
  },
  {
    belief: 'remote',
    title: 'an entry in the table of remotes',
    by: ['packet', 'inviting packet', 'packet with Seen', 'Neighbor Solicitation'],
    from: ['remote', 'neighbor', 'configured router'],
    answers: null,
    nonce: 'any',
    bound: `1/${INBOUND_SHARE} of the table, ${MOST_INBOUND_AT_ADDRESS} for each IPv4 address; ${seconds(REMOTE_IDLE)} idle`,
    dialects: ({ peering }) => peering !== 'via-router',
    source: '—',
  },
  {
    belief: 'delivery',
    title: 'a packet for our side',
    by: ['packet', 'inviting packet', 'packet with Seen'],
    from: ['remote', 'neighbor', 'configured router'],
    answers: null,
    nonce: 'any',
    bound: 'a source that encodes the endpoint it came from, or any through a router',
    dialects: always,
    source: 'draft-03 §6, draft-04 §4.2',
  },
  {
    belief: 'answer',
    title: 'an advertisement, a correction or an error to its sender',
    by: [
      'Router Solicitation',
      'Neighbor Solicitation',
      'false source',
      'compressed header',
      'too large packet',
    ],
    from: ['remote', 'neighbor', 'configured router', 'asked router'],
    answers: null,
    nonce: 'any',
    bound: 'no more bytes than came from that endpoint',
    dialects: always,
    source: 'draft-03 §10.2, RFC 4443',
  },
];
