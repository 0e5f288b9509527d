const ORDER = ['alice', "alice's NAT", 'router', "bob's NAT", 'bob'];
const [COLUMN, ROW, LEFT, TOP] = [160, 26, 150, 34];

const text = (x, y, anchor, kind, content) =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}">${escapeHtml(content)}</text>`;

function escapeHtml(content) {
  return content.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Draws datagrams as arrows between the columns of the nodes that sent, received or dropped them. */
export function picture(all) {
  // Keepalives are dropped in the core on purpose, by their low TTL.
  const arrows = all.filter(({ from, to }) => ORDER.includes(from) && ORDER.includes(to));
  const columns = ORDER.filter((name) =>
    arrows.some(({ from, to }) => from === name || to === name),
  );
  const x = (name) => LEFT + columns.indexOf(name) * COLUMN;
  const height = TOP + arrows.length * ROW + 10;
  const width = LEFT + (columns.length - 1) * COLUMN + 70;
  const lines = columns.map(
    (name) =>
      `${text(x(name), 18, 'middle', 'name', name)}<line class="node" x1="${x(name)}" x2="${x(name)}" y1="${TOP - 8}" y2="${height}"/>`,
  );
  const rows = arrows.map(({ at, from, to, label, lost }, index) => {
    const y = TOP + index * ROW + 16;
    const [start, end] = [x(from), x(to)];
    const tip = end > start ? -7 : 7;
    const head = lost === null ? `M${end + tip} ${y - 4}L${end} ${y}L${end + tip} ${y + 4}` : '';
    const cross = lost === null ? '' : `M${end + tip - 4} ${y - 4}l8 8m0 -8l-8 8`;
    const what = lost === null ? label : `${label}, lost: ${lost}`;
    return `<g class="${lost === null ? kindOf(label) : 'lost'}">${text(LEFT - 60, y + 4, 'end', 'time', `${at.toFixed(0)} ms`)}<path d="M${start} ${y}H${end + (lost === null ? 0 : tip)}${head}${cross}"/>${text((start + end) / 2, y - 4, 'middle', 'label', what)}</g>`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="datagrams in the order of sending">${lines.join('')}${rows.join('')}</svg>`;
}

function kindOf(label) {
  return /^(echo|UDP)/.test(label) ? 'data' : 'search';
}
