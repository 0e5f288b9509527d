import { defineConfig } from 'tsup';
import { libraryBuild } from '../../tsup.base.js';

/** The command is for bin/6bed4.js alone: one ES module without types. */
export default defineConfig({
  ...libraryBuild,
  entry: { cli: 'src/main.ts' },
  dts: false,
  platform: 'node',
  sourcemap: true,
  esbuildOptions: () => undefined,
});
