import { defineConfig } from 'tsup';
import { libraryBuild } from '../../tsup.base.js';

export default defineConfig({
  ...libraryBuild,
  entry: {
    index: 'src/index.ts',
    // A thread starts from a file of its own.
    loopWorker: 'src/drivers/linux/loopWorker.ts',
  },
  // `import.meta.url` in CommonJS.
  shims: true,
  dts: { entry: { index: 'src/index.ts' } },
  format: ['esm', 'cjs'],
  platform: 'node',
  sourcemap: true,
  esbuildOptions: () => undefined,
});
