import { fileURLToPath } from 'node:url';

/**
 * The options of esbuild for the page of a folder: `page.mjs`, `index.html` and `style.css` become three files in its
 * `dist`.
 *
 * @param {URL} folder
 * @returns {import('esbuild').BuildOptions & { outdir: string }}
 */
export function bundleOptions(folder) {
  const path = (name) => fileURLToPath(new URL(name, folder));
  return {
    entryPoints: ['page.mjs', 'index.html', 'style.css'].map(path),
    outdir: path('dist'),
    bundle: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    loader: { '.html': 'copy' },
    logLevel: 'error',
  };
}
