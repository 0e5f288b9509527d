import { element, text } from '../net/report/svg.mjs';
import { eventsOf, TITLES } from './page.mjs';

const WIDTH = 860;
const LABELS = 230;
const VALUES = 210;
const MARGIN = 16;
const HEADING = 36;
const ROW = 28;
const BAR = 16;

/** Colors for light and for dark pages. */
const STYLE = `
  svg { font: 13px system-ui, sans-serif; background: #fff; }
  text { fill: #24292f; }
  .title { font-weight: 600; }
  .lossless { fill: #9aa4af; }
  .loss { fill: #2f6fde; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #e6edf3; }
  }`;

function drawEvent(event, index, scale) {
  const middle = HEADING + MARGIN + (index + 0.5) * ROW;
  const baseline = { y: middle, 'dominant-baseline': 'central' };
  const width = Math.max(1, event.longestPause * scale);
  const lost = event.packetsLost === 0 ? 'nothing lost' : `${event.packetsLost} packets lost`;
  return [
    element(
      'text',
      { x: LABELS - 10, 'text-anchor': 'end', ...baseline },
      text(TITLES[event.event]),
    ),
    element('rect', {
      class: event.packetsLost === 0 ? 'lossless' : 'loss',
      ...{ x: LABELS, y: middle - BAR / 2, width, height: BAR, rx: 2 },
    }),
    element(
      'text',
      { x: LABELS + width + 8, ...baseline },
      text(`${event.longestPause} ms, ${lost}`),
    ),
  ].join('\n');
}

/** A chart with a bar for each event, as an SVG document. */
export function chart(measured) {
  const events = eventsOf(measured);
  const longest = Math.max(...events.map(({ longestPause }) => longestPause));
  const scale = (WIDTH - LABELS - VALUES) / longest;
  const height = HEADING + events.length * ROW + 2 * MARGIN;
  const title =
    'Longest pause of relayed streams with a packet each 20 ms, and what all of them lost';
  const document = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      ...{ width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, role: 'img' },
    },
    `\n${element('title', {}, text(title))}\n`,
    `${element('style', {}, STYLE)}\n`,
    `${element('text', { class: 'title', x: MARGIN, y: MARGIN + HEADING / 2 }, text(title))}\n`,
    `${events.map((event, index) => drawEvent(event, index, scale)).join('\n')}\n`,
  );
  return `${document}\n`;
}
