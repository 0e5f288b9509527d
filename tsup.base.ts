import type { Options } from 'tsup';

/** The build every package shares: ESM and CommonJS side by side, each with its own types. */
export const libraryBuild: Options = {
  entry: { index: 'src/index.ts' },
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
};
