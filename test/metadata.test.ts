import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { publicPackages } from '../scripts/pack.mjs';
import { metadataOf, repositoryPage } from '../scripts/release/metadata.mjs';
import { publishedReadme } from '../scripts/release/readme.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = Object.entries(publicPackages());

function read(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}

describe('what is published', () => {
  test('is these packages', () => {
    const names = ['codec', 'gateway', 'nd', 'node', 'simulator', 'tcp', 'tunnel'];
    expect(Object.keys(publicPackages()).sort()).toEqual([
      '6bed4',
      ...names.map((name) => `@6bed4/${name}`),
    ]);
  });

  test.each(packages)('%s names the project as the root does', (_, folder) => {
    const manifest = JSON.parse(read(folder, 'package.json'));
    expect(manifest).toMatchObject(metadataOf(folder));
    expect(manifest.license).toBe('MIT');
    expect(manifest.description).toMatch(/^\S.{20,}/);
    expect(manifest.keywords).toContain('6bed4');
    expect(manifest.files).toContain('CHANGELOG.md');
  });

  test('has one version', () => {
    const versions = packages.map(([, folder]) => JSON.parse(read(folder, 'package.json')).version);
    expect(new Set(versions).size).toBe(1);
  });

  test.each(packages)('%s tells in its changelog what its version brings', (name, folder) => {
    const { version } = JSON.parse(read(folder, 'package.json'));
    const lines = read(folder, 'CHANGELOG.md').split('\n');
    expect(lines[0]).toBe(`# ${name}`);
    expect(lines.find((line) => line.startsWith('## '))).toBe(`## ${version}`);
  });

  test('is together in one group of changesets', () => {
    const { fixed } = JSON.parse(read(root, '.changeset', 'config.json'));
    expect(fixed).toEqual([['@6bed4/*', '6bed4']]);
  });
});

test('no other address of the repository is written anywhere', () => {
  const pattern = String.raw`github\.com/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]*6bed4[A-Za-z0-9_-]*`;
  const args = ['grep', '--no-index', '--exclude-standard', '-h', '-o', '-I', '-E', pattern];
  const found = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  const addresses = found.trim().split('\n');
  expect(addresses.length).toBeGreaterThan(packages.length);
  expect(new Set(addresses.map((address) => `https://${address}`))).toEqual(
    new Set([repositoryPage()]),
  );
});

describe('the README of a package, as registries show it', () => {
  const folder = join(root, 'packages', 'codec');
  const page = repositoryPage();
  const published = (text: string): string => publishedReadme(text, folder, '1.2.3');

  test('links to files of the version that is published', () => {
    expect(published('[a](../../docs/README.md), [b](../node/README.md#errors)')).toBe(
      `[a](${page}/blob/v1.2.3/docs/README.md), [b](${page}/blob/v1.2.3/packages/node/README.md#errors)`,
    );
  });

  test('links to folders as such', () => {
    expect(published('[hello](../../examples/hello)')).toBe(
      `[hello](${page}/tree/v1.2.3/examples/hello)`,
    );
  });

  test.each([
    ['addresses', '[a](https://example.com/x), [b](mailto:a@example.com)'],
    ['headings of the page', '[below](#errors)'],
    ['code', '```js\nlist[0](../x)\n```\n'],
  ])('keeps %s', (_, text) => {
    expect(published(text)).toBe(text);
  });

  test('links to nothing that is missing', () => {
    expect(() => published('[a](../../docs/nothing.md)')).toThrow('../../docs/nothing.md');
    expect(() => published('[a](../../../secret)')).toThrow('../../../secret');
  });

  test.each(packages)('%s has no link that leads away from its page', (_, folder) => {
    const text = publishedReadme(read(folder, 'README.md'), folder, '1.2.3');
    const prose = text.replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '');
    const targets = [...prose.matchAll(/\]\(([^)\s]*)/g)].map(([, target]) => target!);
    for (const target of targets) expect(target).toMatch(/^(https:\/\/|#)/);
  });
});
