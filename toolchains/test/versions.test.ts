import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tools } from './support/scratch.js';

const GUIDE = new URL('../../docs/guides/toolchains.md', import.meta.url);
/** What the tools need beside them. */
const HELPERS = ['@rollup/plugin-node-resolve', '@types/node', 'koffi', 'react', 'react-dom', 'ws'];
const NAMES: Readonly<Record<string, string>> = {
  'next.js': 'next',
};

test('the guide names the versions of the tools that are installed', () => {
  const rows = readFileSync(GUIDE, 'utf8').matchAll(/^\| (\S+) +\| ([\d., ]+?) +\|/gm);
  const named = [...rows].flatMap(([, name, versions]) =>
    versions!.split(', ').map((version) => {
      const tool = NAMES[name!.toLowerCase()] ?? name!.toLowerCase();
      return [tool === 'typescript' ? `${tool}-${version.replace(/\.\d+$/, '')}` : tool, version];
    }),
  );
  const installed = Object.entries(tools).filter(([tool]) => !HELPERS.includes(tool));
  expect(Object.fromEntries(named)).toEqual(Object.fromEntries(installed));
});
