const WORLD = new Map([['@6bed4/node', './node.mjs']]);

/** The packages that a block of a page imports are those that live in the world of the pages. */
export function resolve(specifier, context, next) {
  const fromBlock = context.parentURL?.includes('/docs/.blocks/') === true;
  const file = fromBlock ? WORLD.get(specifier) : undefined;
  if (file !== undefined) {
    return { url: new URL(file, import.meta.url).href, shortCircuit: true };
  }
  return next(specifier, context);
}
