import { markdownTable } from '@6bed4/testing/markdown';
import type { PathKind } from '@6bed4/tunnel';
import type { Cell } from './matrix.js';
import { situations, talkBehindOneNat } from './sharedNat.js';
import type { Initiator } from './talk.js';

/** The outcomes of all pairs in one dialect. */
export interface DialectSection {
  readonly dialect: string;
  readonly matrices: ReadonlyMap<Initiator, readonly (readonly Cell[])[]>;
}

const LETTERS = 'abcdefghijklmnop';

const titles: Readonly<Record<Initiator, string>> = {
  one: 'The peer of the row sends, the other answers',
  both: 'Both send',
};

/** `docs/nat-matrix.md`. */
export function matrixDocument(sections: readonly DialectSection[]): string {
  const reasons = new Map<string, string>();
  for (const { matrices } of sections) {
    for (const cell of [...matrices.values()].flat(2)) {
      for (const { path, reason } of [cell.toSecond, cell.toFirst]) {
        if (!reasons.has(reason)) reasons.set(reason, `${path}: ${reason}`);
      }
    }
  }
  const letters = new Map([...reasons.keys()].map((reason, index) => [reason, LETTERS[index]!]));
  return [
    INTRODUCTION,
    '## Predicted paths\n',
    RULES,
    'The reasons for each direction, by the letters in the tables:\n',
    `${[...reasons.values()].map((text, index) => `- **${LETTERS[index]}** ${text}`).join('\n')}\n`,
    ...sections.map((section) => sectionText(section, letters)),
    LINUX,
    sharedText(),
  ].join('\n');
}

function sectionText(
  { dialect, matrices }: DialectSection,
  letters: ReadonlyMap<string, string>,
): string {
  const cells = [...matrices.values()].flat(2);
  const pairs = cells.length;
  const direct = cells.filter(
    ({ outcome }) => outcome.toSecond !== null && outcome.toFirst !== null,
  );
  const lost = cells.reduce((sum, { outcome }) => sum + outcome.lost, 0);
  const strategy = cells[0]!.outcome.strategy;
  return [
    `## ${dialect}\n`,
    `Strategy \`${strategy}\`. Of ${pairs} pairs ${direct.length} became direct both ways; ` +
      `${lost} echo requests stayed without answer.\n`,
    ...[...matrices].flatMap(([initiator, rows]) => [
      `### ${titles[initiator]}\n`,
      markdownTable([
        ['', ...rows[0]!.map(({ second }) => second.name)],
        ...rows.map((row) => [row[0]!.first.name, ...row.map((cell) => cellText(cell, letters))]),
      ]),
      '',
    ]),
  ].join('\n');
}

