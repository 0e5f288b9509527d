import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * The options of esbuild for the page: three files in `dist`.
 * @type {import('esbuild').BuildOptions & { outdir: string }}
 */
export const options = {
  entryPoints: ['page.mjs', 'index.html', 'style.css'].map(here),
  outdir: here('dist'),
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  loader: { '.html': 'copy' },
  logLevel: 'error',
};
