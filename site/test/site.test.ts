import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentSecurityPolicy, GATEWAYS } from '../generator/security.mjs';
import { serveFolder } from '../server.mjs';
import {
  axeFindings,
  executablePath,
  openTab,
  overflow,
  startBrowser,
  visit,
} from './support/browser.js';
import { builtSite } from './support/builtSite.js';
import { type HtmlPage, htmlPages } from './support/htmlPages.js';
import { linkMistakes } from './support/linkMistakes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Bytes of a first load, compressed. */
const HEAVIEST = 300_000;
/** One page of each kind; programs in several states. */
const KINDS = [
  ['the landing page', 'index.html'],
  ['a guide', 'guides/quick-start.html'],
  ['a page with diagrams', 'direct-paths.html'],
  ['measurements', 'performance.html'],
  ['the packages', 'modules.html'],
  ['a package', 'api/modules/_6bed4_codec.html'],
  ['a class', 'api/classes/_6bed4_node.Tunnel.html'],
  ['an interface', 'api/interfaces/_6bed4_codec.AddressLayout.html'],
  ['a function', 'api/functions/_6bed4_codec.decodeAddress.html'],
  ['a type', 'api/types/_6bed4_codec.DialectName.html'],
  ['a variable', 'api/variables/_6bed4_codec.reference2020.html'],
  ['the explorer', 'explorer.html'],
  ['the explorer with a mistake', 'explorer.html#address=fc64::1::2'],
  ['the lab', 'lab.html'],
  ['the lab in between', 'lab.html#alice=symmetric&bob=full+cone&t=95'],
] as const;

let folder: string;
let pages: Map<string, HtmlPage>;

beforeAll(async () => {
  folder = await builtSite();
  pages = htmlPages(folder);
});

/** Markdown files in a folder of the repository. */
const markdownIn = (path: string) =>
  readdirSync(join(ROOT, path)).filter((name) => name.endsWith('.md') && name !== 'README.md');

