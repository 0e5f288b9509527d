import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packPackages, publicPackages } from '../../pack.mjs';
import { type Archive, changesOf, faultsOf, inOrder, readArchive } from '../archive.mjs';

const folders = publicPackages();
let scratch: string;
let archives: Archive[];
let node: Archive;
let versions: Record<string, string>;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), '6bed4-archives-'));
  archives = Object.values(packPackages(scratch)).map(readArchive);
  node = archives.find(({ manifest }) => manifest.name === '@6bed4/node')!;
  versions = Object.fromEntries(archives.map(({ manifest }) => [manifest.name, manifest.version]));
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function faults(change: (archive: Archive) => Partial<Archive>): string[] {
  return faultsOf({ ...node, ...change(node) }, folders['@6bed4/node']!, versions);
}

function withText(file: string, replaced: string): (archive: Archive) => Partial<Archive> {
  return ({ text }) => ({ text: (asked) => (asked === file ? replaced : text(asked)) });
}

function withManifest(fields: object): (archive: Archive) => Partial<Archive> {
  return ({ manifest }) => ({ manifest: { ...manifest, ...fields } });
}

describe('an archive', () => {
  test('has no fault as it is packed', () => {
    expect(faults(() => ({}))).toEqual([]);
  });

  test.each([
    ['no licence', withText('LICENSE', ''), 'LICENSE is missing'],
    ['another licence', withText('LICENSE', 'All rights reserved'), 'LICENSE is not that'],
    ['another licence in its package.json', withManifest({ license: 'ISC' }), 'licence is ISC'],
    ['no changes of its version', withText('CHANGELOG.md', '## 0.0.1\n\nOld.\n'), 'CHANGELOG.md'],
    ['a link to a file of the repository', withText('README.md', '[a](../b.md)'), '../b.md'],
    ['a home page of its own', withManifest({ homepage: 'https://example.com/' }), 'homepage'],
    ['no provenance', withManifest({ publishConfig: { access: 'public' } }), 'publishConfig'],
    ['a dependency of the workspace', withManifest({ dependencies: { a: 'workspace:^' } }), 'a by'],
    [
      'a dependency on another version',
      withManifest({ dependencies: { '@6bed4/nd': '^0.0.1' } }),
      'depends on @6bed4/nd ^0.0.1',
    ],
    ['the mark of what is private', withManifest({ private: true }), 'private'],
    ...['dist/index.js.map', 'test/a.test.ts', 'src/index.ts', 'tsup.config.ts'].map(
      (file) =>
        [
          `the file ${file}`,
          ({ files }: Archive) => ({ files: [...files, file] }),
          `${file} does not belong`,
        ] as const,
    ),
  ] as const)('with %s is refused', (_, change, fault) => {
    expect(faults(change).join('\n')).toContain(fault);
  });

  test('is published after what it depends on', () => {
    const names = inOrder([...archives].reverse()).map(({ manifest }) => manifest.name);
    expect(names).toHaveLength(archives.length);
    for (const { manifest } of archives) {
      for (const name of Object.keys(manifest.dependencies ?? {})) {
        expect(names.indexOf(name)).toBeLessThan(names.indexOf(manifest.name));
      }
    }
  });
});

test('the changes of a version are those below its heading', () => {
  const text = '# a\n\n## 0.2.0\n\nNew.\n\n### Minor\n\n- x\n\n## 0.1.0\n\nFirst.\n';
  expect(changesOf(text, '0.2.0')).toBe('New.\n\n### Minor\n\n- x');
  expect(changesOf(text, '0.1.0')).toBe('First.');
  expect(changesOf(text, '0.1')).toBe('');
});
