import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { describeTools, fileOf, type Scratch } from './support/scratch.js';

const PATIENCE = 120_000;
/** What projects/browser/portable.mjs shows. */
const SHOWN = 'fc64:bed:c633:6401:c800:7105:9c40:c001, open to 2001:db8::2, 1 copy';
const INSTEAD =
  /^@6bed4\/node needs Node\.js: in a browser, use @6bed4\/tunnel with a driver of your own, see https:\/\/\S+\/writing-a-driver\.md$/;

/** Runs a script with what a browser has of ECMAScript, and little else; returns what it shows or the fault. */
function show(scratch: Scratch, file: string): unknown {
  const context = createContext({ TextEncoder, TextDecoder });
  try {
    runInContext(readFileSync(join(scratch.folder, file), 'utf8'), context);
    return context['shown'];
  } catch (error) {
    return (error as Error).message;
  }
}

/** A bundler: makes one classic script for a browser of a module, and returns its warnings. */
interface Bundler {
  readonly name: string;
  /** Lines of a module that has to print a JSON array of warnings; `entry` and `out` are paths of files. */
  readonly program: string;
}

const bundlers: readonly Bundler[] = [
  {
    name: 'esbuild',
    program: `import { build } from 'esbuild';
      const { warnings } = await build({
        entryPoints: [entry], outfile: out, bundle: true, platform: 'browser', logLevel: 'silent',
      });
      console.log(JSON.stringify(warnings));`,
  },
  {
    name: 'Vite',
    program: `import { basename, dirname } from 'node:path';
      import { build, createLogger } from 'vite';
      const warnings = [];
      const warn = (message) => warnings.push(message);
      const customLogger = { ...createLogger('silent'), warn, warnOnce: warn, error: warn };
      await build({
        configFile: false, customLogger,
        build: {
          outDir: dirname(out), emptyOutDir: false,
          lib: { entry, name: 'bundle', formats: ['iife'], fileName: () => basename(out) },
        },
      });
      console.log(JSON.stringify(warnings));`,
  },
  {
    name: 'webpack',
    program: `import { basename, dirname } from 'node:path';
      import { promisify } from 'node:util';
      import webpack from 'webpack';
      const { compilation } = await promisify(webpack)({
        mode: 'production', target: 'web', entry, performance: { hints: false },
        output: { path: dirname(out), filename: basename(out) },
      });
      const faults = [...compilation.errors, ...compilation.warnings];
      console.log(JSON.stringify(faults.map(({ message }) => message)));`,
  },
];

/** Rollup alone knows no CommonJS, which the portable program has a file of. */
const rollup: Bundler = {
  name: 'Rollup',
  program: `import { nodeResolve } from '@rollup/plugin-node-resolve';
    import { rollup } from 'rollup';
    const warnings = [];
    const bundle = await rollup({
      input: entry, plugins: [nodeResolve({ browser: true })],
      onwarn: ({ message }) => warnings.push(message),
    });
    await bundle.write({ file: out, format: 'iife', name: 'bundle' });
    console.log(JSON.stringify(warnings));`,
};

async function bundle(scratch: Scratch, { name, program }: Bundler, module: string) {
  const out = `out/${name}-${module}.js`;
  const paths = { entry: `browser/${module}.mjs`, out };
  const declarations = Object.entries(paths).map(
    ([name, path]) => `const ${name} = ${JSON.stringify(join(scratch.folder, path))};\n`,
  );
  const code = `${declarations.join('')}${program}`;
  const { stdout, stderr } = await scratch.run('.', ['--input-type=module', '--eval', code]);
  expect(stderr).toBe('');
  // Vite has its own to say before.
  return { warnings: JSON.parse(stdout.trimEnd().split('\n').at(-1)!), out };
}

describeTools('bundled for a browser', (scratch) => {
  test.each(bundlers.map((bundler) => [bundler.name, bundler] as const))(
    'the portable packages work, with %s',
    async (_, bundler) => {
      const { warnings, out } = await bundle(scratch, bundler, 'portable');
      expect(warnings).toEqual([]);
      expect(show(scratch, out)).toBe(SHOWN);
    },
    PATIENCE,
  );

  test.each([...bundlers, rollup].map((bundler) => [bundler.name, bundler] as const))(
    '@6bed4/node says what to use instead, with %s',
    async (_, bundler) => {
      const { warnings, out } = await bundle(scratch, bundler, 'mistake');
      expect(warnings).toEqual([]);
      expect(show(scratch, out)).toMatch(INSTEAD);
    },
    PATIENCE,
  );
});

describeTools('bundled for Node.js', (scratch) => {
  test.each([
    ['esm', 'library.mjs', 'esbuild.mjs'],
    ['cjs', 'required.cjs', 'esbuild.cjs'],
  ])(
    'esbuild makes a program that works, in the format %s',
    async (format, entry, out) => {
      const bin = fileOf('esbuild', 'bin/esbuild');
      const options = ['--bundle', '--platform=node', `--format=${format}`, '--external:koffi'];
      const argv = [bin, `hello/${entry}`, ...options, `--outfile=${out}`];
      expect((await scratch.run('.', argv)).stderr).not.toMatch(/warning/i);
      expect((await scratch.run('.', [out])).stdout).toBe('hello world, 1 copy\n');
    },
    PATIENCE,
  );

  test(
    'webpack makes a program that works, and puts the worker beside it',
    async () => {
      const code = `import { promisify } from 'node:util';
        import webpack from 'webpack';
        const { compilation } = await promisify(webpack)({
          mode: 'production', target: 'node', entry: './hello/library.mjs',
          externals: {
            koffi: 'commonjs koffi',
            bufferutil: 'commonjs bufferutil',
            'utf-8-validate': 'commonjs utf-8-validate',
          },
          optimization: { minimize: false },
          output: { path: process.cwd() + '/webpack', filename: 'main.cjs' },
        });
        const faults = [...compilation.errors, ...compilation.warnings];
        console.log(JSON.stringify({
          faults: faults.map(({ message }) => message),
          files: [...compilation.assetsInfo.keys()],
        }));`;
      const { stdout } = await scratch.run('.', ['--input-type=module', '--eval', code]);
      const { faults, files } = JSON.parse(stdout);
      expect(faults).toEqual([]);
      expect((await scratch.run('.', ['webpack/main.cjs'])).stdout).toBe('hello world, 1 copy\n');
      const worker = files.find((file: string) => file !== 'main.cjs');
      const built = createRequire(join(scratch.folder, 'x.js')).resolve('@6bed4/node');
      expect(readFileSync(join(scratch.folder, 'webpack', worker), 'utf8')).toBe(
        readFileSync(join(built, '..', 'loopWorker.js'), 'utf8'),
      );
    },
    PATIENCE,
  );
});