describe('the files of the site', () => {
  test('have a page for every guide, README and package', () => {
    const expected = [
      ...markdownIn('docs').map((name) => name.replace('.md', '.html')),
      ...markdownIn('docs/guides').map((name) => `guides/${name.replace('.md', '.html')}`),
      ...['hello', 'demo', 'chat', 'sip-call', 'browser-lab', 'browser-peer'].map(
        (name) => `examples/${name}.html`,
      ),
      ...['codec', 'nd', 'tcp', 'tunnel', 'gateway', 'simulator', 'node'].map(
        (name) => `api/modules/_6bed4_${name}.html`,
      ),
      ...[
        'cli.html',
        'testing.html',
        'contributing.html',
        'index.html',
        'explorer.html',
        'lab.html',
      ],
    ];
    expect(expected.filter((url) => !pages.has(url))).toEqual([]);
  });

  test('link to pages and anchors that are there, and load nothing from elsewhere', () => {
    expect([...pages.values()].flatMap((page) => linkMistakes(page, pages, folder))).toEqual([]);
  });

  test('hold no CSS that loads anything', () => {
    for (const name of readdirSync(join(folder, 'assets')).filter((file) =>
      file.endsWith('.css'),
    )) {
      expect(readFileSync(join(folder, 'assets', name), 'utf8')).not.toMatch(
        /@import|url\(["']?(https?:)?\/\//,
      );
    }
  });

  test('have a policy that names the scripts inside them', () => {
    for (const { url, elements, html } of pages.values()) {
      const policies = elements.filter(
        ({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy',
      );
      expect(policies.map(({ attributes }) => attributes.get('content'))).toEqual([
        // The lab alone connects to gateways, when somebody asks for it.
        contentSecurityPolicy(html, url === 'lab.html' ? GATEWAYS : []),
      ]);
    }
  });

  test('show diagrams as pictures', () => {
    for (const name of markdownIn('docs')) {
      const count = readFileSync(join(ROOT, 'docs', name), 'utf8').split('```mermaid').length - 1;
      const page = pages.get(name.replace('.md', '.html'))!;
      expect([name, page.html.split('<figure class="diagram">').length - 1]).toEqual([name, count]);
      expect(page.html).not.toContain('@import');
    }
  });

  test(`weigh less than ${HEAVIEST / 1000} kB with all that they load`, () => {
    const known = new Map<string, number>();
    const weight = (path: string) => {
      const bytes = known.get(path) ?? gzipSync(readFileSync(join(folder, path))).length;
      known.set(path, bytes);
      return bytes;
    };
    const weights = [...pages.values()].map(({ url, elements }) => {
      const loaded = elements
        .filter(
          ({ tag, attributes }) =>
            tag === 'script' || attributes.get('rel') === 'stylesheet' || tag === 'img',
        )
        .map(({ attributes }) => attributes.get('src') ?? attributes.get('href'))
        .filter((path) => path !== undefined && !path.startsWith('data:'))
        .map((path) => weight(join(url, '..', path!.split('?')[0]!)));
      return { url, bytes: loaded.reduce((sum, bytes) => sum + bytes, weight(url)) };
    });
    const [heaviest] = weights.sort((a, b) => b.bytes - a.bytes);
    console.log(`heaviest: ${heaviest!.url}, ${heaviest!.bytes} bytes`);
    expect(heaviest!.bytes).toBeLessThan(HEAVIEST);
  });
});

const required = process.env['SIXBED4_REQUIRE_BROWSER'] === '1';
const skipped = executablePath === null ? ' (skipped: no Chromium)' : '';

describe.runIf(executablePath !== null || required)(`the site in a browser${skipped}`, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  beforeAll(async () => {
    server = await serveFolder(folder, { base: '/some/repo/', port: 0 });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test.each(KINDS)('%s has no mistakes, light, dark and on a phone', async (_, url) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, complaints } = await openTab(browser, server.url, { colorScheme });
      await visit(page, server.url + url);
      expect(await axeFindings(page)).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await overflow(page)).toBe(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  test('all guides and READMEs fit on a phone and complain of nothing', async () => {
    const { page, complaints } = await openTab(browser, server.url, { width: 360 });
    const urls = [...pages.keys()].filter((url) => !url.startsWith('api/'));
    for (const url of urls) {
      await visit(page, server.url + url);
      expect([url, await overflow(page)]).toEqual([url, 0]);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('finds guides and the API', async () => {
    const { page, complaints } = await openTab(browser, server.url);
    await visit(page, `${server.url}guides/quick-start.html`);
    for (const [words, found] of [
      ['Teredo', /coming-from\.html/],
      ['decodeAddress', /_6bed4_codec\.decodeAddress\.html/],
      ['systemd', /(run-a-router|ipv6-anywhere|cli)\.html/],
    ] as const) {
      await page.keyboard.press('/');
      await page.locator('#tsd-search-input').fill(words);
      const links = page.locator('#tsd-search-results a');
      const targets = () =>
        links.evaluateAll((all) => all.map((link) => link.getAttribute('href')).join(' '));
      await expect.poll(targets, { timeout: 30_000 }).toMatch(found);
      // The options of the generator's list hold links, which the tab key leaves out.
      expect(await axeFindings(page, ['nested-interactive'])).toEqual([]);
      // The dialog takes a moment to close.
      await page.keyboard.press('Escape');
      await page.locator('#tsd-search[open]').waitFor({ state: 'detached' });
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('changes its theme by a button, and remembers it', async () => {
    const { page } = await openTab(browser, server.url, { colorScheme: 'light' });
    await visit(page, server.url);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    const button = page.locator('#theme-switch');
    await button.focus();
    for (const _ of ['light', 'dark']) await page.keyboard.press('Enter');
    expect(await button.getAttribute('aria-label')).toBe('Theme: dark');
    const dark = await background();
    expect(dark).not.toBe(light);
    await visit(page, `${server.url}guides/sip.html`);
    expect(await background()).toBe(dark);
    await page.context().close();
  });
});
