/** The `@6bed4/node` that a block of a page imports is the one that lives in the world of the pages. */
export function resolve(specifier, context, next) {
  const fromBlock = context.parentURL?.includes('/docs/.blocks/') === true;
  if (specifier === '@6bed4/node' && fromBlock) {
    return { url: new URL('./node.mjs', import.meta.url).href, shortCircuit: true };
  }
  return next(specifier, context);
}
