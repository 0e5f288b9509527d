import { renderMermaidSVG } from 'beautiful-mermaid';

const DIAGRAM =
  /<pre><code class="(?:language-)?mermaid">([\s\S]*?)<\/code>(?:<button[^>]*>[^<]*<\/button>)?<\/pre>/g;
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };

const unescapeHtml = (text) =>
  text.replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity]);

/** Colors of the site, so that a diagram follows its theme; no font is loaded. */
const STYLE = {
  bg: 'var(--color-background)',
  fg: 'var(--color-text)',
  muted: 'var(--color-text)',
  accent: 'var(--color-text)',
  font: 'system-ui',
  transparent: true,
};

function draw(source, number) {
  const svg = renderMermaidSVG(source, STYLE)
    .replace(/@import url\([^)]*\);/, '')
    // The renderer keeps the quotation marks around the categories of a chart.
    .replaceAll(/>&quot;([^<]*)&quot;</g, '>$1<')
    .replaceAll(/\bid="/g, `id="diagram${number}-`)
    .replaceAll(/url\(#/g, `url(#diagram${number}-`)
    .replace('<svg ', '<svg role="img" aria-label="Diagram; its text follows" ');
  if (/@import|https?:(?!\/\/www\.w3\.org)/.test(svg)) throw new Error('a diagram loads something');
  return svg;
}

/** Draws the Mermaid diagrams of a page; their text stays readable below them. */
export function drawDiagrams(html) {
  let number = 0;
  return html.replaceAll(DIAGRAM, (_, escaped) => {
    const svg = draw(unescapeHtml(escaped), ++number);
    return `<figure class="diagram"><section class="scrolls" aria-label="Diagram ${number}">${svg}</section><details><summary>Text of the diagram</summary><pre><code>${escaped}</code></pre></details></figure>`;
  });
}
