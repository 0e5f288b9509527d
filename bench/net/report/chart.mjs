import { format, units } from './metrics.mjs';
import { element, text } from './svg.mjs';

const WIDTH = 860;
const LABELS = 270;
const VALUES = 90;
const BARS = WIDTH - LABELS - VALUES;
const MARGIN = 16;
const TITLE_HEIGHT = 36;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 14;

/** Colors for light and for dark pages. */
const STYLE = `
  svg { font: 13px system-ui, sans-serif; background: #fff; }
  text { fill: #24292f; }
  .title { font-weight: 600; }
  .ours { fill: #2f6fde; }
  .other { fill: #9aa4af; }
  .spread { stroke: #24292f; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #e6edf3; }
    .spread { stroke: #e6edf3; }
  }`;

const panels = [
  {
    title: 'TCP from peer to peer, direct: Mbit/s, more is better',
    measurement: 'path',
    metric: 'direct/tcp',
    unit: units.megabits,
    // The links themselves carry so much more that the other bars would be indistinguishable.
    without: ['plain'],
  },
  {
    title: 'CPU of the daemons of both ends for a gigabyte of that: seconds, less is better',
    measurement: 'path',
    metric: 'direct/tcpCpu',
    unit: units.perGigabyte,
  },
  {
    title: 'Round trip from peer to peer, direct, pings 10 ms apart: µs, less is better',
    measurement: 'path',
    metric: 'direct/roundTrip',
    unit: units.microseconds,
  },
  {
    title: 'TCP from peer to router to peer: Mbit/s, more is better',
    measurement: 'path',
    metric: 'relayed/tcp',
    unit: units.megabits,
  },
  {
    title: 'Router under a flood of single frames of 500 bytes: thousand relayed a second',
    measurement: 'relay',
    metric: 'flood-500/relayed',
    unit: units.kiloframes,
  },
  {
    title: 'The same when frames arrive coalesced: thousand relayed a second',
    measurement: 'relay',
    metric: 'coalesced-500/relayed',
    unit: units.kiloframes,
  },
  {
    title: 'CPU of the router for a frame under a flood of single ones: µs, less is better',
    measurement: 'relay',
    metric: 'flood-500/cpu',
    unit: units.cpu,
  },
  {
    title: 'Round trip from peer to router to peer: µs, less is better',
    measurement: 'path',
    metric: 'relayed/roundTrip',
    unit: units.microseconds,
  },
];

function barsOf({ measurement, metric, without = [] }, candidates, results) {
  return candidates
    .filter(({ id }) => !without.includes(id))
    .map(({ id, title, family }) => ({ title, family, value: results.of(measurement, id, metric) }))
    .filter(({ value }) => value !== null);
}

function drawBar({ title, family, value }, scale, unit, top) {
  const middle = top + ROW_HEIGHT / 2;
  const x = (amount) => LABELS + amount * scale;
  const baseline = { y: middle, 'dominant-baseline': 'central' };
  return [
    element('text', { x: LABELS - 10, 'text-anchor': 'end', ...baseline }, text(title)),
    element('rect', {
      class: family === 'ours' ? 'ours' : 'other',
      x: LABELS,
      y: middle - BAR_HEIGHT / 2,
      width: Math.max(value.median * scale, 1),
      height: BAR_HEIGHT,
      rx: 2,
    }),
    element('line', {
      class: 'spread',
      x1: x(value.least),
      x2: x(value.most),
      y1: middle,
      y2: middle,
    }),
    element('text', { x: x(value.most) + 8, ...baseline }, text(format(value.median, unit))),
  ].join('\n');
}

/** A chart with a group of bars for each of the main metrics, as an SVG document. */
export function chart(candidates, results) {
  const parts = [];
  let top = MARGIN;
  for (const panel of panels) {
    const bars = barsOf(panel, candidates, results);
    if (bars.length === 0) continue;
    const scale = BARS / Math.max(...bars.map(({ value }) => value.most));
    const place = { class: 'title', x: MARGIN, y: top + TITLE_HEIGHT / 2 };
    parts.push(element('text', place, text(panel.title)));
    top += TITLE_HEIGHT;
    for (const bar of bars) {
      parts.push(drawBar(bar, scale, panel.unit, top));
      top += ROW_HEIGHT;
    }
    top += MARGIN;
  }
  const size = { width: WIDTH, height: top, viewBox: `0 0 ${WIDTH} ${top}` };
  const description = 'Bars: medians. Lines: least and most.';
  const document = element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' },
    `\n${element('title', {}, text(`Performance of 6bed4. ${description}`))}\n`,
    `${element('style', {}, STYLE)}\n`,
    `${parts.join('\n')}\n`,
  );
  return `${document}\n`;
}
