import { findChromium, runInChromium } from '@6bed4/testing/chromium';
import { beforeAll, describe, expect, test } from 'vitest';
import { runBare } from './bareContext.js';
import { type Bundle, bundleScenario } from './bundle.js';
import type { Outcome } from './scenario.js';

const ALICE = 'fc64:bed:c633:6401:c800:7105:9c40:c001';
const BOB = 'fc64:bed:c633:6401:c800:7109:1388:c001';

const EXPECTED: Outcome = {
  router: 'fc64:bed:c633:6401:c433:6401:64be:8000',
  peers: [
    { address: ALICE, endpoint: '203.0.113.5:40000' },
    { address: BOB, endpoint: '203.0.113.9:5000' },
  ],
  // One hop at the sending peer, one at the router.
  request: { source: ALICE, hopLimit: 62 },
  reply: { source: BOB, sequence: 7, size: 1184 },
  // Two solicitations, request and reply.
  routerDatagrams: 4,
  drops: [],
};

const required = process.env['SIXBED4_REQUIRE_BROWSER'] === '1';
const browser = findChromium();

describe('the machines outside Node', () => {
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await bundleScenario();
  });

  test('are made of our packages alone', () => {
    const foreign = bundle.inputs.filter(
      (input) =>
        !/^packages\/((codec|nd|tunnel)\/(src|test)\/|testing\/src\/random\.ts$)/.test(input),
    );
    expect(foreign).toEqual([]);
    expect(bundle.inputs).toContain('packages/tunnel/src/router/router.ts');
    expect(bundle.code).not.toMatch(/\brequire\(|\bimport\(/);
  });

  test('give addresses and relay where there is nothing but the language', () => {
    expect(runBare(bundle.code, 'scenario.run()')).toEqual(EXPECTED);
  });

  test.runIf(browser !== null || required)(
    `give addresses and relay in a browser${browser === null ? ' (skipped: no Chromium)' : ''}`,
    async () => {
      if (browser === null)
        throw new Error('no Chromium on the search path or in SIXBED4_CHROMIUM');
      expect(await runInChromium(browser, bundle.code, 'scenario.run()')).toEqual(EXPECTED);
    },
    90_000,
  );
});
