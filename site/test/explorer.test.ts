import {
  decodeAddress,
  encodeAddress,
  formatIPv4,
  formatIPv6,
  InvalidArgumentError,
} from '@6bed4/codec';
import { fc, test as property } from '@fast-check/vitest';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bitsValue, fieldsOf } from '../explorer/fields.mjs';
import {
  explainMistake,
  makeAddress,
  PROFILES,
  readAddress,
  readWith,
} from '../explorer/model.mjs';
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

type ProfileKey = keyof typeof PROFILES;
const keys = Object.keys(PROFILES) as ProfileKey[];
const PEER = 'fc64:bed:c633:6401:c433:6402:e49e:8001';
const HOSTILE =
  '"><img src=x onerror="document.title=`owned`"><script>document.title=`owned`</script>';

const address = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc
    .uint8Array({ minLength: 12, maxLength: 12 })
    .map((bytes) => Uint8Array.of(0xfc, 0x64, 0, 0, ...bytes)),
  fc
    .uint8Array({ minLength: 4, maxLength: 4 })
    .map((bytes) => Uint8Array.of(...new Uint8Array(12), ...bytes)),
);

/** The value of all fields of a part, in the order of the bits that they hold. */
function assembled(key: ProfileKey, bytes: Uint8Array, part: string): number {
  const { layout } = PROFILES[key].profile;
  const runs = fieldsOf(PROFILES[key].profile, 'native', undefined).filter(
    (field) => field.part === part,
  );
  const value = ({ from, to }: { from: number; to: number }) => bitsValue(bytes, from, to);
  const [a, b, c] = runs.map(value);
  if (layout.name === 'draft03' && part === 'ipv4') return a! * 2 ** 26 + c! * 2 ** 24 + b!;
  if (layout.name === 'draft01' && part === 'ipv4') return a! * 2 ** 24 + b!;
  if (layout.name === 'draft01' && part === 'port') return c! * 256 + a! * 4 + (b! ^ 1) * 2;
  return a!;
}

