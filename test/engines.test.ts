import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { versions } from '../scripts/engines/versions.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** As the lines of Node.js are called: the oldest by its minor version, the others by the major one. */
const [oldest, ...newer] = versions.map(({ version }) => version);
const floor = oldest!.split('.').slice(0, 2).join('.');
const majors = newer.map((version) => Number(version.split('.')[0]));
/** The version that runs vitest in `.ci/run`. */
const OWN = 20;
const all = [floor, ...[OWN, ...majors].sort((a, b) => a - b).map(String)];

describe('the versions of Node.js that are claimed are those that are tested', () => {
  test.each(['codec', 'nd', 'tcp', 'tunnel', 'gateway', 'simulator', 'node', 'cli'])(
    'in the manifest of %s',
    (name) => {
      const { engines } = JSON.parse(read(`packages/${name}/package.json`));
      expect(engines).toEqual({ node: `>=${floor}` });
    },
  );

  test.each(['README.md', 'packages/node/README.md', 'packages/cli/README.md'])('in %s', (path) => {
    const sentence = `Tested on Node.js ${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
    expect(read(path).replaceAll('\n', ' ')).toContain(sentence);
  });

  test('in the workflow, whose kernel job has the own one and installs the others', () => {
    const [, matrix] = /^ {8}node: \[(.*)\]$/m.exec(read('.github/workflows/ci.yml'))!;
    expect(matrix!.split(', ').map(Number)).toEqual([OWN, ...majors]);
    const kernel = read('.github/workflows/ci.yml').split(/^ {2}kernel:$/m)[1]!;
    expect(/node-version: (\d+)/.exec(kernel)?.[1]).toBe(String(OWN));
    expect(kernel).toContain('.ci/run');
    expect(read('.ci/run')).toMatch(/^for script in .*\bengines\b.*; do$/m);
    expect(read('.ci/run')).toMatch(/^export SIXBED4_REQUIRE_ENGINES=1$/m);
  });
});
