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

function drawBar({ title, isOurs, value, label }, scale, top) {
  const middle = top + ROW_HEIGHT / 2;
  const x = (amount) => LABELS + amount * scale;
  const baseline = { y: middle, 'dominant-baseline': 'central' };
  return [
    element('text', { x: LABELS - 10, 'text-anchor': 'end', ...baseline }, text(title)),
    element('rect', {
      class: isOurs ? 'ours' : 'other',
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
    element('text', { x: x(value.most) + 8, ...baseline }, text(label)),
  ].join('\n');
}

/**
 * A chart with groups of bars, as an SVG document.
 *
 * @param description - what it shows, for those who do not see it
 * @param panels - groups with their titles and bars; one without bars is left out. A bar has a title, a value with
 * `median`, `least` and `most`, the label behind it, and whether its color is that of 6bed4
 */
export function barChart(description, panels) {
  const parts = [];
  let top = MARGIN;
  for (const { title, bars } of panels) {
    if (bars.length === 0) continue;
    const scale = BARS / Math.max(...bars.map(({ value }) => value.most));
    const place = { class: 'title', x: MARGIN, y: top + TITLE_HEIGHT / 2 };
    parts.push(element('text', place, text(title)));
    top += TITLE_HEIGHT;
    for (const bar of bars) {
      parts.push(drawBar(bar, scale, top));
      top += ROW_HEIGHT;
    }
    top += MARGIN;
  }
  const size = { width: WIDTH, height: top, viewBox: `0 0 ${WIDTH} ${top}` };
  const document = element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' },
    `\n${element('title', {}, text(description))}\n`,
    `${element('style', {}, STYLE)}\n`,
    `${parts.join('\n')}\n`,
  );
  return `${document}\n`;
}
