import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { HtmlElement, HtmlPage } from './htmlPages.js';

/** Attributes that hold a URL; those of other elements than links load something. */
const ATTRIBUTES = ['href', 'src', 'poster', 'data', 'action', 'xlink:href'];
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Sub-paths in which the site has no page of its own name, such as fragments that programs read. */
const PROGRAM_FRAGMENT = /^#(address|alice)=/;

function mistakeIn(
  url: string,
  element: HtmlElement,
  page: HtmlPage,
  pages: ReadonlyMap<string, HtmlPage>,
  folder: string,
): string | null {
  if (SCHEME.test(url)) return mistakeInExternal(url, element);
  if (url.startsWith('/')) return 'is not relative';
  if (PROGRAM_FRAGMENT.test(url)) return null;
  const [path = '', anchor] = url.split('#') as [string, string?];
  const target =
    path === '' ? page.url : posix.join(posix.dirname(page.url), decodeURIComponent(path));
  if (target.startsWith('..')) return 'leaves the site';
  const found = pages.get(
    posix.join(target.split('?')[0]!, target.endsWith('/') ? 'index.html' : ''),
  );
  if (found === undefined)
    return existsSync(join(folder, target.split('?')[0]!)) ? null : 'leads nowhere';
  if (anchor === undefined || anchor === '') return null;
  return found.anchors.has(decodeURIComponent(anchor)) ? null : 'leads to no anchor';
}

function mistakeInExternal(url: string, { tag }: HtmlElement): string | null {
  if (tag !== 'a') return 'is loaded from elsewhere';
  try {
    const { protocol } = new URL(url);
    return ['https:', 'http:', 'mailto:'].includes(protocol) ? null : 'has an odd scheme';
  } catch {
    return 'is no URL';
  }
}

/** What is wrong with the links of a page, and with what it loads. */
export function linkMistakes(
  page: HtmlPage,
  pages: ReadonlyMap<string, HtmlPage>,
  folder: string,
): string[] {
  return page.elements.flatMap((element) =>
    ATTRIBUTES.flatMap((name) => {
      const url = element.attributes.get(name);
      if (url === undefined) return [];
      const mistake = mistakeIn(url, element, page, pages, folder);
      return mistake === null ? [] : [`${page.url}: ${url} ${mistake}`];
    }),
  );
}
