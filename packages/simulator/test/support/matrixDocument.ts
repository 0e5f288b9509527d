import type { PathKind } from '@6bed4/tunnel';
import { markdownTable } from './markdown.js';
import type { Cell } from './matrix.js';
import { meetBehindOne, situations } from './sharedNat.js';
import type { Beginning } from './talk.js';

/** What one dialect made of all pairs. */
export interface Chapter {
  readonly dialect: string;
  readonly matrices: ReadonlyMap<Beginning, readonly (readonly Cell[])[]>;
}

const LETTERS = 'abcdefghijklmnop';

const titles: Readonly<Record<Beginning, string>> = {
  one: 'The peer of the row sends, the other answers',
  both: 'Both send',
};

/** `docs/nat-matrix.md`. */
export function matrixDocument(chapters: readonly Chapter[]): string {
  const reasons = new Map<string, string>();
  for (const { matrices } of chapters) {
    for (const cell of [...matrices.values()].flat(2)) {
      for (const { path, reason } of [cell.there, cell.back]) {
        if (!reasons.has(reason)) reasons.set(reason, `${path}: ${reason}`);
      }
    }
  }
  const letters = new Map([...reasons.keys()].map((reason, index) => [reason, LETTERS[index]!]));
  return [
    INTRODUCTION,
    '## What theory says\n',
    RULES,
    'From that, the reasons of single directions, by the letters in the tables:\n',
    `${[...reasons.values()].map((text, index) => `- **${LETTERS[index]}** ${text}`).join('\n')}\n`,
    ...chapters.map((chapter) => chapterText(chapter, letters)),
    sharedText(),
  ].join('\n');
}

function chapterText({ dialect, matrices }: Chapter, letters: ReadonlyMap<string, string>): string {
  const cells = [...matrices.values()].flat(2);
  const pairs = cells.length;
  const direct = cells.filter(({ outcome }) => outcome.there !== null && outcome.back !== null);
  const lost = cells.reduce((sum, { outcome }) => sum + outcome.lost, 0);
  const strategy = cells[0]!.outcome.strategy;
  return [
    `## ${dialect}\n`,
    `Strategy \`${strategy}\`. Of ${pairs} encounters ${direct.length} became direct both ways; ` +
      `${lost} of all their echo requests stayed without answer.\n`,
    ...[...matrices].flatMap(([beginning, rows]) => [
      `### ${titles[beginning]}\n`,
      markdownTable([
        ['', ...rows[0]!.map(({ second }) => second.name)],
        ...rows.map((row) => [row[0]!.first.name, ...row.map((cell) => cellText(cell, letters))]),
      ]),
      '',
    ]),
  ].join('\n');
}

function cellText({ outcome, there, back }: Cell, letters: ReadonlyMap<string, string>): string {
  const theory = `${letters.get(there.reason)}${letters.get(back.reason)}`;
  const { there: thereIn, back: backIn } = outcome;
  if (thereIn === null && backIn === null) return `relayed ${theory}`;
  if (backIn === null) return `→ ${seconds(thereIn!)} ${theory}`;
  if (thereIn === null) return `← ${seconds(backIn)} ${theory}`;
  return `**${seconds(Math.max(thereIn, backIn))}** ${theory}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function sharedText(): string {
  const found = (path: PathKind, there: number | null): string =>
    there === null ? path : `${path}, ${seconds(there)}`;
  return [
    '## Both peers behind one public address\n',
    SHARED,
    markdownTable([
      ['place', 'hairpinning', 'filtering at home', 'search', 'path', 'why'],
      ...situations.map((situation) => {
        const { path, there } = meetBehindOne(situation);
        return [
          situation.place,
          situation.hairpinning,
          situation.place === 'one LAN' ? '' : situation.filtering,
          situation.lanTtl === 0 ? 'off' : 'on',
          found(path, there),
          situation.reason,
        ];
      }),
    ]),
    '',
  ].join('\n');
}

const INTRODUCTION = `# Which NATs let two peers talk directly

This page is generated: \`npm run matrix\` in \`packages/simulator\` lets every pair of peers meet in the
[simulator](../packages/simulator/README.md) and writes down what came of it. The tests fail when a
pair does not do what theory says, when a packet is lost, or when this page is not what they find.

Every peer pings the other five times a second; each link, between peer and NAT and between NAT and
core, takes 5 ms. Packets take the router until a direct path is proved, so that no pair is ever without connectivity;
what differs is whether and when the direct path comes.

A row is the kind of NAT before the first peer, a column that before the second: \`mapping/filtering\`
in the terms of RFC 4787 §4.1 and §5, each endpoint-independent (EI), address-dependent (AD) or
address-and-port-dependent (APD). \`firewall\` filters as APD and translates nothing; \`two NATs\` is a
home NAT (EI/APD) behind that of a carrier (EI/EI); \`closed\` lets UDP through to the router only.

In a cell stands the time until both peers use the direct path, or \`relayed\`; \`→\` means that only the
first peer sends directly, \`←\` only the second. Behind it stand two letters, the reason in theory for
the way there and for the way back.
`;

const RULES = `The address of a peer spells the endpoint at which its router sees it. All else follows from two
demands:

1. A direct frame is accepted only from the endpoint that its IPv6 source spells (draft-03 §6). So a
   sender must be seen by its remotes where its router sees it, and that takes an endpoint-independent
   mapping. The frames of any other come from elsewhere, and are refused.
2. The frame must pass the filter before the receiver. It does when the filter is endpoint-independent,
   or when the receiver itself sends, from the endpoint that its address spells, to the sender's.

Neighbor Discovery (draft-03 §8.2) proves a path by an answer from the very endpoint that was asked. So
the receiver needs an endpoint-independent mapping as well; then its own questions open its filter,
whatever that is, and the path is direct both ways. With Probe and Seen (draft-04 §7.3) the answer is a
flag that may come through the router, so that only the sender needs it where the receiver's filter is
endpoint-independent: such a path is direct one way.
`;

const SHARED = `Then the spelled endpoint is an outside endpoint of the peers' own NAT, and the way there is what RFC
4787 §6 calls hairpinning; and there is the search on the local network (draft-01 §6.11), a Neighbor
Solicitation to 224.0.0.1. All mappings are endpoint-independent, the dialect is draft-03.
`;
