import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Element = DefaultTreeAdapterTypes.Element;

/** A page of the site, as its file has it. */
export interface HtmlPage {
  /** Path in the site. */
  readonly url: string;
  readonly html: string;
  readonly elements: readonly HtmlElement[];
  /** The ids and names that links may lead to. */
  readonly anchors: ReadonlySet<string>;
}

/** An element with its attributes. */
export interface HtmlElement {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
}

function* elementsIn(node: DefaultTreeAdapterTypes.ParentNode): Generator<HtmlElement> {
  for (const child of node.childNodes) {
    if (!('tagName' in child)) continue;
    const element: Element = child;
    yield {
      tag: element.tagName,
      attributes: new Map(element.attrs.map(({ name, value }) => [name, value])),
    };
    yield* elementsIn(element);
  }
}

function readPage(folder: string, path: string): HtmlPage {
  const html = readFileSync(path, 'utf8');
  const elements = [...elementsIn(parse(html))];
  const anchors = elements.flatMap(({ attributes }) => [
    attributes.get('id') ?? '',
    attributes.get('name') ?? '',
  ]);
  return { url: relative(folder, path), html, elements, anchors: new Set(anchors) };
}

/** All pages in a folder, by their paths in it. */
export function htmlPages(folder: string): Map<string, HtmlPage> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const pages = files
    .filter((name) => name.endsWith('.html'))
    .map((name) => readPage(folder, join(folder, name)));
  return new Map(pages.map((page) => [page.url, page]));
}