function cellText(
  { outcome, toSecond, toFirst }: Cell,
  letters: ReadonlyMap<string, string>,
): string {
  const reasons = `${letters.get(toSecond.reason)}${letters.get(toFirst.reason)}`;
  const { toSecond: secondIn, toFirst: firstIn } = outcome;
  if (secondIn === null && firstIn === null) return `relayed ${reasons}`;
  if (firstIn === null) return `→ ${seconds(secondIn!)} ${reasons}`;
  if (secondIn === null) return `← ${seconds(firstIn)} ${reasons}`;
  return `**${seconds(Math.max(secondIn, firstIn))}** ${reasons}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function sharedText(): string {
  const found = (path: PathKind, time: number | null): string =>
    time === null ? path : `${path}, ${seconds(time)}`;
  return [
    '## Both peers behind one public address\n',
    SHARED,
    markdownTable([
      ['location', 'hairpinning', 'filtering at home', 'LAN discovery', 'path', 'reason'],
      ...situations.map((situation) => {
        const { path, toSecond } = talkBehindOneNat(situation);
        return [
          situation.location,
          situation.hairpinning,
          situation.location === 'one LAN' ? '' : situation.filtering,
          situation.lanTtl === 0 ? 'off' : 'on',
          found(path, toSecond),
          situation.reason,
        ];
      }),
    ]),
    '',
  ].join('\n');
}

const INTRODUCTION = `# Which NATs let two peers talk directly

This page is generated: \`npm run matrix\` in \`packages/simulator\` simulates every pair of
access networks in the [simulator](../packages/simulator/README.md) and writes down the outcome. The tests fail
when a pair does not take the predicted path, when a packet is lost, or when this page differs from the outcome.

Every peer pings the other five times a second; each link, between peer and NAT and between NAT and
core, takes 5 ms. Packets are relayed by the router until a direct path is confirmed, so that no pair is ever without
connectivity; the difference is whether and when the path becomes direct.

A row is the NAT in front of the first peer, a column the one in front of the second: \`mapping/filtering\`
in the terms of RFC 4787 §4.1 and §5, each endpoint-independent (EI), address-dependent (AD) or
address-and-port-dependent (APD). \`firewall\` filters as APD and translates nothing; \`open Linux\` is
masquerade on a Linux host whose filter of input accepts what nobody asked for, see [below](#linux-hosts-that-accept-everything);
\`two NATs\` is a home NAT (EI/APD) behind that of a carrier (EI/EI); \`closed\` lets UDP through to the router only.

A cell shows the time until both peers use the direct path, or \`relayed\`; \`→\` means that only the first
peer sends directly, \`←\` only the second. Two letters follow: the reasons for the direction to the second peer
and for the direction to the first.
`;

const RULES = `The address of a peer contains the endpoint at which its router sees it. All else follows from two
conditions:

1. A direct frame is accepted only from the endpoint that its IPv6 source contains (draft-03 §6). So
   remotes must see a sender at the endpoint that its router sees, which takes an endpoint-independent
   mapping. Frames of any other sender come from another endpoint, and are refused.
2. The frame must pass the filter in front of the receiver. It does when the filter is
   endpoint-independent, or when the receiver itself sends, from the endpoint in its address, to the
   sender's.

Neighbor Discovery (draft-03 §8.2) confirms a path by an advertisement from the very endpoint that was
solicited. So the receiver needs an endpoint-independent mapping as well; then its own solicitations open
its filter, whatever that is, and the path is direct both ways. With Probe and Seen (draft-04 §7.3) the
confirmation is a flag that may come through the router, so that only the sender needs such a mapping
where the receiver's filter is endpoint-independent: such a path is direct one way.
`;

const LINUX = `## Linux hosts that accept everything

A Linux host that masquerades for virtual machines, containers or a hotspot often has no rule that drops what
nobody asked for. Such a packet is then for the host itself, and its connection tracking remembers it for 30 s after the last
one, by both endpoints. When the peer behind that host sends to the same remote, an answer could not be told from that connection,
so masquerade gives the peer another port: not the one in its address, and the path stays relayed. Each further
question keeps it so.

Peers prevent that by order: the first question of a search opens the own NAT and arrives nowhere, see
[direct-paths.md](direct-paths.md#what-happens). So the path is direct at once in these tables, also when there is no
router between the two hosts. These cases are not, or not at once:

- **An application's own direct packets.** The policies presumptuous and persistent of draft04, and \`opportunism\`, send
  packets directly before any path is known.
- **A deployed peer begins.** Those of 2012 and 2018 ask before they send anything through the router, and so reach our open
  host first. When our side begins, the path is direct.
- **A host next to ours, without our option.** A TTL of 2 passes one NAT, and arrives where the other NAT is the
  second hop. Only the portable driver without direct calls to the system depends on the TTL alone.
- **Nobody answers for a second.** The last question of a round goes all the way, for the sake of remotes that send
  nothing. When the remote sends only later, the path is relayed for as long as both sides search at least every 30 s.
- **The first question is lost before it reaches the own host.** Then the other side's question arrives at a host that
  expects nothing. Both go on through the router, and search again after 2, 4, 8, 16 and 32 s; only the last of these pauses is long
  enough for the host to forget, so that the path is direct after 70 to 90 s.
- **A host that is the outer one of two NATs.** The first question opens the inner one only. When the other side
  begins, the path is direct.

## Other kinds of NAT

Each of these is a test, in all dialects with direct paths:

- **Carrier NAT that gives ports in blocks**: direct, the mapping is endpoint-independent within its block.
- **Two NATs in a row**: direct, each keeps its mapping.
- **NAT that closes on ICMP errors** (against RFC 4787 REQ-10): direct; the error about the first question closes it
  again, and the next question opens it.
- **NAT that forgets after ten seconds**: direct while in use. An idle peer notices it by its changed port, and then sends
  [keepalives more often](direct-paths.md#idle-peers); if the NAT keeps ports, \`--keepalive 9\` has to say so.
- **NAT that forgets after five minutes**: direct.
- **NAT that keeps ports, and two peers behind it with the same port**: direct where the mapping is
  endpoint-independent. Linux keeps the port of the second peer to remotes that the first does not talk to, and changes it to
  the router: relayed. Without \`--port\`, the system chooses ports, which hardly ever collide.
`;

const SHARED = `Then the endpoint in the address of the other peer is an external endpoint of the peers' own NAT, and the
path to it is what RFC 4787 §6 calls hairpinning; and there is discovery on the local network (draft-01
§6.11), a Neighbor Solicitation to 224.0.0.1, which takes the option \`lanSearch\` in this dialect. All mappings are
endpoint-independent, the dialect is draft-03.
`;
