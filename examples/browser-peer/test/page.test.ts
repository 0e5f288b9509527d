import { findChromium } from '@6bed4/testing/chromium';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLoopback, TEXT } from '../loopback.mjs';
import { servePage } from '../servePage.mjs';
import { CuttableProxy } from './cuttableProxy.js';

const required = process.env['SIXBED4_REQUIRE_BROWSER'] === '1';
const executablePath = findChromium();
const skipped = executablePath === null ? ' (skipped: no Chromium)' : '';
const ADDRESS = /^fc64:bed:7f00:1:[0-9a-f:]+$/;
/** Milliseconds for what a page shows, on a machine that does much else. */
const PATIENCE = 20_000;

interface View {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
}

describe.runIf(executablePath !== null || required)(`the page${skipped}`, () => {
  let browser: Browser;
  let served: Awaited<ReturnType<typeof servePage>>;
  let lab: Awaited<ReturnType<typeof startLoopback>>;
  let proxy: CuttableProxy;
  beforeAll(async () => {
    if (executablePath === null)
      throw new Error('no Chromium on the search path or in SIXBED4_CHROMIUM');
    served = await servePage();
    lab = await startLoopback({ origin: served.origin });
    proxy = await CuttableProxy.open(Number(new URL(lab.gatewayUrl).port));
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-quic'] });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    proxy?.close();
    await lab?.close();
    await served?.close();
  });

  /** Opens the page; `complaints` are errors of its console, exceptions and failed requests. */
  async function open(wishes: Record<string, string>, view: View = {}) {
    const { colorScheme = 'light', width = 1280 } = view;
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${served.origin}/#${new URLSearchParams(wishes)}`);
    return { page, complaints, close: () => context.close() };
  }
  const shown = (page: Page, id: string, text: string | RegExp) =>
    page.locator(`#${id}`).filter({ hasText: text }).waitFor();
  const gateway = () => ({ gateway: lab.gatewayUrl });

  test('does all that a link asks for, in a small window', async () => {
    const { page, complaints, close } = await open(
      { ...gateway(), remote: lab.address!, port: '80' },
      { width: 360 },
    );
    await shown(page, 'text', TEXT.trim());
    await shown(page, 'ping', /^\d+\.\d ms there and back, (relayed|on the direct path)/);
    expect(await page.locator('#text').textContent()).toBe(TEXT);
    expect(await page.locator('#address').textContent()).toMatch(ADDRESS);
    expect(await page.locator('#endpoint').textContent()).toMatch(/^127\.0\.0\.1:4\d{4}$/);
    expect(await page.locator('#state').textContent()).toBe('Connected.');
    const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await wider()).toBe(0);
    expect(complaints).toEqual([]);
    await close();
  });

  test('asks by its buttons, and says what is wrong with a question', async () => {
    const { page, complaints, close } = await open({});
    await page.getByLabel('6bed4 address').fill(lab.address!);
    await page.getByRole('button', { name: 'Ping' }).click();
    await shown(page, 'state', 'Connect to a gateway first.');
    await page.getByLabel('Gateway').fill(lab.gatewayUrl);
    await page.getByRole('button', { name: 'Connect' }).click();
    await shown(page, 'state', 'Connected.');
    await page.getByRole('button', { name: 'Ping' }).click();
    await shown(page, 'ping', 'ms there and back');
    await page.getByLabel('TCP port').fill('81');
    await page.getByRole('button', { name: 'Load' }).click();
    await shown(page, 'text', 'Nobody listens on this port.');
    await page.getByLabel('6bed4 address').fill('nowhere');
    await page.getByRole('button', { name: 'Ping' }).click();
    await shown(page, 'ping', 'expected an IPv6 address');
    expect(complaints).toEqual([]);
    await close();
  });

  test('comes back with the same address when its connection is cut', async () => {
    const { page, close } = await open({ gateway: `ws://127.0.0.1:${proxy.port}/6bed4` });
    await shown(page, 'state', 'Connected.');
    const address = await page.locator('#address').textContent();
    expect(address).toMatch(ADDRESS);
    proxy.cut();
    await shown(page, 'state', 'Connected again, with the same address.');
    expect(await page.locator('#address').textContent()).toBe(address);
    expect(lab.gateway.report().counters.connectionsResumed).toBe(1);
    await page.getByLabel('6bed4 address').fill(lab.address!);
    await page.getByRole('button', { name: 'Load' }).click();
    await shown(page, 'text', TEXT.trim());
    await close();
  });

  test('says what is wrong with a gateway', async () => {
    const { page, close } = await open({ gateway: 'ws://127.0.0.1:9/6bed4' });
    await shown(page, 'state', /cannot be reached, or does not allow pages of .* Trying again in/);
    await page.getByLabel('Gateway').fill('router.example');
    await page.getByRole('button', { name: 'Connect' }).click();
    await shown(page, 'state', 'looks like wss://');
    await close();
  });

  test('says that a token is wrong, and is let in with the right one', async () => {
    const strict = await startLoopback({ origin: served.origin, tokens: ['right'] });
    const { page, complaints, close } = await open({ gateway: strict.gatewayUrl });
    await shown(page, 'state', 'The gateway wants a token, or another one than this.');
    await page.getByLabel('Token').fill('right');
    await page.getByRole('button', { name: 'Connect' }).click();
    await shown(page, 'state', 'Connected.');
    expect(complaints).toEqual([]);
    await close();
    await strict.close();
  });

  test('is not let in from a site that the gateway does not allow', async () => {
    const other = await startLoopback({ origin: 'https://elsewhere.example' });
    const { page, close } = await open({ gateway: other.gatewayUrl });
    await shown(page, 'state', 'does not allow pages of');
    await close();
    await other.close();
  });

  test.each(['light', 'dark'] as const)('can be read in %s', async (colorScheme) => {
    const { page, close } = await open(gateway(), { colorScheme });
    await shown(page, 'state', 'Connected.');
    await page.evaluate(axe.source);
    const findings = await page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
    });
    expect(findings).toEqual([]);
    await close();
  });
});
