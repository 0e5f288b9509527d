import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from '../../examples/browser-lab/lab.mjs';
import { startLoopback } from '../../examples/browser-peer/loopback.mjs';
import { serveFolder } from '../server.mjs';
import {
  axeFindings,
  executablePath,
  openTab,
  overflow,
  startBrowser,
  type View,
  visit,
} from './support/browser.js';
import { builtSite } from './support/builtSite.js';

const HOSTILE = '"><img src=x onerror="document.title=`owned`">';
const required = process.env['SIXBED4_REQUIRE_BROWSER'] === '1';
const skipped = executablePath === null ? ' (skipped: no Chromium)' : '';

describe.runIf(executablePath !== null || required)(`the lab in the site${skipped}`, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  beforeAll(async () => {
    server = await serveFolder(await builtSite(), { base: '/repo/', port: 0 });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(fragment: string, view: View = {}) {
    const tab = await openTab(browser, server.url, view);
    await visit(tab.page, `${server.url}lab.html${fragment}`);
    await tab.page.locator('#moment').filter({ hasText: 'packet' }).waitFor();
    return tab;
  }
  const time = async (page: Page) => Number(await page.locator('#time').inputValue());
  /** Everything that depends on the time. */
  const shown = (page: Page) =>
    page.evaluate(() =>
      ['moment', 'alice-path', 'bob-path', 'alice-since', 'pings', 'wire', 'packets'].map(
        (id) => document.getElementById(id)!.innerHTML,
      ),
    );

  test('steps through the packets by keys; picture, list and paths follow', async () => {
    const { page, complaints } = await open('#t=0', { width: 360 });
    const lab = new Lab({
      dialect: 'draft03',
      alice: 'port-restricted cone',
      bob: 'port-restricted cone',
    });
    lab.talk('alice');
    const sent = lab.arrows().filter(({ to }: { to: string }) => to !== 'core');
    const path = page.locator('#alice-path');
    expect(await path.textContent()).toBe('relayed');

    await page.locator('#next').focus();
    const times = [...new Set(sent.map(({ at }: { at: number }) => Math.ceil(at)))].filter(
      (at) => at > 0,
    );
    for (const expected of times.slice(0, 12)) {
      await page.keyboard.press('Enter');
      expect(await time(page)).toBe(expected);
      const rows = await page.locator('#packets tbody tr').count();
      expect(rows).toBe(sent.filter(({ at }: { at: number }) => at <= expected).length);
      expect(await page.locator('#wire g').count()).toBe(rows);
    }
    const { since } = lab.path('alice');
    expect(await path.textContent()).toBe((await time(page)) >= since! ? 'direct' : 'relayed');

    await page.locator('#time').focus();
    await page.keyboard.press('Home');
    expect(await time(page)).toBe(0);
    expect(await path.textContent()).toBe('relayed');
    await page.keyboard.press('ArrowRight');
    expect(await time(page)).toBe(1);
    await page.keyboard.press('End');
    expect(await time(page)).toBe(5_000);
    expect(await path.textContent()).toBe('direct');
    expect(await page.locator('#time').getAttribute('aria-valuetext')).toContain('5000 ms of 5000');
    await page.locator('#previous').focus();
    await page.keyboard.press('Enter');
    expect(await time(page)).toBe(Math.max(...times));
    expect(await overflow(page)).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('shows a datagram on its way, and the same state from its link', async () => {
    const { page, complaints } = await open('');
    await page.locator('#choices [name=alice]').selectOption('symmetric');
    await page.locator('#choices [name=seed]').fill('77');
    await page.locator('#choices [name=seed]').press('Enter');
    await page.locator('#bob-resets').click();
    await page.locator('#bob-pings').click();
    await page.locator('#time').fill('95');
    await page.waitForFunction(() => location.hash.includes('t=95'));
    expect(page.url()).toContain('alice=symmetric');
    expect(page.url()).toContain('seed=77');
    expect(page.url()).toContain('then=bob-resets.bob-pings');
    const before = await shown(page);
    expect(before.join()).toContain('on its way');
    expect(await page.locator('#wire circle').count()).toBeGreaterThan(0);

    const other = await open(page.url().slice(page.url().indexOf('#')));
    expect(await shown(other.page)).toEqual(before);
    await other.page.locator('#time').press('End');
    expect(await other.page.locator('#packets').textContent()).toContain("bob's NAT is reset");
    expect([...complaints, ...other.complaints]).toEqual([]);
    await page.context().close();
    await other.page.context().close();
  });

  test('another seed makes other addresses, and no other choices', async () => {
    const { page } = await open('#seed=1');
    const first = await page.locator('#alice-address').textContent();
    await visit(page, `${server.url}lab.html#seed=2`);
    expect(await page.locator('#choices [name=seed]').inputValue()).toBe('2');
    expect(await page.locator('#alice-address').textContent()).not.toBe(first);
    await page.context().close();
  });

  test('plays, and pauses', async () => {
    const { page } = await open('#t=0');
    const play = page.locator('#play');
    await play.press('Enter');
    await page.waitForFunction(
      () => Number((document.getElementById('time') as HTMLInputElement).value) > 20,
    );
    expect(await play.textContent()).toBe('Pause');
    await play.press('Enter');
    const paused = await time(page);
    await page.waitForTimeout(300);
    expect(await time(page)).toBe(paused);
    await page.context().close();
  });

  test('jumps from packet to packet for who wants no motion', async () => {
    const { page } = await open('#t=0', { reducedMotion: 'reduce' });
    await page.evaluate(() => {
      const seen: number[] = [];
      Object.assign(window, { seen });
      const bar = document.getElementById('time') as HTMLInputElement;
      new MutationObserver(() => seen.push(Number(bar.value))).observe(bar, { attributes: true });
    });
    await page.locator('#play').press('Enter');
    await page.waitForFunction(() => (window as unknown as { seen: number[] }).seen.length >= 3);
    const seen = await page.evaluate(() => (window as unknown as { seen: number[] }).seen);
    const lab = new Lab({
      dialect: 'draft03',
      alice: 'port-restricted cone',
      bob: 'port-restricted cone',
    });
    lab.talk('alice');
    const times = new Set(lab.arrows().map(({ at }: { at: number }) => Math.ceil(at)));
    expect(seen.filter((at) => !times.has(at))).toEqual([]);
    await page.context().close();
  });

  test('is a real peer, when it is given a gateway', async () => {
    const real = await startLoopback({ origin: new URL(server.url).origin });
    const { page, complaints } = await open('', { width: 360, colorScheme: 'dark' });
    const state = (text: string) =>
      page.locator('#real-state').filter({ hasText: text }).waitFor({ timeout: 20_000 });
    await page.locator('#real [name=gateway]').fill('router.example');
    await page.locator('#real [name=connect]').click();
    await state('looks like wss://');
    await page.locator('#real [name=gateway]').fill(real.gatewayUrl);
    await page.locator('#real [name=connect]').click();
    await state('Connected.');
    expect(await page.locator('#real-address').textContent()).toMatch(/^fc64:bed:7f00:1:/);
    await page.locator('#real [name=remote]').fill(real.address!);
    await page.locator('#real [name=ping]').click();
    await page.locator('#real-ping').filter({ hasText: 'ms there and back' }).waitFor();
    expect(await overflow(page)).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    // The one thing that leaves the site is the WebSocket that was asked for.
    expect(complaints.filter((text) => !text.includes(real.gatewayUrl))).toEqual([]);
    await page.context().close();
    await real.close();
  });

  test('leaves out what a hostile link holds', async () => {
    const { page, complaints } = await open('');
    for (const fragment of [
      `#alice=${encodeURIComponent(HOSTILE)}&seed=${encodeURIComponent(HOSTILE)}&then=${encodeURIComponent(HOSTILE)}&t=${encodeURIComponent(HOSTILE)}`,
      '#alice=__proto__&bob=constructor&then=__proto__.toString',
      '#t=99999999999999&seed=-1',
      `#then=${'alice-resets.'.repeat(5_000)}`,
      `#${HOSTILE}`,
    ]) {
      await visit(page, `${server.url}lab.html${fragment}`);
      expect(await page.locator('#moment').textContent()).toMatch(/^5000 ms of 5000/);
      expect(await page.locator('#choices [name=alice]').inputValue()).toBe('port-restricted cone');
      expect(await page.locator('.lab img, .lab script').count()).toBe(0);
      expect(await page.title()).not.toContain('owned');
    }
    expect(await axeFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
