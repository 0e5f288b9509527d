import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';

const source = (path: string): string =>
  fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

/**
 * Tests of one package read the sources of the others, so that a failing test points at a line of
 * TypeScript and no build has to come first. Tests of what is published import the built files.
 */
export function testConfig(name: string, overrides: ViteUserConfig['test'] = {}): ViteUserConfig {
  return {
    resolve: {
      alias: [
        ...['codec', 'nd', 'tunnel', 'simulator', 'node', 'streams'].map((name) => ({
          find: new RegExp(`^@6bed4/${name}$`),
          replacement: source(`${name}/src/index.ts`),
        })),
        {
          find: '@6bed4/tunnel/conformance',
          replacement: source('tunnel/src/conformance/index.ts'),
        },
      ],
    },
    test: {
      include: ['test/**/*.test.ts'],
      // Thousands of runs of a property take their time where others use the processor, too.
      testTimeout: 30_000,
      reporters: ['default', ['json', { outputFile: `../../reports/${name}.json` }]],
      ...overrides,
    },
  };
}
