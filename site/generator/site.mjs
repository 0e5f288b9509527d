import { join } from 'node:path';
import {
  Converter,
  DefaultTheme,
  KindRouter,
  PageEvent,
  ReflectionKind,
  RendererEvent,
} from 'typedoc';
import { completePage } from './frame.mjs';
import { resolveLinks, sourcePath } from './links.mjs';
import { ROOT, SECTIONS } from './pages.mjs';

/** Removes the first heading of a README, which its page shows as the title of the module. */
function withoutTitle(parts, source) {
  const [first, ...others] = parts;
  const text = /^\s*# [^\n]+\n+([\s\S]*)$/.exec(first.text)?.[1];
  if (text === undefined) throw new Error(`${source} does not begin with a plain heading`);
  return [{ ...first, text }, ...others];
}

/** An entry of the navigation that either leads to a page or opens: not both, which keys cannot tell apart. */
function unfold(entry) {
  const { text, path, kind, children } = entry;
  if (children === undefined || path === undefined) return entry;
  return { text, children: [{ text: 'Overview', path, kind }, ...children.map(unfold)] };
}

/** Sets up an application of typedoc to make the site. */
export function defineSite(app, pages, programs) {
  const bySource = new Map(pages.map((page) => [page.source, page]));
  const pageOf = (reflection) => {
    const path = reflection.project.files.getReflectionPath(reflection);
    const page = path === undefined ? undefined : bySource.get(sourcePath(path));
    if (page === undefined) throw new Error(`${reflection.name} is no page`);
    return page;
  };

  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    document.name = pageOf(document).title;
  });

  app.renderer.defineRouter(
    'site',
    class extends KindRouter {
      getIdealBaseName(reflection) {
        if (reflection.kindOf(ReflectionKind.Document)) return pageOf(reflection).url;
        return `api/${super.getIdealBaseName(reflection)}`;
      }
    },
  );

  app.renderer.defineTheme(
    'site',
    class extends DefaultTheme {
      buildNavigation(project) {
        const entries = super.buildNavigation(project);
        const modules = entries.filter(({ kind }) => kind !== ReflectionKind.Document);
        const entryOf = new Map(entries.map((entry) => [entry.path, entry]));
        const sections = SECTIONS.map((text) => ({
          text,
          children: pages
            .filter(({ section }) => section === text)
            .map(({ url }) => entryOf.get(`${url}.html`)),
        }));
        const overview = {
          text: 'All packages',
          path: 'modules.html',
          kind: ReflectionKind.Module,
        };
        return [...sections, { text: 'API', children: [overview, ...modules.map(unfold)] }];
      }
    },
  );

  app.renderer.on(RendererEvent.BEGIN, ({ project, outputDirectory }) => {
    const { router } = app.renderer;
    const documents = project.documents ?? [];
    const modules = project.getChildrenByKind(ReflectionKind.Module);
    const readmeOf = (module) => `packages/${module.name.replace('@6bed4/', '')}/README.md`;
    const urls = new Map([
      ['README.md', 'index.html'],
      ['packages', 'modules.html'],
      ...modules.map((module) => [readmeOf(module), router.getFullUrl(module)]),
      ...documents.map((document) => [pageOf(document).source, router.getFullUrl(document)]),
    ]);
    const resolve = (parts, source, from) =>
      resolveLinks(parts, source, from, urls, outputDirectory);
    project.readme = resolve(project.readme, 'site/landing.md', 'index.html');
    for (const module of modules) {
      const source = readmeOf(module);
      const parts = withoutTitle(module.readme, source);
      module.readme = resolve(parts, source, router.getFullUrl(module));
    }
    for (const document of documents) {
      const { source } = pageOf(document);
      document.content = resolve(document.content, source, router.getFullUrl(document));
    }
  });

  app.renderer.on(PageEvent.END, (event) => {
    event.contents = completePage(event.contents, event.url, programs.get(event.url));
  });
}

/** Options of typedoc for the site, beyond those of typedoc.json. */
export function optionsOf(pages, out) {
  return {
    options: join(ROOT, 'typedoc.json'),
    projectDocuments: pages.map(({ source }) => join(ROOT, source)),
    readme: join(ROOT, 'site/landing.md'),
    out,
    router: 'site',
    theme: 'site',
    searchInDocuments: true,
    searchInComments: true,
    customCss: join(ROOT, 'site/client/site.css'),
    favicon: join(ROOT, 'site/client/favicon.svg'),
  };
}
