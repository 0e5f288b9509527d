import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top folder of the repository, without a slash at its end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/**
 * A Markdown file that becomes a page.
 *
 * @typedef {object} Page
 * @property {string} source - path below the top folder
 * @property {string} title - its first heading
 * @property {string} url - path in the site, without `.html`
 * @property {string} section - where it is in the navigation
 */

/** The sections of the navigation, in this order. */
export const SECTIONS = ['Try it', 'Guides', 'Reference', 'Explanation', 'Examples', 'Project'];

const REFERENCE = [
  ...['sockets', 'tcp-sockets', 'tcp', 'peers-and-routers', 'address-selection'],
  ...['drivers-linux', 'streams'],
];
/** The guides to begin with; the others follow by name. */
const FIRST_GUIDES = ['quick-start', 'ipv6-anywhere', 'run-a-router', 'tcp', 'sip', 'chat'];
const GUIDES_ELSEWHERE = ['writing-a-driver'];

/** The first heading of a text in Markdown, without its markup. */
function titleOf(markdown, source) {
  const heading = /^# (.+)$/m.exec(markdown)?.[1];
  if (heading === undefined) throw new Error(`${source} has no heading of the first level`);
  return heading.replaceAll(/[`*]/g, '').trim();
}

function markdownIn(folder) {
  const rank = (name) => {
    const index = FIRST_GUIDES.indexOf(basename(name, '.md'));
    return index === -1 ? FIRST_GUIDES.length : index;
  };
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((name) => join(folder, name));
}

function readmesIn(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name, 'README.md'))
    .filter((path) => readdirSync(join(ROOT, path, '..')).includes('README.md'));
}

function sectionOfDocument(name) {
  if (REFERENCE.includes(name)) return 'Reference';
  return GUIDES_ELSEWHERE.includes(name) ? 'Guides' : 'Explanation';
}

/** All pages made of Markdown, apart from the READMEs of packages with an API reference. */
export function findPages(documentedPackages) {
  const page = (source, url, section) => ({
    source,
    url,
    section,
    title: titleOf(readFileSync(join(ROOT, source), 'utf8'), source),
  });
  const name = (source) => basename(source, '.md');
  const folder = (source) => source.split('/').at(-2);
  const packages = readmesIn('packages').filter(
    (source) => !documentedPackages.includes(folder(source)),
  );
  return [
    ...markdownIn('site/pages').map((source) => page(source, name(source), 'Try it')),
    ...markdownIn('docs/guides').map((source) => page(source, `guides/${name(source)}`, 'Guides')),
    ...markdownIn('docs').map((source) =>
      page(source, name(source), sectionOfDocument(name(source))),
    ),
    ...packages.map((source) =>
      page(source, folder(source), folder(source) === 'cli' ? 'Reference' : 'Project'),
    ),
    ...readmesIn('examples').map((source) =>
      page(source, `examples/${folder(source)}`, 'Examples'),
    ),
    page('docs/README.md', 'documentation', 'Project'),
    page('site/README.md', 'site', 'Project'),
    ...markdownIn('.').map((source) => page(source, name(source).toLowerCase(), 'Project')),
  ];
}