describe('what the explorer says', () => {
  property.prop([address, fc.constantFrom(...keys)])('is what the codec reads', (bytes, key) => {
    const { profile } = PROFILES[key];
    const reading = readWith(key, bytes);
    expect(reading.decoded).toEqual(decodeAddress(bytes, { profile }));
    const { opaque } = reading.decoded;
    if (opaque) return;
    expect(formatIPv4(assembled(key, bytes, 'ipv4'))).toBe(
      formatIPv4(profile.layout.readAddress(bytes, 0)),
    );
    expect(assembled(key, bytes, 'port')).toBe(profile.layout.readPort(bytes, 0));
  });

  property.prop([address, fc.constantFrom(...keys)])('has each bit in one field', (bytes, key) => {
    const { fields } = readWith(key, bytes);
    expect(fields[0]!.from).toBe(0);
    expect(fields.at(-1)!.to).toBe(128);
    for (const [index, { from, to }] of fields.entries()) {
      expect(to).toBeGreaterThan(from);
      if (index > 0) expect(from).toBe(fields[index - 1]!.to);
    }
  });

  test.each([
    [PEER, ['fits', 'fits', 'no', 'no', 'possible']],
    ['2001:64:c633:6401:c433:6402:e49e:8001', ['fits', 'fits', 'fits', 'no', 'possible']],
    ['2001:db8:64:64:50f5:c6ff:fe33:6402', ['no', 'no', 'no', 'possible', 'possible']],
    ['2001:db8:64:64:51f5:c6ff:fe33:6402', ['no', 'no', 'no', 'no', 'possible']],
    ['fc64:bed:c633:6401:c633:6402:e49e:8001', ['no', 'no', 'no', 'no', 'possible']],
    ['fe80::c633:6402:e49e', ['possible', 'possible', 'possible', 'no', 'no']],
    ['ff02::1', ['no', 'no', 'no', 'no', 'no']],
    ['::1', ['no', 'no', 'no', 'no', 'no']],
    ['::ffff:192.0.2.1', ['no', 'no', 'no', 'no', 'no']],
    ['2001:0:c633:6401:8000:1b61:39cc:9bfd', ['no', 'no', 'no', 'no', 'no']],
  ])('judges %s', (text, verdicts) => {
    expect(readAddress(text).readings.map(({ verdict }) => verdict)).toEqual(verdicts);
  });

  test('knows the link-scoped form, link-layer addresses, routers and invitations', () => {
    const [linkLocal] = readAddress('fe80::c633:6402:e49e').readings;
    expect(linkLocal!.peer).toEqual({ address: '198.51.100.2', port: 58526 });
    const [peer] = readAddress(PEER).readings;
    expect(peer!.linkLayer).toBe('9e:e4:c6:33:64:02');
    expect(peer!.linkLocal).toBe('fe80::c633:6402:e49e');
    const [router] = readAddress('fc64:bed:c633:6401:c433:6401:64be:8000').readings;
    expect(router!.remarks.join()).toMatch(/invitation.*lanip 0 names the router/);
    const [private10] = readAddress(
      makeAddress({
        dialect: 'draft03',
        prefix: 'fc64::/16',
        router: '198.51.100.1',
        peer: '10.1.2.3:4000',
        lanip: '',
      }),
    ).readings;
    expect(private10!.remarks.join()).toContain('10.1.2.3 is private');
  });

  property.prop([
    fc.constantFrom(...keys),
    fc.ipV4(),
    fc.integer({ min: 0, max: 70_000 }),
    fc.integer({ min: 0, max: 70_000 }),
  ])('makes the addresses of the codec, and has its errors', (key, ipv4, port, lanip) => {
    const { profile } = PROFILES[key];
    const attempt = (make: () => string) => {
      try {
        return make();
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        return error.field;
      }
    };
    const prefix = '2001:db8:1:2::/64';
    const made = attempt(() =>
      makeAddress({
        dialect: key,
        prefix,
        router: '',
        peer: `${ipv4}:${port}`,
        lanip: String(lanip),
      }),
    );
    expect(made).toBe(
      attempt(() => encodeAddress({ prefix, peer: `${ipv4}:${port}`, lanip }, { profile })),
    );
  });

  test.each([
    ['', /Nothing/],
    ['198.51.100.2:58526', /IPv4 address/],
    ['fe80::1%eth0', /zone/],
    ['fc64::/16', /length of the prefix/],
    ['[fc64::1]:80', /brackets/],
    ['fc64::g', /"g"/],
    ['fc64::1::2', /one "::"/],
    ['fc64:00bed::1', /"00bed" has more than four/],
    ['fc64:1:2', /3 groups/],
    ['1:2:3:4::5:6:7:8', /at most seven/],
  ])('explains what is wrong with "%s"', (text, explanation) => {
    expect(() => readAddress(text)).toThrow(InvalidArgumentError);
    expect(explainMistake(text)).toMatch(explanation);
  });
});

const required = process.env['SIXBED4_REQUIRE_BROWSER'] === '1';
const skipped = executablePath === null ? ' (skipped: no Chromium)' : '';

