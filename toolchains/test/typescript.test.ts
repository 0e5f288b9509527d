import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeTools, fileOf, tools } from './support/scratch.js';

const PATIENCE = 120_000;
/** As strict as a program can be, including the declarations of its packages. */
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2022',
  lib: ['es2022'],
  types: ['node'],
};

const compilers = Object.keys(tools).filter((tool) => tool.startsWith('typescript-'));
/** Of each resolution, ES modules and CommonJS: two files, or the same file by two kinds of `module`. */
const resolutions = {
  node16: { module: 'node16', files: ['consumer.mts', 'consumer.cts'] },
  nodenext: { module: 'nodenext', files: ['consumer.mts', 'consumer.cts'] },
  bundler: { module: 'esnext', files: ['consumer.ts'] },
  node10: { module: 'commonjs', files: ['consumer.ts'] },
};
type Resolution = keyof typeof resolutions;

const cases = compilers.flatMap((compiler) =>
  (Object.keys(resolutions) as Resolution[])
    // The resolution of Node.js 10 is gone since 7.
    .filter((resolution) => resolution !== 'node10' || !compiler.endsWith('-7.0'))
    .map((resolution) => [compiler, resolution] as const),
);

describeTools('types', (scratch) => {
  test.each(cases)(
    'for %s with moduleResolution %s',
    async (compiler, resolution) => {
      const { module, files } = resolutions[resolution];
      const project = `types/${compiler}-${resolution}`;
      const folder = join(scratch.folder, project);
      mkdirSync(folder);
      for (const file of files) {
        cpSync(join(scratch.folder, 'types', 'consumer.ts'), join(folder, file));
      }
      // 6 announces the end of it.
      const isOld = resolution === 'node10' && compiler.endsWith('-6.0');
      const compilerOptions = {
        ...STRICT,
        module,
        moduleResolution: resolution,
        ...(isOld ? { ignoreDeprecations: '6.0' } : {}),
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      const tsc = fileOf(compiler, compiler.endsWith('-7.0') ? 'bin/tsc' : 'lib/tsc.js');
      const { stdout } = await scratch.run(project, [tsc, '-p', '.', '--pretty', 'false']);
      expect(stdout).toBe('');
    },
    PATIENCE,
  );
});
