const ORDER = ['alice', "alice's NAT", 'router', "bob's NAT", 'bob'];
const [COLUMN, ROW, LEFT, TOP] = [160, 26, 150, 34];
const DOT = 4;

const text = (x, y, anchor, kind, content) =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}">${escapeHtml(content)}</text>`;

function escapeHtml(content) {
  return content.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Whether both ends are in the picture: keepalives are dropped in the core on purpose, by their low TTL. */
export function isDrawn({ from, to }) {
  return ORDER.includes(from) && ORDER.includes(to);
}

/** What a datagram is about, and the reason if it was lost. */
export function contentOf({ label, lost }) {
  return lost === null ? label : `${label}, lost: ${lost}`;
}

/**
 * Draws datagrams as arrows between the columns of the nodes that sent, received or dropped them; one
 * that is on its way at `time` ends in a dot.
 *
 * @param arrows - those that are drawn, see {@link isDrawn}
 * @param all - those that decide which columns there are
 */
export function picture(arrows, time = Number.POSITIVE_INFINITY, all = arrows) {
  const columns = ORDER.filter((name) => all.some(({ from, to }) => from === name || to === name));
  const x = (name) => LEFT + columns.indexOf(name) * COLUMN;
  const height = TOP + arrows.length * ROW + 10;
  const width = LEFT + (columns.length - 1) * COLUMN + 70;
  const lines = columns.map(
    (name) =>
      `${text(x(name), 18, 'middle', 'name', name)}<line class="node" x1="${x(name)}" x2="${x(name)}" y1="${TOP - 8}" y2="${height}"/>`,
  );
  const rows = arrows.map((arrow, index) => row(arrow, TOP + index * ROW + 16, x, time));
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="datagrams in the order of sending; the list below has the same">${lines.join('')}${rows.join('')}</svg>`;
}

function row(arrow, y, x, time) {
  const { at, end: endedAt, label, lost } = arrow;
  const [start, end] = [x(arrow.from), x(arrow.to)];
  const isUnderway = time < endedAt;
  const tip = end > start ? -7 : 7;
  let kind = kindOf(label);
  let line;
  if (isUnderway) {
    const place = start + (end - start) * Math.max(0, (time - at) / (endedAt - at));
    line = `<path d="M${start} ${y}H${place.toFixed(1)}"/><circle cx="${place.toFixed(1)}" cy="${y}" r="${DOT}"/>`;
  } else if (lost === null) {
    line = `<path d="M${start} ${y}H${end}M${end + tip} ${y - 4}L${end} ${y}L${end + tip} ${y + 4}"/>`;
  } else {
    kind = 'lost';
    line = `<path d="M${start} ${y}H${end + tip}M${end + tip - 4} ${y - 4}l8 8m0 -8l-8 8"/>`;
  }
  const what = isUnderway ? label : contentOf(arrow);
  return `<g class="${kind}">${text(LEFT - 60, y + 4, 'end', 'time', `${at.toFixed(0)} ms`)}${line}${text((start + end) / 2, y - 4, 'middle', 'label', what)}</g>`;
}

function kindOf(label) {
  return /^(echo|UDP)/.test(label) ? 'data' : 'search';
}