describe.runIf(executablePath !== null || required)(`the page of the explorer${skipped}`, () => {
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

  async function open(fragment: string, width = 1280) {
    const tab = await openTab(browser, server.url, { width });
    await visit(tab.page, `${server.url}explorer.html${fragment}`);
    return tab;
  }
  const rows = (page: Page, id: string) =>
    page
      .locator(`#${id} tbody tr`)
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => cell.textContent?.trim() ?? '')),
      );

  test.each([PEER, '2001:db8:64:64:50f5:c6ff:fe33:6402', 'ff02::1'])(
    'shows %s as the codec reads it',
    async (text) => {
      const { page, complaints } = await open(`#address=${text}`);
      const { bytes, readings } = readAddress(text);
      const verdicts = await rows(page, 'verdicts');
      for (const [index, { name, profile, verdict }] of readings.entries()) {
        const { peer, router } = decodeAddress(text, { profile });
        const [first, fits, shownPeer, shownRouter] = verdicts[index]!;
        expect(first).toBe(name);
        expect(fits).toMatch(
          { fits: /^yes/, possible: /^maybe/, no: /^no/ }[verdict as 'fits' | 'possible' | 'no'],
        );
        expect(shownPeer).toBe(verdict === 'no' ? '–' : `${peer!.address}:${peer!.port}`);
        expect(shownRouter).toBe(router === null ? '–' : `${router.address}:${router.port}`);
      }
      const bits = await page
        .locator('#bits tbody td')
        .evaluateAll((all) => all.map((cell) => cell.firstChild!.textContent));
      expect(bits.join('')).toBe(
        Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join(''),
      );
      expect(await page.locator('#bits th[scope=col]').count()).toBe(17);
      expect(await page.locator('#bits th[scope=row]').count()).toBe(8);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  test("works by keys alone: a mistake, its correction, another dialect, an address of one's own", async () => {
    const { page, complaints } = await open('', 360);
    await page.locator('#address').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('fc64::1::2');
    await page.keyboard.press('Enter');
    await page.getByText('There may be one "::" only.').waitFor();
    expect(await page.locator('#address').getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator('#reading').isVisible()).toBe(false);
    expect(await axeFindings(page)).toEqual([]);

    await page.locator('#address').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('2001:db8:64:64:50f5:c6ff:fe33:6402');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#reading').waitFor();
    expect(await page.locator('#dialects input:checked').getAttribute('value')).toBe('draft01');
    expect(page.url()).toContain('#address=2001:db8:64:64:50f5:c6ff:fe33:6402');

    await page.locator('#dialects input:checked').focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('#dialects input:checked').getAttribute('value')).toBe('draft00');
    expect((await rows(page, 'fields')).map(([, name]) => name)).toContain('L interface id');
    expect(page.url()).toContain('dialect=draft00');

    await page.locator('#encode [name=dialect]').focus();
    await page.keyboard.type('draft-01');
    const fill = async (name: string, text: string) => {
      await page.locator(`#encode [name=${name}]`).focus();
      await page.keyboard.press('Control+A');
      await page.keyboard.type(text);
    };
    await fill('prefix', '2001:db8:64:64::/64');
    await fill('peer', '198.51.100.2:62803');
    await fill('lanip', '0');
    await page.keyboard.press('Enter');
    await page.getByText('port: found 62803, expected an even integer from 1 to 65535.').waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('peer');
    await fill('peer', '198.51.100.2:62802');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.hash.includes('50f5'));
    expect(await page.locator('#address').inputValue()).toBe('2001:db8:64:64:50f5:c6ff:fe33:6402');
    expect(await overflow(page)).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('shows the same from its link, and never takes a fragment for markup', async () => {
    const { page } = await open(`#address=${PEER}&dialect=draft00`);
    expect(await page.locator('#dialects input:checked').getAttribute('value')).toBe('draft00');
    for (const fragment of [
      `#address=${encodeURIComponent(HOSTILE)}`,
      `#address=${PEER}&dialect=${encodeURIComponent(HOSTILE)}`,
      `#address=${PEER}&dialect=__proto__`,
      `#${HOSTILE}`,
      '#address=%',
      `#address=${'1:'.repeat(5_000)}`,
    ]) {
      await visit(page, `${server.url}explorer.html${fragment}`);
      expect(await page.locator('.explorer img, .explorer script').count()).toBe(0);
      expect(await page.title()).not.toContain('owned');
      expect(await page.locator('#encode').isVisible()).toBe(true);
    }
    await page.context().close();
  });

  test('writes addresses as the codec does', async () => {
    const { page } = await open('#address=FC64:0BED:C633:6401:C433:6402:E49E:8001');
    expect(await page.locator('#summary').textContent()).toContain(
      formatIPv6(readAddress(PEER).bytes),
    );
    await page.context().close();
  });
});
