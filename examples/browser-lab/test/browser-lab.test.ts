import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleOptions } from '@6bed4/example-browser-peer/bundle.mjs';
import { domInChromium, findChromium } from '@6bed4/testing/chromium';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dialects, Lab, natChoices } from '../lab.mjs';

const required = process.env['SIXBED4_REQUIRE_BROWSER'] === '1';
const browser = findChromium();
const names = Object.keys(natChoices);

describe('the lab', () => {
  test.each(dialects)('finds the predicted paths between all pairs of NATs in %s', (dialect) => {
    for (const alice of names) {
      for (const bob of names) {
        const lab = new Lab({ dialect, alice, bob });
        lab.talk('alice');
        const { path, prediction } = lab.path('alice');
        expect([alice, bob, path]).toEqual([alice, bob, prediction.path]);
        lab.net.run(1_000);
        expect(lab.pings).toEqual({ sent: 25, answered: 25 });
      }
    }
  });

  test('finds a direct path again after the reset of a NAT', () => {
    const [home] = names;
    const lab = new Lab({ dialect: 'draft03', alice: home, bob: home });
    lab.talk('both');
    lab.nats.bob!.reset();
    lab.talk('both');
    lab.talk('both');
    expect(lab.path('alice').path).toBe('direct');
  });
});

describe('the page', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), '6bed4-lab-'));
    await build({ ...bundleOptions(new URL('../', import.meta.url)), outdir: folder });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const skipped = browser === null ? ' (skipped: no Chromium)' : '';
  test.runIf(browser !== null || required).each([
    ['port-restricted cone', 'full cone', 'direct'],
    ['symmetric', 'port-restricted cone', 'relayed'],
  ])(
    `shows %s against %s as %s${skipped}`,
    async (alice, bob, path) => {
      if (browser === null) throw new Error('no Chromium on the search path');
      const url = pathToFileURL(join(folder, 'index.html'));
      url.search = new URLSearchParams({ alice, bob, dialect: 'draft03' }).toString();
      const dom = await domInChromium(browser, url.href);
      expect(dom).toContain(`<output id="alice-path" class="${path}">${path}</output>`);
      expect(dom).toMatch(new RegExp(`id="alice-prediction">${path}: `));
      expect(dom).toContain('25 of 25 pings answered');
      expect(dom).toMatch(/<g class="data">.*echo request alice → bob/);
    },
    90_000,
  );
});
