/**
 * The README of a package as it is published. Registries show it away from the repository, where links to other
 * files of the repository lead nowhere: they become links to the files of the version that is published.
 */
import { existsSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryPage } from './metadata.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A target of a link or picture in Markdown that is no address and no heading of the page itself. */
const TARGET = /(\]\()(?![a-z][a-z0-9+.-]*:|#)([^)\s#]+)(#[^)\s]*)?(?=[)\s])/gi;
const FENCED = /^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm;

/**
 * @param text - the README of the repository
 * @param folder - the absolute path of its package
 * @param version - the version that is published, whose tag is `v` and this
 */
export function publishedReadme(text, folder, version) {
  const page = repositoryPage();
  const link = (_, before, target, heading = '') => {
    const file = resolve(folder, target);
    const path = relative(root, file).split(sep).join('/');
    if (path.startsWith('..') || !existsSync(file)) {
      throw new Error(`${join(folder, 'README.md')} links to ${target}, which is not there`);
    }
    const kind = statSync(file).isDirectory() ? 'tree' : 'blob';
    return `${before}${page}/${kind}/v${version}/${path}${heading}`;
  };
  let result = '';
  let end = 0;
  for (const fence of text.matchAll(FENCED)) {
    result += text.slice(end, fence.index).replace(TARGET, link) + fence[0];
    end = fence.index + fence[0].length;
  }
  return result + text.slice(end).replace(TARGET, link);
}
