// Builds the whole site into a folder: `node build.mjs [folder]`, by default dist.
import { readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { Application } from 'typedoc';
import { findPages, ROOT } from './generator/pages.mjs';
import { GATEWAYS } from './generator/security.mjs';
import { defineSite, optionsOf } from './generator/site.mjs';

/** Programs of single pages: the element that they live in, their script and style, and what they may connect to. */
const PROGRAMS = {
  explorer: { markup: 'site/explorer/explorer.html', script: 'site/explorer/page.mjs' },
  lab: {
    markup: 'examples/browser-lab/index.html',
    script: 'examples/browser-lab/page.mjs',
    connects: GATEWAYS,
  },
};
const MAIN = /<main[^>]*>([\s\S]*)<\/main>/;

/** The content of a page of its own that goes into a page of the site. */
function bodyOf(name) {
  const { markup } = PROGRAMS[name];
  const body = MAIN.exec(readFileSync(join(ROOT, markup), 'utf8'))?.[1];
  if (body === undefined) throw new Error(`${markup} has no <main>`);
  return `<div class="${name}">${body}</div>`;
}

async function bundle(out) {
  await build({
    absWorkingDir: ROOT,
    entryPoints: {
      site: 'site/client/site.mjs',
      ...Object.fromEntries(
        Object.entries(PROGRAMS).flatMap(([name, { script }]) => [
          [name, script],
          [`${name}-style`, script.replace('page.mjs', 'style.css')],
        ]),
      ),
    },
    outdir: out,
    bundle: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    logLevel: 'error',
  });
  for (const name of Object.keys(PROGRAMS)) {
    await rename(join(out, `${name}-style.css`), join(out, `${name}.css`));
  }
}

/**
 * Builds the site.
 *
 * @param out - the folder, which is written over
 * @throws Error for a broken link, a page without a title, or whatever typedoc finds
 */
export async function buildSite(out) {
  const { entryPoints } = JSON.parse(readFileSync(join(ROOT, 'typedoc.json'), 'utf8'));
  const pages = findPages(entryPoints.map((path) => path.replace('packages/', '')));
  const app = await Application.bootstrapWithPlugins(optionsOf(pages, out));
  const programs = new Map(
    Object.entries(PROGRAMS).map(([name, { connects }]) => [
      `${name}.html`,
      { name, body: bodyOf(name), connects },
    ]),
  );
  defineSite(app, pages, programs);
  const project = await app.convert();
  if (project === undefined) throw new Error('typedoc converted nothing');
  app.validate(project);
  await rm(out, { recursive: true, force: true });
  await app.generateDocs(project, out);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('typedoc found mistakes');
  await bundle(join(out, 'assets'));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildSite(resolve(process.argv[2] ?? join(ROOT, 'site/dist')));
}
