import { readFileSync } from 'node:fs';

/* What capacity is computed from: what was measured, each with its place, and what is assumed. */

const PERFORMANCE = new URL('../../docs/performance.md', import.meta.url);
const MEASURED = new URL('measured.json', import.meta.url);
const ROUTER = '6bed4, Linux driver, all offloads';
const FLOOD = '## Router: flood of single frames';
const COALESCED = '## Router: flood of coalesced frames';
const FOOTPRINT = '## Start and rest';

/** Columns of these tables, from 0 for the name. */
const COST_OF_500 = 4;
const COST_OF_1280 = 6;
const COST_OF_MANY_WAYS = 8;
const ROUTER_MEMORY = 4;

/**
 * The median in a cell of a table of docs/performance.md.
 *
 * @param page - the text of that page
 */
export function cellOf(page, heading, column, row = ROUTER) {
  const section = page.slice(page.indexOf(`\n${heading}\n`)).slice(1);
  const end = section.indexOf('\n## ');
  const lines = section.slice(0, end < 0 ? undefined : end).split('\n');
  const cells = lines
    .find((line) => line.startsWith(`| ${row} `))
    ?.split('|')
    .slice(1);
  const value = Number.parseFloat(cells?.[column]?.replace('≥', '') ?? '');
  if (Number.isNaN(value)) throw new Error(`docs/performance.md: no ${row} in "${heading}"`);
  return value;
}

/** What was measured elsewhere, read from where it stands. */
export function measuredFigures(
  page = readFileSync(PERFORMANCE, 'utf8'),
  own = JSON.parse(readFileSync(MEASURED, 'utf8')),
) {
  const from = (heading) => `performance.md, "${heading.replace('## ', '')}"`;
  const here = `\`npm run bench:capacity -- --measure\`, ${own.date}`;
  const figure = (value, unit, what, source) => ({ value, unit, what, source });
  return {
    mixed: figure(
      cellOf(page, FLOOD, COST_OF_MANY_WAYS),
      'µs',
      'processor time to relay a packet of 500 bytes at full load, each to another IPv4 address than the one before',
      from(FLOOD),
    ),
    single500: figure(
      cellOf(page, FLOOD, COST_OF_500),
      'µs',
      'the same, all to one address',
      from(FLOOD),
    ),
    single1280: figure(
      cellOf(page, FLOOD, COST_OF_1280),
      'µs',
      'the same with 1280 bytes',
      from(FLOOD),
    ),
    coalesced: figure(
      cellOf(page, COALESCED, COST_OF_1280),
      'µs',
      'the same with 1280 bytes, when many packets of one flow arrive together',
      from(COALESCED),
    ),
    memory: figure(
      cellOf(page, FOOTPRINT, ROUTER_MEMORY),
      'MB',
      'memory of a router, however many peers it has',
      from(FOOTPRINT),
    ),
    solicitation: figure(
      own.solicitation,
      '×',
      'processor time to answer a solicitation, to that of relaying a packet at the same rate, in one run',
      here,
    ),
    keepalive: figure(own.keepalive, '×', 'the same to drop a keepalive, where one arrives', here),
    answer: figure(own.advertisementBytes, 'bytes', 'an answer to a solicitation', here),
  };
}

const assumed = (value, unit, what) => ({ value, unit, what, source: null });

/** What deployments differ in. */
export const ASSUMPTIONS = {
  cores: assumed(16, 'cores', 'of a machine'),
  scaling: assumed(
    0.8,
    '×',
    'what each of many cores does, to one alone: workers share nothing but memory and the network card',
  ),
  network: assumed(10, 'Gbit/s', 'of the network card of a machine, each way'),
  load: assumed(0.5, '×', 'highest load that is planned for, of processors and network card'),
  spare: assumed(1, 'machine', 'that may fail or be drained at any time'),
  refresh: assumed(
    120,
    's',
    'between two solicitations of a peer with one router (`REFRESH_INTERVAL`)',
  ),
  near: assumed(
    0.01,
    '×',
    'share of peers within three hops of a router: their keepalives arrive, every 25 s',
  ),
  comeback: assumed(30, 's', 'in which all peers ask again after an outage of the whole fleet'),
  conversations: assumed(1, 'a minute', 'that each peer begins'),
  firstPackets: assumed(20, 'packets', 'of both sides through the router until the path is direct'),
  active: assumed(0.01, '×', 'share of peers that are in a call'),
  relayed: assumed(
    0.2,
    '×',
    'share of these calls that stay with the router, since both NATs are hard',
  ),
  callRate: assumed(100, 'packets/s', 'of a call, both directions together'),
  callSize: assumed(200, 'bytes', 'of these packets and the first ones'),
  internet: assumed(
    50,
    'kbit/s',
    'to and from the IPv6 Internet for each peer, on average in the busiest hour, where routers lead there',
  ),
  internetSize: assumed(1000, 'bytes', 'of these packets on average'),
};

/** The values alone. */
export function valuesOf(...tables) {
  return Object.fromEntries(
    tables.flatMap((table) => Object.entries(table).map(([name, { value }]) => [name, value])),
  );
}
