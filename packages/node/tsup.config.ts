import { defineConfig } from 'tsup';
import { nodeBuild } from '../../tsup.base.js';

export default defineConfig({
  ...nodeBuild,
  entry: {
    index: 'src/index.ts',
    // A thread starts from a file of its own.
    loopWorker: 'src/drivers/linux/loopWorker.ts',
  },
  dts: { entry: { index: 'src/index.ts' } },
});
