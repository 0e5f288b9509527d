import { defineConfig } from 'tsup';
import { libraryBuild } from '../../tsup.base.js';

export default defineConfig({
  ...libraryBuild,
  entry: {
    index: 'src/index.ts',
    // A thread starts from a file of its own.
    loopWorker: 'src/drivers/linux/loopWorker.ts',
  },
  dts: { entry: { index: 'src/index.ts' } },
  platform: 'node',
  sourcemap: true,
  esbuildOptions: () => undefined,
});
