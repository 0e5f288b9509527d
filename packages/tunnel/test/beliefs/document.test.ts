import { readFileSync } from 'node:fs';
import { dialectNames, dialects } from '@6bed4/codec';
import { markdownTable } from '@6bed4/testing/markdown';
import { expect, test } from 'vitest';
import { type Row, table } from './table.js';

const guide = new URL('../../../../docs/guides/security.md', import.meta.url);
const START =
  '<!-- from packages/tunnel/test/beliefs/table.ts: npm run beliefs in packages/tunnel -->\n';
const END = '<!-- until here -->';

const kinds: Readonly<Record<string, string>> = {
  'Router Solicitation': 'RS',
  'Router Advertisement': 'RA',
  'Neighbor Solicitation': 'NS',
  'Neighbor Advertisement': 'NA',
  'refused advertisement': 'one that is refused',
  packet: 'packet',
  'inviting packet': 'packet from an invitation',
  'false source': 'packet with a false source',
  probe: 'probe',
};

function questionOf({ answers, nonce }: Row): string {
  if (answers === null) return '—';
  const question = answers === 'direct packet' ? 'our direct packet' : `our ${kinds[answers]}`;
  if (nonce === 'any') return question;
  return `${question}, ${nonce === 'ours' ? 'with its nonce' : 'without a nonce'}`;
}

function dialectsOf(row: Row): string {
  const names = dialectNames.filter((name) => row.dialects(dialects[name]));
  return names.length === dialectNames.length ? 'all' : names.join(', ');
}

/** The table as operators read it. */
function document(): string {
  return markdownTable([
    ['What we believe', 'Changed by', 'Of', 'Only in answer to', 'Bounds', 'Dialects', 'Source'],
    ...table.map((row) => [
      row.title,
      row.by.length === 0
        ? 'packets of our own side'
        : row.by.map((kind) => kinds[kind] ?? kind).join(', '),
      row.from.length === 0 ? '—' : row.from.join(', '),
      questionOf(row),
      row.bound,
      dialectsOf(row),
      row.source,
    ]),
  ]);
}

test('docs/guides/security.md shows the table (npm run beliefs writes it anew)', async () => {
  const text = readFileSync(guide, 'utf8');
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error('the guide has no place for the table');
  const shown = `${before}${START}\n${document()}\n\n${END}${after}`;
  await expect(shown).toMatchFileSnapshot(guide.pathname);
});
