import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';
import { nodeBuild } from '../../tsup.base.js';

const manifest = new URL('package.json', import.meta.url);
const dist = new URL('dist/', import.meta.url);

/**
 * The command is for bin/6bed4.js alone: ES modules without types. The second is what it loads first, the third
 * writes the man pages and completions of the built command.
 */
export default defineConfig({
  ...nodeBuild,
  entry: { cli: 'src/main.ts', prepare: 'src/process/prepare.ts', documents: 'src/documents.ts' },
  dts: false,
  async onSuccess() {
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    const { writeDocuments } = (await import(new URL('documents.js', dist).href)) as {
      writeDocuments: (folder: string, version: string) => void;
    };
    writeDocuments(fileURLToPath(dist), version);
  },
});
