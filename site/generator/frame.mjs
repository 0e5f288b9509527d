import { drawDiagrams } from './diagrams.mjs';
import { withPolicy } from './security.mjs';

/** What the bar at the top of every page links to. */
const TOP_LINKS = [
  ['Guides', 'guides/quick-start.html'],
  ['API', 'modules.html'],
  ['Explorer', 'explorer.html'],
  ['Lab', 'lab.html'],
  ['Performance', 'performance.html'],
];
const TITLE_WITHOUT_HEADING =
  /<div class="tsd-page-title">\s*<ul class="tsd-breadcrumb"(?:(?!<h1|<ul)[\s\S])*?<\/ul>\s*<\/div>/;

/**
 * A program that runs in a page.
 *
 * @typedef {object} PageProgram
 * @property {string} name - name of its script, its style and its place in the page
 * @property {string} body - markup for that place
 * @property {string[] | undefined} connects - where it may connect to, besides the site
 */

/** Makes tables, which may be wider than a phone, scroll by themselves. */
function scrollTables(html) {
  let number = 0;
  return html
    .replaceAll('<table>', () => `<section class="scrolls" aria-label="Table ${++number}"><table>`)
    .replaceAll('</table>', '</table></section>')
    .replaceAll('<th></th>', '<td></td>');
}

/**
 * Takes out the links in what opens and closes a part of a page: keys cannot tell the two apart, and the
 * part has a link of its own.
 */
function unlinkSummaries(html) {
  return html.replaceAll(/<summary[\s\S]*?<\/summary>/g, (summary) =>
    summary
      .replaceAll(/<a [^>]*aria-label="Permalink"[^>]*>[\s\S]*?<\/a>/g, '')
      .replaceAll(/<a [^>]*>|<\/a>/g, ''),
  );
}

/** Leaves the index of the search, which weighs more than all else, until somebody searches. */
function deferSearch(html) {
  const deferred = html.replace(
    /<script async src="([^"]*)" id="tsd-search-script">/,
    '<script data-src="$1" id="tsd-search-script">',
  );
  if (deferred === html) throw new Error('typedoc loads its search in another way');
  return deferred;
}

/** Says which part of a page is which; typedoc does not. */
function nameLandmarks(html) {
  return html
    .replace('<div class="col-content">', '<div class="col-content" role="main">')
    .replace('<div class="col-sidebar">', '<div class="col-sidebar" role="complementary">');
}

function topLinks(toTop) {
  const links = TOP_LINKS.map(([text, url]) => `<a href="${toTop}${url}">${text}</a>`);
  return `<nav id="tsd-toolbar-links" aria-label="Site">${links.join('')}</nav>`;
}

/**
 * Adds to a page of typedoc what it has not: diagrams, links at the top, scripts and the policy.
 *
 * @param {string} html
 * @param {string} url - path of the page in the site
 * @param {PageProgram | undefined} program
 */
export function completePage(html, url, program) {
  const toTop = '../'.repeat(url.split('/').length - 1);
  const isWide = program !== undefined || url === 'index.html';
  const names = ['site', ...(program === undefined ? [] : [program.name])];
  const styles = names
    .slice(1)
    .map((name) => `<link rel="stylesheet" href="${toTop}assets/${name}.css"/>`);
  const scripts = names.map((name) => `<script defer src="${toTop}assets/${name}.js"></script>`);
  const framed = deferSearch(unlinkSummaries(nameLandmarks(scrollTables(drawDiagrams(html)))))
    // Documents bring their own heading; a path of one step says nothing.
    .replace(TITLE_WITHOUT_HEADING, '')
    .replace('<div id="tsd-toolbar-links"></div>', topLinks(toTop))
    .replace('<html class="default"', `<html class="default${isWide ? ' wide' : ''}"`)
    .replace('</head>', `${[...styles, ...scripts].join('')}</head>`);
  if (program === undefined) return withPolicy(framed);
  const place = `<div data-program="${program.name}"></div>`;
  if (!framed.includes(place)) throw new Error(`${url} has no place for ${program.name}`);
  return withPolicy(
    framed.replace(place, () => program.body),
    program.connects,
  );
}
