/** Keeps the library of foreign functions from being loaded, as on systems that it does not exist for. */
export function resolve(specifier, context, next) {
  if (specifier === 'koffi') throw new Error('koffi is not to be loaded');
  return next(specifier, context);
}
