import { findChromium } from '@6bed4/testing/chromium';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** What a page must not do. */
export interface Watched {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and requests that failed or left the site. */
  readonly complaints: string[];
}

/** How a page is looked at. */
export interface View {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

/** The browser on the search path, or null. */
export const executablePath = findChromium();

/** Starts the browser without a window. */
export function startBrowser(): Promise<Browser> {
  if (executablePath === null)
    throw new Error('no Chromium on the search path or in SIXBED4_CHROMIUM');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-quic'] });
}

/** Opens an empty tab that keeps what goes wrong in it. */
export async function openTab(browser: Browser, site: string, view: View = {}): Promise<Watched> {
  const width = view.width ?? 1280;
  const context: BrowserContext = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: view.colorScheme ?? 'light',
    reducedMotion: view.reducedMotion ?? 'no-preference',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const complain = (text: string) => complaints.push(`${page.url()}: ${text}`);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(message.text());
  });
  page.on('pageerror', (error) => complain(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(site) && !/^(data|blob):/.test(request.url())) {
      complain(`loads ${request.url()}`);
    }
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complain(`${response.status()} for ${response.url()}`);
  });
  return { page, complaints };
}

/** Opens a page of the site, even if only the fragment differs. */
export async function visit(page: Page, url: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(url);
  // The generator hides a page until its scripts have run.
  await page.waitForFunction(() => document.body.style.display !== 'none');
}

/**
 * What axe finds in the page, with the elements. The generator chooses levels of headings by their kind,
 * which leaves some out; all have one of the first level.
 *
 * @param except - rules that are not asked for
 */
export async function axeFindings(page: Page, except: string[] = []): Promise<string[]> {
  await page.evaluate(axe.source);
  const off = ['heading-order', ...except].map((rule) => [rule, { enabled: false }] as const);
  return page.evaluate(async (rules) => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run({ rules });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ''}`)
          .join(' | ')} (${nodes.length})`,
    );
  }, Object.fromEntries(off));
}

/** How many pixels the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}
