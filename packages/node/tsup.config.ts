import { defineConfig } from 'tsup';
import { nodeLibraryBuild } from '../../tsup.base.js';

export default defineConfig(
  nodeLibraryBuild(
    { index: 'src/index.ts' },
    // A thread starts from a file of its own.
    { loopWorker: 'src/drivers/linux/loopWorker.ts' },
  ),
);
