import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { ROOT } from './pages.mjs';

/** The folder of the site that holds what pages link to and what is no page: sources and pictures. */
const FILES = 'files';
/** The beginning of a block of code in no language, which typedoc would take for TypeScript. */
const UNNAMED_LANGUAGE = /^(`{3,})(\r?\n)/;
const PICTURE = /\.(svg|png)$/;

/**
 * Copies a file or the list of a folder of the repository into the site; text gets the extension `.txt`,
 * since servers take `.ts` for a film.
 *
 * @returns its path in the site
 */
function publish(path, site) {
  const isFolder = statSync(join(ROOT, path)).isDirectory();
  const url = posix.join(FILES, PICTURE.test(path) ? path : `${path}.txt`);
  const target = join(site, url);
  mkdirSync(dirname(target), { recursive: true });
  if (isFolder) writeFileSync(target, `${readdirSync(join(ROOT, path)).sort().join('\n')}\n`);
  else copyFileSync(join(ROOT, path), target);
  return url;
}

/** The page of a file, or of the README in a folder; undefined if it has none. */
function pageUrl(path, urls) {
  return urls.get(path) ?? urls.get(posix.join(path, 'README.md'));
}

/**
 * Names the language of blocks of text in the parts of a page, and replaces the relative links, which lead
 * to files of the repository, with links to pages of the site, or to copies of the files.
 *
 * @param parts - content of a comment or document, as typedoc has it
 * @param source - path of the Markdown file below the top folder
 * @param from - path of its page in the site
 * @param urls - paths of all pages in the site, by the paths of their files
 * @throws Error for a link to what does not exist
 */
export function resolveLinks(parts, source, from, urls, site) {
  return parts.map((part) => {
    if (part.kind === 'code')
      return { ...part, text: part.text.replace(UNNAMED_LANGUAGE, '$1text$2') };
    if (part.kind !== 'relative-link') return part;
    const [target, anchor] = part.text.split('#');
    const path = target === '' ? source : posix.join(posix.dirname(source), target);
    if (path.startsWith('..'))
      throw new Error(`${source} links to ${part.text}, outside of the repository`);
    const url = pageUrl(path.replace(/\/$/, ''), urls) ?? publish(path, site);
    const own = part.targetAnchor ?? anchor;
    const hash = own === undefined || own === '' ? '' : `#${own}`;
    return { kind: 'text', text: `${posix.relative(posix.dirname(from), url)}${hash}` };
  });
}

/** Path of a file below the top folder. */
export function sourcePath(absolute) {
  return relative(ROOT, absolute);
}
